#include "wm-push/body_hint.h"

#include "shared/json_scan.h"
#include "shared/json_write.h"
#include "shared/utf8.h"
#include "wm-push/relaxed_json.h"
#include "wm-push/shell_word.h"

#include <algorithm>
#include <cstddef>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kMaxShownWords = 4;

bool is_file(const std::string &path)
{
    return path.find('/') + 1 != path.size() && path.find('\0') == std::string::npos && ::access(path.c_str(), R_OK) == 0;
}

std::string join(const std::vector<std::string> &words, std::string_view separator)
{
    std::string text;
    for (const std::string &word : words)
        text += (text.empty() ? "" : std::string(separator)) + word;
    return text;
}

std::string list_words(const std::vector<std::string> &words)
{
    std::vector<std::string> shown(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(std::min(words.size(), kMaxShownWords)));
    std::transform(shown.begin(), shown.end(), shown.begin(), shell_word);
    return join(shown, " ") + (words.size() > kMaxShownWords ? " ..." : "");
}

/// The words with -k before each.
std::string members_command(std::string_view uid, const std::vector<std::string> &words)
{
    std::string command = "wm-push " + (uid.empty() ? "--all" : shell_word(uid));
    for (const std::string &word : words)
        command += " -k " + shell_word(word);
    return command;
}

std::string text_command(std::string_view uid, std::string_view text)
{
    std::string json;
    append_json_string(json, text);
    return push_command(uid, json);
}

/// Whether every word is NAME:VALUE, which is what brace expansion leaves of {"a":1,"b":2}.
bool expanded_braces(const std::vector<std::string> &words)
{
    return std::all_of(words.begin(), words.end(), [](const std::string &word) {
        size_t colon = word.find(':');
        return colon != std::string::npos && colon > 0 && colon + 1 < word.size() && !word.starts_with('{');
    });
}

bool is_plain(std::string_view body)
{
    return !body.empty() && std::string_view("{[<\"").find(body.front()) == std::string_view::npos;
}

} // namespace

bool looks_like_body(std::string_view word)
{
    TextShape shape = scan_text(word.data(), word.size());
    bool container = shape.kind == JsonKind::kObject || shape.kind == JsonKind::kArray;
    RelaxedObject object;
    return (shape.error == ScanError::kNone && container) || read_relaxed_object(word, object);
}

bool looks_like_member(std::string_view word)
{
    size_t equals = word.find('=');
    size_t name = equals != std::string_view::npos && equals > 0 && word[equals - 1] == ':' ? equals - 1 : equals;
    return name != std::string_view::npos && name > 0 && word.find_first_of("{[<\"' ") > equals;
}

std::string explain_body(std::string_view uid, std::string_view body, const std::string &error)
{
    RelaxedObject object;
    bool relaxed = read_relaxed_object(body, object) && object.json != body; // it may be JSON that is refused for a name
    bool quotes = body.find_first_of("\"'") != std::string_view::npos || body.find("\xe2\x80") != std::string_view::npos;
    if (relaxed && !quotes)
        return "BODY arrived as " + shell_word(body) + ", without its quotes: the shell has taken them; type " +
               push_command(uid, object.json);
    if (relaxed)
        return error + "; type " + push_command(uid, object.json);
    if (body.starts_with('{') && !quotes)
        return error + "; if the shell has taken the quotes, put BODY in single quotes, as in " + push_command(uid, R"({"percent":"88%"})");
    if (!is_plain(body) || utf8_valid_prefix(body) < body.size())
        return error;
    if (looks_like_member(body))
        return error + "; for a member of an object, type " + members_command(uid, {std::string(body)});
    if (is_file(std::string(body)))
        return error + "; for what is in that file, type " + push_command(uid, "@" + std::string(body));
    return error + "; for text, type " + text_command(uid, body) + " or " + members_command(uid, {"text=" + std::string(body)});
}

std::string explain_input(std::string_view uid, std::string_view body, const std::string &error)
{
    std::string text = "standard input: " + error;
    if (!is_plain(body))
        return text;
    return text + "; for lines of text, type wm-push -l " + (uid.empty() ? "--all" : shell_word(uid));
}

std::string explain_words(std::string_view uid, const std::vector<std::string> &words)
{
    std::string arrived = "BODY arrived as " + std::to_string(words.size()) + " words, " + list_words(words);
    std::string joined = join(words, " ");
    RelaxedObject object;
    if (read_relaxed_object(joined, object))
        return arrived + ": the shell has split it; type " + push_command(uid, object.json);
    if (expanded_braces(words) && read_relaxed_object("{" + join(words, ",") + "}", object))
        return arrived + ": the shell has expanded its braces; type " + push_command(uid, object.json);
    if (std::all_of(words.begin(), words.end(), looks_like_member))
        return "unexpected words " + list_words(words) + "; for members of an object, type " + members_command(uid, words);
    if (!uid.empty() && looks_like_body(words.back())) {
        std::vector<std::string> uids(words.begin(), words.end() - 1);
        return "a push has one UID, not " + std::to_string(uids.size() + 1) + "; type for uid in " + shell_word(uid) + " " +
               list_words(uids) + R"(; do wm-push "$uid" )" + shell_word(words.back()) + "; done";
    }
    if (uid.empty() && looks_like_body(words.back()))
        return "--all takes no UID; leave out " + shell_word(words.front()) + ": type " + push_command(uid, words.back());
    if (words.front().starts_with('{') || utf8_valid_prefix(joined) < joined.size())
        return arrived + "; put BODY in single quotes, as in " + push_command(uid, R"({"percent":"88%"})");
    return arrived + "; for text, type " + text_command(uid, joined);
}

} // namespace wm
