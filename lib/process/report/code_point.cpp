#include "process/report/code_point.h"

namespace wm {

namespace {

constexpr char32_t kReplacement = 0xfffd;

/// The meaning of a first byte.
struct Lead {
    size_t len; // 0: no first byte
    unsigned bits;
    unsigned lowest, highest; // of the second byte: narrower where it could be an overlong form, a surrogate, or above U+10FFFF
};

Lead lead_of(unsigned byte)
{
    if (byte < 0x80)
        return {1, byte, 0, 0};
    if (byte < 0xc2 || byte > 0xf4)
        return {0, 0, 0, 0};
    if (byte < 0xe0)
        return {2, byte & 0x1f, 0x80, 0xbf};
    if (byte < 0xf0)
        return {3, byte & 0x0f, byte == 0xe0 ? 0xa0u : 0x80u, byte == 0xed ? 0x9fu : 0xbfu};
    return {4, byte & 0x07, byte == 0xf0 ? 0x90u : 0x80u, byte == 0xf4 ? 0x8fu : 0xbfu};
}

} // namespace

size_t code_point_at(std::string_view text, size_t at, char32_t &code)
{
    Lead lead = lead_of(static_cast<unsigned char>(text[at]));
    code = kReplacement;
    if (lead.len == 0)
        return 1;
    unsigned bits = lead.bits;
    for (size_t i = 1; i < lead.len; i++) {
        unsigned byte = at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
        if (byte < (i == 1 ? lead.lowest : 0x80) || byte > (i == 1 ? lead.highest : 0xbf))
            return i;
        bits = bits << 6 | (byte & 0x3f);
    }
    code = bits;
    return lead.len;
}

} // namespace wm
