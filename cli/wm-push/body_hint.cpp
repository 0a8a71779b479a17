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
std::string members_command(std::string_view target, const std::vector<std::string> &words)
{
    std::string command = "wm-push " + std::string(target);
    for (const std::string &word : words)
        command += " -k " + shell_word(word);
    return command;
}

std::string text_command(std::string_view target, std::string_view text)
{
    std::string json;
    append_json_string(json, text);
    return push_command(target, json);
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

bool has_quotes(std::string_view text)
{
    return text.find_first_of("\"'") != std::string_view::npos || text.find("\xe2\x80") != std::string_view::npos;
}

/// Whether a text is NAME:VALUE without the braces. Text with blanks, or a URL, is more likely meant as text.
bool looks_like_members(std::string_view text)
{
    size_t colon = text.find(':');
    if (colon == std::string_view::npos || text.starts_with('{') || text.starts_with('['))
        return false;
    return text.starts_with('"') || (text.find(' ') == std::string_view::npos && text.find("//") == std::string_view::npos);
}

/// The error for words behind a BODY.
std::string explain_more_than_body(std::string_view target, const std::vector<std::string> &words)
{
    std::vector<std::string> others(words.begin() + 1, words.end());
    if (std::all_of(others.begin(), others.end(), looks_like_body))
        return "a push has one BODY, not " + std::to_string(words.size()) + "; type " + push_command(target, words.front()) + " and " +
               push_command(target, words.back());
    return "unexpected " + list_words(others) + " behind BODY; type " + push_command(target, words.front());
}

/// The error for words before a BODY.
std::string explain_more_than_uid(std::string_view target, const std::vector<std::string> &words)
{
    std::vector<std::string> others(words.begin(), words.end() - 1);
    if (target.starts_with("--all") || target.starts_with("--group "))
        return std::string(target.substr(0, target.find(' '))) + " takes no UID; leave out " + list_words(others) + ": type " +
               push_command(target, words.back());
    std::string uids = (target.starts_with("--uid") ? "" : "--uid ") + std::string(target);
    for (const std::string &other : others)
        uids += " --uid " + shell_word(other);
    return "UID is one word; for several, type " + push_command(uids, words.back());
}

} // namespace

bool looks_like_body(std::string_view word)
{
    TextShape shape = scan_text(word.data(), word.size());
    bool container = shape.kind == JsonKind::kObject || shape.kind == JsonKind::kArray;
    RelaxedBody relaxed;
    return (shape.error == ScanError::kNone && container) || (!word.starts_with('[') && read_relaxed_body(word, relaxed));
}

bool looks_like_member(std::string_view word)
{
    size_t equals = word.find('=');
    size_t name = equals != std::string_view::npos && equals > 0 && word[equals - 1] == ':' ? equals - 1 : equals;
    return name != std::string_view::npos && name > 0 && word.find_first_of("{[<\"' ") > equals;
}

std::string explain_body(std::string_view target, std::string_view body, const std::string &error)
{
    RelaxedBody relaxed;
    if (read_relaxed_body(body, relaxed) && relaxed.json != body) { // JSON may have been refused for a name
        if (has_quotes(body) || !has_quotes(relaxed.json))
            return error + "; type " + push_command(target, relaxed.json);
        return "BODY arrived as " + shell_word(body) + ", without its quotes: the shell has taken them; type " +
               push_command(target, relaxed.json);
    }
    if ((body.starts_with('{') || body.starts_with('[')) && !has_quotes(body))
        return error + "; if the shell has taken the quotes, put BODY in single quotes, as in " +
               push_command(target, R"({"percent":"88%"})");
    if (looks_like_members(body) && read_relaxed_body("{" + std::string(body) + "}", relaxed))
        return error + "; for an object, type " + push_command(target, relaxed.json);
    if (!is_plain(body) || utf8_valid_prefix(body) < body.size())
        return error;
    if (looks_like_member(body))
        return error + "; for a member of an object, type " + members_command(target, {std::string(body)});
    if (is_file(std::string(body)))
        return error + "; for what is in that file, type " + push_command(target, "@" + std::string(body));
    return error + "; for text, type " + text_command(target, body) + " or " + members_command(target, {"text=" + std::string(body)});
}

std::string explain_input(std::string_view target, std::string_view body, const std::string &error)
{
    std::string text = "standard input: " + error;
    if (!is_plain(body))
        return text;
    return text + "; for lines of text, type wm-push -l " + std::string(target);
}

std::string explain_words(std::string_view target, const std::vector<std::string> &words)
{
    std::string arrived = "BODY arrived as " + std::to_string(words.size()) + " words, " + list_words(words);
    std::string joined = join(words, " ");
    RelaxedBody relaxed;
    if (read_relaxed_body(joined, relaxed))
        return arrived + ": the shell has split it; type " + push_command(target, relaxed.json);
    if (expanded_braces(words) && read_relaxed_body("{" + join(words, ",") + "}", relaxed))
        return arrived + ": the shell has expanded its braces; type " + push_command(target, relaxed.json);
    if (std::all_of(words.begin(), words.end(), looks_like_member))
        return "unexpected words " + list_words(words) + "; for members of an object, type " + members_command(target, words);
    if (looks_like_body(words.front()))
        return explain_more_than_body(target, words);
    if (looks_like_body(words.back()))
        return explain_more_than_uid(target, words);
    if (words.front().starts_with('{') || utf8_valid_prefix(joined) < joined.size())
        return arrived + "; put BODY in single quotes, as in " + push_command(target, R"({"percent":"88%"})");
    return arrived + "; for text, type " + text_command(target, joined);
}

} // namespace wm
