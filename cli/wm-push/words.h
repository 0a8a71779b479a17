/**
 * @file
 * The words of the command line, UID and BODY, checked against the flags that decide what they are. Any thread.
 */
#ifndef WM_PUSH_WORDS_H
#define WM_PUSH_WORDS_H

#include <optional>
#include <string>
#include <vector>

namespace wm {

struct Words {
    std::vector<std::string> words;
    std::vector<std::string> members; ///< of -k
    bool to_all = false;
    bool lines = false;
    bool no_input = false;          ///< -n
    bool typed_at_terminal = false; ///< standard input is a terminal

    size_t targets() const { return to_all ? 0 : 1; }
    bool has_body() const { return words.size() > targets(); }
    std::string uid() const { return to_all || words.empty() ? "" : words.front(); }
    std::string body() const { return has_body() ? words[targets()] : ""; }
};

struct WordError {
    std::string text;         ///< what is wrong, and what to type
    bool needs_usage = false; ///< a word is missing: the usage shows where it belongs
};

std::optional<WordError> find_word_error(const Words &given);

} // namespace wm

#endif
