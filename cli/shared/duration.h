/**
 * @file
 * Durations as the tools take them: 500ms, 2s, 1m. Any thread.
 */
#ifndef WM_CLI_DURATION_H
#define WM_CLI_DURATION_H

#include <chrono>
#include <string_view>

namespace wm {

/// What to say when a text is none.
inline constexpr const char *kDurationForm = "give a whole number and a unit, from 1ms to 24h, as in 500ms, 2s or 1m";

/// A whole number and ms, s or m; from a millisecond to a day, or 0 where `zero` is allowed. False: out is as it was.
bool parse_duration(std::string_view text, bool zero, std::chrono::milliseconds &out);

} // namespace wm

#endif
