#include "wm-push/relaxed_json.h"

#include "shared/json_scan.h"
#include "shared/json_write.h"
#include "shared/push_body.h"
#include "shared/utf8.h"

#include <algorithm>
#include <array>

namespace wm {

namespace {

constexpr size_t kMaxBytes = 256;
constexpr unsigned kMaxNesting = 16;
constexpr std::string_view kBlanks = " \t\r\n";

struct Quotes {
    std::string_view open;
    std::string_view close;
};
constexpr std::array<Quotes, 4> kQuotes{{{"\"", "\""}, {"'", "'"}, {"\xe2\x80\x9c", "\xe2\x80\x9d"}, {"\xe2\x80\x98", "\xe2\x80\x99"}}};

class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool read(RelaxedBody &out)
    {
        skip_blanks();
        bool done =
            (rest_.starts_with('{') && read_members(out.json, &out.uid, 1)) || (rest_.starts_with('[') && read_elements(out.json, 1));
        skip_blanks();
        return done && rest_.empty();
    }

private:
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size())); }

    bool take(std::string_view token)
    {
        skip_blanks();
        if (!rest_.starts_with(token))
            return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    /// Whether a container ends here: at its bracket, or at the end of the text.
    bool take_end(std::string_view bracket)
    {
        skip_blanks();
        return rest_.empty() || take(bracket);
    }

    /// Takes text in quotes; its escapes stay as they are. A quote that is never closed is taken alone: what follows is text without
    /// quotes.
    bool take_quoted(std::string &json)
    {
        for (const Quotes &quotes : kQuotes) {
            if (!take(quotes.open))
                continue;
            size_t end = rest_.find(quotes.close);
            while (end != std::string_view::npos && end > 0 && rest_[end - 1] == '\\')
                end = rest_.find(quotes.close, end + 1);
            if (end == std::string_view::npos)
                return false;
            std::string_view text = rest_.substr(0, end);
            rest_.remove_prefix(end + quotes.close.size());
            json.clear();
            if (quotes.open == "\"")
                json = '"' + std::string(text) + '"';
            else
                append_json_string(json, text);
            return true;
        }
        return false;
    }

    /// Takes text up to one of `ends`.
    std::string_view take_bare(std::string_view ends)
    {
        skip_blanks();
        std::string_view text = rest_.substr(0, rest_.find_first_of(ends));
        rest_.remove_prefix(text.size());
        return text.substr(0, text.find_last_not_of(kBlanks) + 1);
    }

    bool take_name(std::string &json)
    {
        if (take_quoted(json))
            return take(":");
        std::string_view text = take_bare(":,{}[]\"'");
        json.clear();
        append_json_string(json, text);
        return !text.empty() && take(":");
    }

    bool take_word(std::string &json)
    {
        std::string_view text = take_bare(",{}[]\"'");
        TextShape shape = scan_text(text.data(), text.size());
        json.clear();
        if (text == "True" || text == "False" || text == "None")
            json = text == "True" ? "true" : text == "False" ? "false" : "null";
        else if (shape.error == ScanError::kNone)
            json = text;
        else
            append_json_string(json, text);
        return !text.empty();
    }

    bool take_value(std::string &json, unsigned depth)
    {
        skip_blanks();
        if (depth < kMaxNesting && rest_.starts_with('{'))
            return read_members(json, nullptr, depth + 1);
        if (depth < kMaxNesting && rest_.starts_with('['))
            return read_elements(json, depth + 1);
        return take_quoted(json) || take_word(json);
    }

    /// Reads an object. With `uid`, a member of that name goes there.
    bool read_members(std::string &json, std::string *uid, unsigned depth)
    {
        json = '{';
        rest_.remove_prefix(1);
        std::string name;
        std::string value;
        while (!take_end("}")) {
            if (!take_name(name) || !take_value(value, depth))
                return false;
            take(",");
            if (uid != nullptr && name == "\"uid\"") {
                *uid = value.starts_with('"') ? value.substr(1, value.size() - 2) : value;
                continue;
            }
            json.append(json.size() > 1 ? "," : "").append(name).append(":").append(value);
        }
        json += '}';
        return true;
    }

    bool read_elements(std::string &json, unsigned depth)
    {
        json = '[';
        rest_.remove_prefix(1);
        std::string value;
        while (!take_end("]")) {
            if (!take_value(value, depth))
                return false;
            take(",");
            json.append(json.size() > 1 ? "," : "").append(value);
        }
        json += ']';
        return true;
    }

    std::string_view rest_;
};

/// Quotes that were typed as \" inside single quotes, where the shell leaves the backslash.
std::string without_backslashes(std::string text)
{
    size_t first = text.find('"');
    if (first == std::string::npos || first == 0 || text[first - 1] != '\\')
        return text;
    for (size_t at = text.find("\\\""); at != std::string::npos; at = text.find("\\\"", at))
        text.erase(at, 1);
    return text;
}

} // namespace

bool read_relaxed_body(std::string_view text, RelaxedBody &out)
{
    if (text.size() > kMaxBytes || utf8_valid_prefix(text) < text.size())
        return false;
    std::string braces;
    convert_angles(text, braces);
    std::string plain = without_backslashes(braces);
    out = RelaxedBody();
    if (!Reader(plain).read(out))
        return false;
    return scan_text(out.json.data(), out.json.size()).error == ScanError::kNone;
}

} // namespace wm
