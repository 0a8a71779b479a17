#include "wm-push/words.h"

#include "shared/json_scan.h"
#include "shared/utf8.h"
#include "wm-push/body_hint.h"
#include "wm-push/relaxed_json.h"
#include "wm-push/shell_word.h"

#include <algorithm>
#include <cstddef>
#include <unistd.h>

namespace wm {

namespace {

constexpr const char *kExampleBody = R"({"percent":"88%"})";

bool is_json(const std::string &text)
{
    return scan_text(text.data(), text.size()).error == ScanError::kNone;
}

std::string no_uid(const Words &given)
{
    const char *command = given.lines ? "wm-push -l UID" : !given.members.empty() ? "wm-push UID -k NAME=TEXT" : "wm-push UID BODY";
    std::string example = given.lines || !given.members.empty() ? "" : ", as in " + push_command("uid1", kExampleBody);
    return std::string("UID is missing; type ") + command + example + "; for every page, type --all in its place";
}

/// The error of a single word that is a BODY and no UID. A body for curl may have the uid in it.
std::string uid_missing_before(const std::string &body)
{
    RelaxedBody relaxed;
    bool known = read_relaxed_body(body, relaxed) && !relaxed.uid.empty();
    return "UID is missing before BODY " + shell_word(body) + "; type " +
           (known ? push_command(shell_word(relaxed.uid), relaxed.json) : "wm-push UID " + shell_word(body));
}

bool is_body_without_uid(const Words &given)
{
    if (given.targets() == 0 || given.words.size() != 1 || given.lines || !given.members.empty())
        return false;
    const std::string &word = given.words.front();
    bool file = word.starts_with('@') && ::access(word.c_str() + 1, R_OK) == 0;
    return word == "-" || file || looks_like_body(word);
}

/// The error in a uid or a group, "" if there is none. `what` names it.
std::string name_error(const std::string &what, const std::string &name)
{
    if (name.empty())
        return what + " is empty; it must have 1 to " + std::to_string(kMaxUidBytes) + " bytes; is a variable not set?";
    if (name.size() > kMaxUidBytes)
        return what + " has " + std::to_string(name.size()) + " bytes; it must have 1 to " + std::to_string(kMaxUidBytes);
    size_t valid = utf8_valid_prefix(name);
    if (valid < name.size())
        return what + " is not UTF-8 at byte offset " + std::to_string(valid) + "; convert it to UTF-8";
    return "";
}

/// The first error in the uids and the group.
std::string names_error(const Words &given)
{
    for (const std::string &uid : given.all_uids())
        if (std::string error = name_error("UID", uid); !error.empty())
            return error;
    if (given.except)
        if (std::string error = name_error("--except", *given.except); !error.empty())
            return error;
    if (given.latest)
        if (std::string error = name_error("--latest", *given.latest); !error.empty())
            return error;
    bool has_group = !given.choices.empty() && (given.choices[0] == "--group" || given.verb == Verb::kJoin || given.verb == Verb::kLeave);
    return has_group ? name_error("GROUP", given.group) : "";
}

/// What is wrong with the flags about pages that read too slowly, "" if nothing.
std::string slow_error(const Words &given)
{
    if (!given.latest && !given.slow)
        return "";
    std::string flag = given.latest ? "--latest" : "--slow";
    if (given.verb != Verb::kPush)
        return flag + " is about a push, and " + given.choices[0] + " pushes nothing; leave one out";
    if (given.latest && given.slow)
        return "--latest and --slow exclude each other: --latest keeps the last message of its KEY; leave one out";
    if (given.slow && *given.slow != "close" && *given.slow != "drop-oldest")
        return "--slow " + shell_word(*given.slow) + ": give close or drop-oldest; to keep the last message alone, type --latest KEY";
    return "";
}

/// The error if flags are there that do not go together, "" otherwise.
std::string choice_error(const Words &given)
{
    if (given.choices.size() > 1)
        return given.choices[0] + " and " + given.choices[1] + " exclude each other; leave one out";
    std::string choice = given.choices.empty() ? "" : given.choices[0];
    if (!given.uids.empty() && (choice == "--all" || choice == "--group"))
        return "--uid and " + choice + " exclude each other; leave one out";
    if (given.except && choice != "--group")
        return "--except goes with --group: type wm-push --group GROUP --except " + shell_word(*given.except) + " BODY";
    if ((given.code || given.reason) && choice != "--kick")
        return std::string(given.code ? "--code" : "--reason") + " goes with --kick: type wm-push --kick UID " +
               (given.code ? "--code " + shell_word(*given.code) : "--reason " + shell_word(*given.reason));
    if (given.lines && given.uids.size() > 1)
        return "-l pushes to one UID; for several, use a group: type wm-push -l --group GROUP";
    return slow_error(given);
}

/// What --code and --reason may be: RFC 6455 §7.4 and §5.5.
std::string close_error(const Words &given)
{
    if (given.code) {
        int code = given.code->size() == 4 && given.code->find_first_not_of("0123456789") == std::string::npos ? std::stoi(*given.code) : 0;
        bool allowed = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
        if (!allowed)
            return "--code " + shell_word(*given.code) + ": give a number from 1000 to 1003, 1007 to 1014 or 3000 to 4999";
    }
    if (given.reason && given.reason->size() > kMaxCloseText)
        return "--reason has " + std::to_string(given.reason->size()) + " bytes; it may have " + std::to_string(kMaxCloseText);
    if (given.reason && utf8_valid_prefix(*given.reason) < given.reason->size())
        return "--reason is not UTF-8 at byte offset " + std::to_string(utf8_valid_prefix(*given.reason)) + "; convert it to UTF-8";
    return "";
}

/// The errors of a verb that pushes nothing.
std::optional<WordError> find_verb_error(const Words &given)
{
    const std::string &verb = given.choices[0];
    std::string flag = verb + (given.verb == Verb::kJoin || given.verb == Verb::kLeave ? " GROUP" : "");
    if (given.lines || !given.members.empty())
        return WordError{verb + " and " + (given.lines ? "-l" : "-k") + " exclude each other: " + verb + " pushes nothing; leave one out"};
    if (given.all_uids().empty())
        return WordError{"UID is missing; type wm-push " + flag + " UID", true};
    for (const std::string &word : given.words)
        if (looks_like_body(word))
            return WordError{verb + " takes no BODY; leave out " + shell_word(word)};
    for (const std::string &error : {names_error(given), close_error(given)})
        if (!error.empty())
            return WordError{error};
    return std::nullopt;
}

/// `wm-push online uid1`: a verb is a flag, because a uid may have its name.
std::string word_verb_error(const Words &given)
{
    if (!given.choices.empty() || !given.uids.empty() || given.words.size() < 2 || given.lines || !given.members.empty())
        return "";
    const std::string &first = given.words[0], &second = given.words[1];
    bool is_verb = first == "online" || first == "kick" || first == "join" || first == "leave";
    bool joins = first == "join" || first == "leave";
    if (!is_verb || given.words.size() < (joins ? 3u : 2u) || is_json(second) || looks_like_body(given.words.back()) || second == "-" ||
        second.starts_with('@'))
        return "";
    std::string uid = shell_word(second);
    return "a push to the UID " + first + " has no BODY " + uid + ", which is not JSON; for the verb, type wm-push --" + first + " " +
           (joins ? shell_word(given.words[2]) + " " : "") + uid;
}

/// What to type where a word stands beside -k.
std::string describe_member(const Words &given)
{
    if (looks_like_member(given.body()))
        return "type -k " + shell_word(given.body());
    if (!looks_like_member(given.members.back()))
        return "type -k " + shell_word(given.members.back() + "=" + given.body());
    return "leave one out";
}

/// The error if more than one of BODY, -k and -l is there, "" otherwise.
std::string exclusion_error(const Words &given)
{
    std::string body = "BODY " + shell_word(given.body());
    if (given.has_body() && !given.members.empty())
        return body + " and -k exclude each other; " + describe_member(given);
    if (given.has_body() && given.lines)
        return body + " and -l exclude each other: -l reads standard input; leave one out";
    if (given.lines && !given.members.empty())
        return "-l and -k exclude each other; leave one out";
    if (given.no_input && (given.lines || given.body() == "-" || given.body() == "@-"))
        return "-n and " + (given.lines ? "-l" : given.body()) + " exclude each other: -n reads no standard input; leave one out";
    return "";
}

/// The error if BODY is missing and standard input cannot replace it, "" otherwise.
std::string missing_body_error(const Words &given)
{
    if (given.has_body() || given.lines || !given.members.empty() || (!given.typed_at_terminal && !given.no_input))
        return "";
    std::string text = "BODY is missing; type " + push_command(given.target(), kExampleBody);
    return text + (given.no_input ? "; with -n, standard input is not read in its place" : ", - to type it, or -l to type lines");
}

} // namespace

std::vector<std::string> Words::all_uids() const
{
    std::vector<std::string> all(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(std::min(targets(), words.size())));
    all.insert(all.end(), uids.begin(), uids.end());
    return all;
}

std::string Words::target() const
{
    if (!choices.empty())
        return choices[0] == "--group" ? "--group " + shell_word(group) : choices[0];
    if (uids.empty())
        return words.empty() ? "UID" : words[0].starts_with('-') ? "--uid=" + shell_word(words[0]) : shell_word(words[0]);
    std::string all;
    for (const std::string &uid : uids)
        all += std::string(all.empty() ? "" : " ") + (uid.starts_with('-') ? "--uid=" : "--uid ") + shell_word(uid);
    return all;
}

std::optional<WordError> find_word_error(const Words &given)
{
    if (std::string error = choice_error(given); !error.empty())
        return WordError{error};
    if (given.verb != Verb::kPush)
        return find_verb_error(given);
    if (std::string error = word_verb_error(given); !error.empty())
        return WordError{error};
    if (is_body_without_uid(given))
        return WordError{uid_missing_before(given.words.front()), true};
    if (given.words.size() < given.targets())
        return WordError{no_uid(given), true};
    if (given.words.size() > given.targets() + 1)
        return WordError{
            explain_words(given.target(), {given.words.begin() + static_cast<std::ptrdiff_t>(given.targets()), given.words.end()})};
    if (given.targets() == 1 && given.has_body() && looks_like_body(given.words[0]) && !is_json(given.body()))
        return WordError{"UID and BODY are swapped: UID comes first; type " + push_command(shell_word(given.body()), given.words[0])};
    if (std::string error = exclusion_error(given); !error.empty())
        return WordError{error};
    if (std::string error = names_error(given); !error.empty())
        return WordError{error};
    if (std::string error = missing_body_error(given); !error.empty())
        return WordError{error, true};
    return std::nullopt;
}

} // namespace wm
