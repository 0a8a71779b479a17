#include "wm-push/words.h"

#include "shared/json_scan.h"
#include "shared/utf8.h"
#include "wm-push/body_hint.h"
#include "wm-push/relaxed_json.h"
#include "wm-push/shell_word.h"

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
           (known ? push_command(relaxed.uid, relaxed.json) : "wm-push UID " + shell_word(body));
}

bool is_body_without_uid(const Words &given)
{
    if (given.to_all || given.words.size() != 1 || given.lines || !given.members.empty())
        return false;
    const std::string &word = given.words.front();
    bool file = word.starts_with('@') && ::access(word.c_str() + 1, R_OK) == 0;
    return word == "-" || file || looks_like_body(word);
}

/// The error in a uid, "" if there is none.
std::string uid_error(const std::string &uid)
{
    if (uid.empty())
        return "UID is empty; it must have 1 to " + std::to_string(kMaxUidBytes) + " bytes; is a variable not set?";
    if (uid.size() > kMaxUidBytes)
        return "UID has " + std::to_string(uid.size()) + " bytes; it must have 1 to " + std::to_string(kMaxUidBytes);
    size_t valid = utf8_valid_prefix(uid);
    if (valid < uid.size())
        return "UID is not UTF-8 at byte offset " + std::to_string(valid) + "; convert it to UTF-8";
    return "";
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
    std::string text = "BODY is missing; type " + push_command(given.uid(), kExampleBody);
    return text + (given.no_input ? "; with -n, standard input is not read in its place" : ", - to type it, or -l to type lines");
}

} // namespace

std::optional<WordError> find_word_error(const Words &given)
{
    if (is_body_without_uid(given))
        return WordError{uid_missing_before(given.words.front()), true};
    if (given.words.size() < given.targets())
        return WordError{no_uid(given), true};
    if (given.words.size() > given.targets() + 1)
        return WordError{
            explain_words(given.uid(), {given.words.begin() + static_cast<std::ptrdiff_t>(given.targets()), given.words.end()})};
    if (!given.to_all && given.has_body() && looks_like_body(given.uid()) && !is_json(given.body()))
        return WordError{"UID and BODY are swapped: UID comes first; type " + push_command(given.body(), given.uid())};
    if (std::string error = exclusion_error(given); !error.empty())
        return WordError{error};
    if (std::string error = uid_error(given.uid()); !given.to_all && !error.empty())
        return WordError{error};
    if (std::string error = missing_body_error(given); !error.empty())
        return WordError{error, true};
    return std::nullopt;
}

} // namespace wm
