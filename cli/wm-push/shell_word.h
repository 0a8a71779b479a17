/**
 * @file
 * Words of a command line that an error message tells the user to type. Any thread.
 */
#ifndef WM_PUSH_SHELL_WORD_H
#define WM_PUSH_SHELL_WORD_H

#include <string>
#include <string_view>

namespace wm {

/// The text as one word for sh: in single quotes unless it needs none. It is cut if it is long, and safe on a terminal.
std::string shell_word(std::string_view text);

/// wm-push UID BODY as words for sh. An empty uid stands for every page.
std::string push_command(std::string_view uid, std::string_view body);

} // namespace wm

#endif
