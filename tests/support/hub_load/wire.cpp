/**
 * @file
 * Lines, payloads and answers.
 */
#include "wire.h"

#include <charconv>

namespace hub_load {

namespace {

constexpr PushId kPlainEvery = 4;

std::string ballast(PushId id, size_t pad)
{
    size_t size = pad == 0 ? 0 : static_cast<size_t>(id * 0x9e3779b97f4a7c15U >> 32) % pad;
    return size == 0 ? std::string() : ",\"pad\":\"" + std::string(size, 'x') + "\"";
}

template <class Number> bool number_behind(std::string_view text, std::string_view name, Number &number)
{
    size_t at = text.find(name);
    if (at == std::string_view::npos)
        return false;
    text.remove_prefix(at + name.size());
    return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
}

std::string_view text_behind(std::string_view text, std::string_view name)
{
    size_t at = text.find(name);
    if (at == std::string_view::npos)
        return {};
    text.remove_prefix(at + name.size());
    return text.substr(0, text.find('"'));
}

} // namespace

std::string uid_text(uint32_t uid)
{
    return "u" + std::to_string(uid);
}

std::string line_of(PushId id, uint32_t uid, size_t pad)
{
    if (uid == kToAll)
        return R"({"wm":{"cmd":"broadcast","reply":"json"},"data":)" + payload_of(id, uid, pad) + "}";
    return payload_of(id, uid, pad);
}

std::string payload_of(PushId id, uint32_t uid, size_t pad)
{
    std::string number = "\"id\":" + std::to_string(id) + ballast(id, pad);
    if (uid == kToAll)
        return "{" + number + "}";
    return "{\"uid\":\"" + uid_text(uid) + "\"," + number + (id % kPlainEvery == 0 ? "}" : R"(,"wm":{"reply":"json"}})");
}

bool find_id(std::string_view payload, PushId &id)
{
    return number_behind(payload, "\"id\":", id);
}

bool parse_answer(std::string_view line, Answer &answer)
{
    answer = {};
    answer.ok = line == "ok" || line.starts_with("ok {");
    if (!answer.ok && line != "fail" && !line.starts_with("fail {"))
        return false;
    answer.partial = line.find("\"partial\":true") != std::string_view::npos;
    if (answer.ok)
        answer.exact = number_behind(line, "\"connections\":", answer.connections) && !answer.partial;
    answer.why = line == "fail" ? "plain" : text_behind(line, "\"why\":\"");
    answer.detail = text_behind(line, "\"detail\":\"");
    return true;
}

} // namespace hub_load
