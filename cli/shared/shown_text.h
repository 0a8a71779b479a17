/**
 * @file
 * Text of unknown origin in the messages of the tools. Any thread.
 */
#ifndef WM_CLI_SHOWN_TEXT_H
#define WM_CLI_SHOWN_TEXT_H

#include <cstddef>
#include <string>
#include <string_view>

namespace wm {

/// The first characters of a text, safe to print on a terminal: ? for control characters and for bytes that are not UTF-8.
std::string shown_text(std::string_view text, size_t characters);

} // namespace wm

#endif
