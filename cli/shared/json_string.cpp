#include "shared/json_string.h"

#include "shared/utf8.h"

#include <cstdint>
#include <cstring>

namespace wm {

namespace {

unsigned hex_value(char c)
{
    return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/// The code unit of an escape \uXXXX; p is at its backslash.
uint32_t code_unit(const char *p)
{
    return hex_value(p[2]) << 12 | hex_value(p[3]) << 8 | hex_value(p[4]) << 4 | hex_value(p[5]);
}

/// The character of a one-letter escape.
char escaped_character(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; // the quote, the backslash and the slash
    }
}

/// Decodes the escape at p in [p, end), which the reader has checked, into `out` (at least four bytes) and moves p past it. Returns the
/// number of bytes written, 0 for an unpaired surrogate.
size_t decode_escape(const char *&p, const char *end, char *out)
{
    if (p[1] != 'u') {
        *out = escaped_character(p[1]);
        p += 2;
        return 1;
    }
    uint32_t code = code_unit(p);
    p += 6;
    if (code >= 0xd800 && code < 0xe000) {
        bool pair = code < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u';
        uint32_t low = pair ? code_unit(p) : 0;
        if (low < 0xdc00 || low >= 0xe000)
            return 0;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
    }
    return utf8_encode(code, out);
}

} // namespace

DecodedString decode_json_string(const char *p, size_t len, char *out, size_t cap)
{
    const char *end = p + len;
    size_t used = 0;
    while (p < end) {
        char bytes[4] = {*p};
        size_t count = 1;
        if (*p == '\\') {
            count = decode_escape(p, end, bytes);
            if (count == 0)
                return {ScanError::kUidSurrogate, 0};
        } else {
            p++;
        }
        if (cap - used < count)
            return {ScanError::kUidLong, 0};
        std::memcpy(out + used, bytes, count);
        used += count;
    }
    return {ScanError::kNone, used};
}

ScanError read_json_string(std::string_view string, char *out, size_t cap, std::string_view &text)
{
    text = string;
    if (string.find('\\') == std::string_view::npos)
        return string.size() > cap ? ScanError::kUidLong : ScanError::kNone;
    DecodedString decoded = decode_json_string(string.data(), string.size(), out, cap);
    text = {out, decoded.len};
    return decoded.error;
}

} // namespace wm
