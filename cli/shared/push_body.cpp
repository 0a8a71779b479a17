#include "shared/push_body.h"

#include "shared/json_scan.h"
#include "shared/json_write.h"
#include "shared/printable.h"
#include "shared/utf8.h"

#include <algorithm>
#include <utility>

namespace wm {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

constexpr size_t kExcerpt = 16; // characters

std::string describe_position(std::string_view text, size_t offset)
{
    if (offset >= text.size())
        return "at its end (byte offset " + std::to_string(offset) + ")";
    return "at byte offset " + std::to_string(offset) + " (" +
           printable_as_typed(text.substr(offset, text.find_last_not_of(kBlanks) + 1 - offset), kExcerpt) + ")";
}

/// The error message for a body that is not JSON.
std::string describe(std::string_view body, const TextShape &shape, bool angles)
{
    if (shape.error == ScanError::kEmpty)
        return "the body is empty; give a JSON value, for instance '{\"percent\":\"88%\"}'";
    std::string text = "the body is not JSON: " + describe_position(body, shape.offset) + ": " + scan_error_text(shape.error);
    if (angles)
        text += "; in a body between < and >, every < and > outside strings means { and }";
    return text;
}

/// Replaces line breaks by spaces: valid JSON has raw line breaks only between tokens, where a space is equivalent.
void append_on_one_line(std::string &out, std::string_view value)
{
    size_t start = out.size();
    out += value;
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

bool check_size(const std::string &line, std::string &error)
{
    if (line.size() <= kMaxPushBytes)
        return true;
    error = "the push would have " + std::to_string(line.size()) + " bytes, the server accepts at most " + std::to_string(kMaxPushBytes) +
            "; push less, or a link to it";
    return false;
}

} // namespace

bool convert_angles(std::string_view body, std::string &out)
{
    out = body;
    size_t first = body.find_first_not_of(kBlanks);
    size_t last = body.find_last_not_of(kBlanks);
    if (first == std::string_view::npos || first == last || body[first] != '<' || body[last] != '>')
        return false;
    bool in_string = false;
    for (size_t i = first; i <= last; i++) {
        char &c = out[i];
        if (c == '"')
            in_string = !in_string;
        else if (c == '\\' && in_string)
            i++; // an escaped quote does not end the string
        else if (!in_string && (c == '<' || c == '>'))
            c = c == '<' ? '{' : '}';
    }
    return true;
}

PushBody::Slow PushBody::latest_of(std::string_view key)
{
    Slow slow = ",\"key\":";
    append_json_string(slow, key);
    return slow;
}

PushBody PushBody::to_uid(std::string_view uid, const Slow &slow)
{
    std::string member = "\"uid\":";
    append_json_string(member, uid);
    PushBody body(member, true);
    if (!slow.empty())
        body.outer_ = R"({"wm":{"cmd":"push",)" + member + slow + R"(},"data":)";
    return body;
}

PushBody PushBody::to_group(std::string_view group, std::string_view except, const Slow &slow)
{
    std::string member = R"("wm":{"cmd":"push","group":)";
    append_json_string(member, group);
    if (!except.empty()) {
        member += ",\"except\":";
        append_json_string(member, except);
    }
    return {member + slow + "}", false};
}

PushBody PushBody::to_all(const Slow &slow)
{
    return {R"("wm":{"cmd":"broadcast")" + slow + "}", false};
}

bool PushBody::build(std::string_view body, std::string &line, std::string &error) const
{
    std::string braces;
    bool angles = convert_angles(body, braces);
    return build_value(braces, angles, line, error);
}

bool PushBody::build_value(std::string_view body, bool angles, std::string &line, std::string &error) const
{
    TextShape shape = scan_text(body.data(), body.size());
    if (shape.error != ScanError::kNone) {
        error = describe(body, shape, angles);
        return false;
    }
    std::string_view value = body.substr(shape.start, shape.len);
    if (!is_uid_ || shape.kind != JsonKind::kObject)
        return wrap_value(value, line, error);
    if (shape.has_uid || shape.has_wm) {
        error =
            std::string("the body has ") + (shape.has_uid ? "\"uid\"" : "\"wm\"") + " at byte offset " + std::to_string(shape.name_offset);
        error += shape.has_uid ? ", which wm-push adds; remove it from the body" : ", which is reserved; use another name";
        return false;
    }
    return splice_uid(value, shape.empty_object, line, error);
}

bool PushBody::splice_uid(std::string_view object, bool empty, std::string &line, std::string &error) const
{
    line = '{';
    line += target_;
    if (!empty)
        line += ',';
    append_on_one_line(line, object.substr(1));
    return outer_.empty() ? check_size(line, error) : wrap_line(line, error);
}

bool PushBody::wrap_value(std::string_view value, std::string &line, std::string &error) const
{
    line = '{';
    line += target_;
    line += ",\"data\":";
    append_on_one_line(line, value);
    line += '}';
    return wrap_line(line, error);
}

/// Makes what the pages get the line that says so. A value is nested deeper now, and may exceed kMaxDepth.
bool PushBody::wrap_line(std::string &line, std::string &error) const
{
    if (!outer_.empty())
        line = outer_ + line + '}';
    PushLine read;
    scan_push_line(line.data(), line.size(), read);
    if (read.error != ScanError::kNone) {
        error = std::string("the body cannot be pushed: ") + read.reason();
        return false;
    }
    return check_size(line, error);
}

bool PushBody::build_from_text(std::string_view text, std::string &line, std::string &error) const
{
    size_t first = text.find_first_not_of(kBlanks);
    if (first != std::string_view::npos && (text[first] == '{' || text[first] == '<')) {
        std::string braces;
        bool angles = convert_angles(text, braces);
        TextShape shape = scan_text(braces.data(), braces.size());
        if (shape.error == ScanError::kNone && shape.kind == JsonKind::kObject)
            return build_value(braces, angles, line, error);
    }
    size_t valid = utf8_valid_prefix(text);
    if (valid < text.size()) {
        error = "the line is not UTF-8 " + describe_position(text, valid) +
                "; convert the input, for instance with iconv -f ISO-8859-1 -t UTF-8";
        return false;
    }
    line = '{';
    line += target_;
    line += is_uid_ ? ",\"line\":" : R"(,"data":{"line":)";
    append_json_string(line, text);
    line += is_uid_ ? "}" : "}}";
    return wrap_line(line, error);
}

} // namespace wm
