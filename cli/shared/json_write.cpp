#include "shared/json_write.h"

#include "shared/string_stop.h"

#include <cjson/cJSON.h>
#include <new>

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
    StringStops stops(begin, end);
    out += '"';
    for (const char *p = begin; p < end; p++) {
        const char *stop = stops.find(p);
        out.append(p, stop);
        p = stop;
        if (p == end)
            break;
        append_escaped(out, *p);
    }
    out += '"';
}

JsonObject::JsonObject() : object_(cJSON_CreateObject())
{
    check(object_);
}

JsonObject::~JsonObject()
{
    cJSON_Delete(object_);
}

JsonObject &JsonObject::check(const cJSON *added)
{
    if (!added)
        throw std::bad_alloc();
    return *this;
}

JsonObject &JsonObject::add(const char *name, std::string_view text)
{
    return check(cJSON_AddStringToObject(object_, name, std::string(text).c_str()));
}

JsonObject &JsonObject::add(const char *name, uint64_t number)
{
    return check(cJSON_AddNumberToObject(object_, name, static_cast<double>(number)));
}

JsonObject &JsonObject::add_json(const char *name, const std::string &json)
{
    return check(cJSON_AddRawToObject(object_, name, json.c_str()));
}

std::string JsonObject::text() const
{
    char *printed = cJSON_PrintUnformatted(object_);
    if (!printed)
        throw std::bad_alloc();
    std::string text(printed);
    cJSON_free(printed);
    return text;
}

} // namespace wm
