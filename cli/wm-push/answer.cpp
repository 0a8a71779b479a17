#include "wm-push/answer.h"

#include "shared/json_reader.h"
#include "shared/json_string.h"
#include "shared/printable.h"

#include <charconv>
#include <string>

namespace wm {

namespace {

std::string text_of(const JsonValue &value)
{
    std::string text(value.len, '\0');
    if (value.kind != JsonKind::kString)
        return "";
    DecodedString decoded = decode_json_string(value.data + 1, value.len - 2, text.data(), text.size());
    text.resize(decoded.error == ScanError::kNone ? decoded.len : 0);
    return text;
}

void take_member(const JsonMember &member, Outcome &outcome)
{
    std::string_view name(member.name, member.name_len);
    const JsonValue &value = member.value;
    uint64_t number = 0;
    if (name == "connections" && std::from_chars(value.data, value.data + value.len, number).ec == std::errc())
        outcome.connections = number;
    else if (name == "partial")
        outcome.partial = std::string_view(value.data, value.len) == "true";
    else if (name == "detail")
        outcome.reason = printable(text_of(value), 500);
    else if (name == "why" && text_of(value) == "unknown")
        outcome.result = PushResult::kUnknown;
    else if (name == "why" && text_of(value) == "offline")
        outcome.is_offline = true;
}

} // namespace

std::optional<Outcome> read_answer(std::string_view line)
{
    size_t end = line.find(' ');
    std::string_view word = line.substr(0, end);
    if (word != "ok" && word != "fail")
        return std::nullopt;
    Outcome outcome;
    outcome.result = word == "ok" ? PushResult::kOk : PushResult::kFail;
    if (end == std::string_view::npos)
        return outcome;
    Outcome read = outcome;
    JsonReader<JsonBounds::kChecked> reader(line.data() + end, line.size() - end);
    bool is_object = reader.read_object([&](const JsonMember &member) { take_member(member, read); }) && reader.at_end();
    return is_object ? read : outcome;
}

} // namespace wm
