/**
 * @file
 * The words and flags of the command line, checked against each other: what is asked for, of whom, and which words are UIDs. Any thread.
 */
#ifndef WM_PUSH_WORDS_H
#define WM_PUSH_WORDS_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wm {

/// What is asked of the server.
enum class Verb : uint8_t { kPush, kOnline, kKick, kJoin, kLeave };

struct Words {
    std::vector<std::string> words;
    std::vector<std::string> members;  ///< of -k
    std::vector<std::string> uids;     ///< of --uid
    std::vector<std::string> choices;  ///< those given of --all, --group, --online, --kick, --join, --leave: at most one is right
    Verb verb = Verb::kPush;           ///< of the last of them
    std::string group;                 ///< of --group, --join or --leave
    std::optional<std::string> except; ///< of --except, as the next four
    std::optional<std::string> code;
    std::optional<std::string> reason;
    std::optional<std::string> latest;
    std::optional<std::string> slow;
    bool lines = false;
    bool no_input = false;          ///< -n
    bool typed_at_terminal = false; ///< standard input is a terminal

    /// How many of the words are UIDs.
    size_t targets() const { return verb != Verb::kPush ? words.size() : choices.empty() && uids.empty() ? 1 : 0; }
    bool has_body() const { return words.size() > targets(); }
    std::string body() const { return has_body() ? words[targets()] : ""; }
    /// Those of the words and of --uid.
    std::vector<std::string> all_uids() const;
    /// To whom a push goes, as words for sh: a UID, --uid UID, --group GROUP or --all.
    std::string target() const;
};

struct WordError {
    std::string text;         ///< what is wrong, and what to type
    bool needs_usage = false; ///< a word is missing: the usage shows where it belongs
};

std::optional<WordError> find_word_error(const Words &given);

} // namespace wm

#endif
