#include "proto/http/media_type.h"

#include "proto/ascii.h"
#include "proto/http/scan.h"

namespace wm::http {

namespace {

/// Bytes of the type and subtype that the value begins with; 0: it begins with none.
size_t type_size(std::string_view value)
{
    const char *end = value.data() + value.size();
    const char *slash = skip_token(value.data(), end);
    if (slash == value.data() || slash == end || *slash != '/')
        return 0;
    const char *stop = skip_token(slash + 1, end);
    return stop == slash + 1 ? 0 : static_cast<size_t>(stop - value.data());
}

} // namespace

MediaType::MediaType(std::string_view value) : type_(value.substr(0, type_size(value))), parameters_(value.substr(type_.size()))
{
    if (type_.empty())
        wrong_ = "RFC 9110 §8.3.1: a media type must be type/subtype, as in text/html";
}

bool MediaType::next(Pair &out)
{
    if (wrong_)
        return false;
    if (type_.empty())
        return parameters_.next(out);
    out = {type_, {}};
    type_ = {};
    return true;
}

char *MediaType::decode_name(char *out, std::string_view raw)
{
    for (char c : raw)
        *out++ = ascii::lower(c);
    return out;
}

} // namespace wm::http
