#include "proto/http/fields.h"

#include "proto/ascii.h"

namespace wm::http {

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
