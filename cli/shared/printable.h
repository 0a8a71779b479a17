/**
 * @file
 * Text of a peer or a user for a log line or an error message. Any thread.
 */
#ifndef WM_CLI_PRINTABLE_H
#define WM_CLI_PRINTABLE_H

#include <cstddef>
#include <string>
#include <string_view>

namespace wm {

/// The first characters of a text, on one line and without effect on a terminal: control characters and bytes that are not UTF-8 become
/// \xNN, a backslash \\. A text that is cut ends with "...".
std::string printable(std::string_view text, size_t characters = 64);

/// The same for text that a user has typed: a backslash stays one.
std::string printable_as_typed(std::string_view text, size_t characters = 300);

} // namespace wm

#endif
