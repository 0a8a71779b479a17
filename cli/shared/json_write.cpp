#include "shared/json_write.h"

#include "shared/string_stop.h"

namespace wm {

namespace {

void append_escaped(std::string &out, char c)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    switch (c) {
    case '"':
    case '\\':
        out += '\\';
        out += c;
        return;
    case '\b':
        out += "\\b";
        return;
    case '\f':
        out += "\\f";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        break;
    }
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20) {
        out += c; // a part of a character outside ASCII
        return;
    }
    out += "\\u00";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
}

} // namespace

void append_json_string(std::string &out, std::string_view text)
{
    const char *begin = text.data();
    const char *end = begin + text.size();
    out += '"';
    for (const char *p = begin; p < end; p++) {
        const char *stop = find_string_stop(begin, p, end);
        out.append(p, stop);
        p = stop;
        if (p == end)
            break;
        append_escaped(out, *p);
    }
    out += '"';
}

void JsonObject::begin_member(std::string_view name)
{
    members_ += members_.empty() ? '{' : ',';
    append_json_string(members_, name);
    members_ += ':';
}

JsonObject &JsonObject::add(std::string_view name, std::string_view text)
{
    begin_member(name);
    append_json_string(members_, text);
    return *this;
}

JsonObject &JsonObject::add(std::string_view name, uint64_t number)
{
    return add_json(name, std::to_string(number));
}

JsonObject &JsonObject::add_json(std::string_view name, std::string_view json)
{
    begin_member(name);
    members_ += json;
    return *this;
}

} // namespace wm
