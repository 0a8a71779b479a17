/**
 * @file
 * Durations on the command lines of the tools: 500ms, 2s, 1m, 1h. Any thread.
 */
#ifndef WM_CLI_DURATION_H
#define WM_CLI_DURATION_H

#include <chrono>
#include <string>
#include <string_view>

namespace wm {

/// Parses a whole number followed by ms, s, m or h: 1 ms to 24 h, or 0 where `zero` is allowed. On false, `out` is unchanged.
bool parse_duration(std::string_view text, bool zero, std::chrono::milliseconds &out);

/// Why parse_duration has refused a text, and what to write: an error message without the option's name.
std::string duration_error(std::string_view text);

} // namespace wm

#endif
