#include "proto/http/disposition.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"
#include "proto/http/parameters.h"
#include "proto/http/percent.h"
#include "proto/http/scan.h"
#include "proto/utf8.h"

#include <cstring>

namespace wm::http {

namespace {

constexpr std::string_view kUtf8 = "utf-8'";

/// The percent-encoded part of an extended value, UTF-8'language'text (RFC 8187 §3.2.1); nullptr: it is none.
std::string_view extended_text(std::string_view value)
{
    if (!ascii::equal_fold(value.substr(0, kUtf8.size()), kUtf8))
        return {};
    size_t quote = value.find('\'', kUtf8.size());
    return quote == std::string_view::npos ? std::string_view() : value.substr(quote + 1);
}

/// Whether an extended value can be decoded, to UTF-8 without control characters.
bool is_extended(std::string_view value)
{
    std::string_view text = extended_text(value);
    Utf8 utf8;
    for (size_t at = 0; at < text.size(); at++) {
        int octet = text[at] == '%' ? percent_octet(text, at) : static_cast<unsigned char>(text[at]);
        if (octet < ' ' || octet == 0x7f)
            return false;
        char c = static_cast<char>(octet);
        if (!utf8.feed(&c, 1))
            return false;
        at += text[at] == '%' ? 2 : 0;
    }
    return text.data() && utf8.complete();
}

/// Finds the parameter's place in the part's head; nullptr for the parameters that have none.
std::string_view *place_of(std::string_view name, PartHead &head)
{
    if (ascii::equal_fold(name, "name"))
        return &head.name;
    if (ascii::equal_fold(name, "filename"))
        return &head.filename;
    return ascii::equal_fold(name, "filename*") ? &head.filename_ext : nullptr;
}

const char *read_disposition(std::string_view value, PartHead &out)
{
    const char *end = skip_token(value.data(), value.data() + value.size());
    size_t size = static_cast<size_t>(end - value.data());
    if (!ascii::equal_fold(value.substr(0, size), "form-data"))
        return "RFC 7578 §4.2: the Content-Disposition of a part must be form-data";
    Parameters parameters(value.substr(size));
    for (Pair pair; parameters.next(pair);) {
        std::string_view *place = place_of(pair.name, out);
        if (place && place->data())
            return "RFC 7578 §4.2: a part must have one name, and one filename at most";
        if (place)
            *place = pair.value;
    }
    if (parameters.wrong())
        return parameters.wrong();
    if (!out.name.data())
        return "RFC 7578 §4.2: the Content-Disposition of a part must have a name";
    if (out.filename_ext.data() && !is_extended(out.filename_ext))
        return "RFC 8187 §3.2.1: filename* must be UTF-8'language'name, percent-encoded UTF-8 without control characters";
    return nullptr;
}

/// A quoted string as clients write it, who differ from RFC 9110 §5.6.4.
char *decode_quoted(char *out, std::string_view raw)
{
    if (!is_quoted(raw))
        return decode_parameter(out, raw);
    std::string_view text = raw.substr(1, raw.size() - 2);
    for (size_t at = 0; at < text.size(); at++) {
        bool pair = text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
        bool quote = text[at] == '%' && percent_octet(text, at) == '"';
        at += pair ? 1 : 0;
        *out++ = quote ? '"' : text[at];
        at += quote ? 2 : 0;
    }
    return out;
}

} // namespace

const char *read_part_head(std::string_view fields, PartHead &out)
{
    out = {};
    out.fields = fields;
    std::string_view disposition;
    std::string_view name;
    std::string_view value;
    for (size_t cursor = 0; field_at(fields, cursor, name, value);) {
        bool is_type = ascii::equal_fold(name, "content-type");
        if (!is_type && !ascii::equal_fold(name, "content-disposition"))
            continue;
        std::string_view &place = is_type ? out.type : disposition;
        if (place.data())
            return "RFC 7578 §4.2: a part must have one Content-Disposition, and one Content-Type at most";
        place = value;
    }
    if (!disposition.data())
        return "RFC 7578 §4.2: a part must have a Content-Disposition";
    return read_disposition(disposition, out);
}

char *decode_part_name(char *out, const PartHead &part)
{
    return decode_quoted(out, part.name);
}

char *decode_part_filename(char *out, const PartHead &part)
{
    if (part.filename_ext.data())
        return decode_path(out, extended_text(part.filename_ext));
    return part.filename.data() ? decode_quoted(out, part.filename) : out;
}

} // namespace wm::http
