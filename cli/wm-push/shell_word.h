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

/// wm-push TARGET BODY as words for sh. The target is one already: a UID, --uid UID, --group GROUP or --all.
std::string push_command(std::string_view target, std::string_view body);

} // namespace wm

#endif
