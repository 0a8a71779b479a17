#include "proto/http/fields.h"

#include "proto/ascii.h"
#include "proto/http/scan.h"

namespace wm::http {

const char *check_field(const char *&at, const char *end, std::string_view &name, std::string_view &value)
{
    const char *colon = skip_token(at, end);
    if (colon == at || colon == end || *colon != ':')
        return "a header line must be \"Name: value\", the name a token (RFC 9110 §5.1)";
    const char *stop = skip_value(colon + 1, end);
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
        return "a header line must end with CRLF and have no other control character (RFC 9110 §5.5)";
    name = {at, static_cast<size_t>(colon - at)};
    value = ascii::trim({colon + 1, static_cast<size_t>(stop - colon - 1)});
    at = stop + 2;
    return nullptr;
}

bool field_at(std::string_view fields, size_t &cursor, std::string_view &name, std::string_view &value)
{
    if (cursor >= fields.size())
        return false;
    std::string_view rest = fields.substr(cursor);
    size_t line = rest.find('\r');
    size_t colon = rest.find(':');
    name = rest.substr(0, colon);
    value = ascii::trim(rest.substr(colon + 1, line - colon - 1));
    cursor += line + 2;
    return true;
}

bool find_field(std::string_view fields, std::string_view name, std::string_view &value)
{
    // Names are compared only where the colon stands right behind a name of that length.
    for (size_t at = 0; at < fields.size();) {
        size_t line = fields.find('\r', at);
        if (line - at > name.size() && fields[at + name.size()] == ':' && ascii::equal_fold(fields.substr(at, name.size()), name) &&
            name.find(':') == std::string_view::npos) {
            size_t begin = at + name.size() + 1;
            value = ascii::trim(fields.substr(begin, line - begin));
            return true;
        }
        at = line + 2;
    }
    return false;
}

bool only_field(std::string_view fields, std::string_view name, std::string_view &value)
{
    size_t cursor = 0;
    int found = 0;
    std::string_view field, content;
    while (field_at(fields, cursor, field, content)) {
        if (ascii::equal_fold(field, name)) {
            value = content;
            found++;
        }
    }
    return found == 1;
}

bool any_has_token(std::string_view fields, std::string_view name, std::string_view token)
{
    size_t cursor = 0;
    std::string_view field, value;
    while (field_at(fields, cursor, field, value))
        if (ascii::equal_fold(field, name) && list_has_token(value, token))
            return true;
    return false;
}

bool list_has_token(std::string_view value, std::string_view token)
{
    for (;;) {
        size_t comma = value.find(',');
        if (ascii::equal_fold(ascii::trim(value.substr(0, comma)), token))
            return true;
        if (comma == std::string_view::npos)
            return false;
        value.remove_prefix(comma + 1);
    }
}

} // namespace wm::http
