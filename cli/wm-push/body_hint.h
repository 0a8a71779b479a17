/**
 * @file
 * What to type instead of a BODY that cannot be pushed. Any thread.
 */
#ifndef WM_PUSH_BODY_HINT_H
#define WM_PUSH_BODY_HINT_H

#include <string>
#include <string_view>
#include <vector>

namespace wm {

/// The error message for the BODY of the command line that PushBody has refused with `error`: what arrived, and the command that the user
/// may have meant. The target is in words for sh, as in push_command.
std::string explain_body(std::string_view target, std::string_view body, const std::string &error);

/// The same for a body on standard input.
std::string explain_input(std::string_view target, std::string_view body, const std::string &error);

/// The same for a BODY that the shell has made several words of, or for more UIDs than one: `words` are those behind it.
std::string explain_words(std::string_view target, const std::vector<std::string> &words);

/// Whether a word is a JSON object or array, or one whose quotes the shell has taken: it is no UID.
bool looks_like_body(std::string_view word);

/// Whether a word has the form of a value of -k: NAME=TEXT or NAME:=JSON.
bool looks_like_member(std::string_view word);

} // namespace wm

#endif
