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

/// What a flag takes.
struct DurationRange {
    std::chrono::milliseconds least = std::chrono::milliseconds(1);
    std::chrono::milliseconds most = std::chrono::hours(24); ///< 24 h is the most that any flag takes
    bool zero = false;                                       ///< 0 is one, too
};

/// Parses a whole number followed by ms, s, m or h. On false, `out` is unchanged.
bool parse_duration(std::string_view text, const DurationRange &range, std::chrono::milliseconds &out);

/// A duration as it is written: in the largest unit that leaves a whole number.
std::string duration_text(std::chrono::milliseconds duration);

/// Why parse_duration has refused a text, and what to write: an error message without the option's name.
std::string duration_error(std::string_view text, const DurationRange &range);

} // namespace wm

#endif
