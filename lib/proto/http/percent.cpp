#include "proto/http/percent.h"

#include "proto/ascii.h"

namespace wm::http {

int percent_octet(std::string_view text, size_t at)
{
    if (text.size() - at < 3 || text[at] != '%' || !ascii::is(text[at + 1], ascii::kHex) || !ascii::is(text[at + 2], ascii::kHex))
        return -1;
    return static_cast<int>(ascii::hex_value(text[at + 1]) * 16 + ascii::hex_value(text[at + 2]));
}

char *decode_form_text(char *out, std::string_view text)
{
    for (size_t at = 0; at < text.size(); at++) {
        int octet = percent_octet(text, at);
        if (octet >= 0)
            at += 2;
        *out++ = octet >= 0 ? static_cast<char>(octet) : text[at] == '+' ? ' ' : text[at];
    }
    return out;
}

char *decode_path(char *out, std::string_view text)
{
    for (size_t at = 0; at < text.size(); at++) {
        int octet = text[at] == '%' ? percent_octet(text, at) : static_cast<unsigned char>(text[at]);
        if (octet <= 0)
            return nullptr;
        if (text[at] == '%')
            at += 2;
        *out++ = static_cast<char>(octet);
    }
    return out;
}

} // namespace wm::http
