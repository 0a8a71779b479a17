#include "proto/utf8.h"

#include <cstdint>
#include <cstring>

namespace wm {

namespace {

constexpr uint64_t kHighBits = 0x8080808080808080u;

bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/// The length of the well-formed sequence at p (RFC 3629 §4), 0 when there is none.
size_t sequence(const unsigned char *p, size_t left)
{
    unsigned char lead = p[0];
    if (lead >= 0xC2 && lead <= 0xDF)
        return left >= 2 && is_continuation(p[1]) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (left < 3 || !is_continuation(p[1]) || !is_continuation(p[2]))
            return 0;
        bool overlong = lead == 0xE0 && p[1] < 0xA0;
        bool surrogate = lead == 0xED && p[1] > 0x9F;
        return overlong || surrogate ? 0 : 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (left < 4 || !is_continuation(p[1]) || !is_continuation(p[2]) || !is_continuation(p[3]))
            return 0;
        bool overlong = lead == 0xF0 && p[1] < 0x90;
        bool beyond = lead == 0xF4 && p[1] > 0x8F;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

/// The first octet of [p, end) that begins no whole well-formed sequence, or end.
inline const unsigned char *skip_sequences(const unsigned char *p, const unsigned char *end)
{
    while (p < end) {
        // Most text is ASCII: four words are tested at once, then one.
        while (end - p >= 32) {
            uint64_t words[4];
            memcpy(words, p, sizeof words);
            if ((words[0] | words[1] | words[2] | words[3]) & kHighBits)
                break;
            p += 32;
        }
        while (end - p >= 8) {
            uint64_t word;
            memcpy(&word, p, 8);
            if (word & kHighBits)
                break;
            p += 8;
        }
        while (p < end && *p < 0x80)
            p++;
        while (p < end && *p >= 0x80) {
            size_t size = sequence(p, static_cast<size_t>(end - p));
            if (size == 0)
                return p;
            p += size;
        }
    }
    return end;
}

/// The bytes at p that begin a well-formed sequence, which continues otherwise: at least one.
size_t maximal_subpart(const unsigned char *p, size_t left)
{
    for (size_t len = left < 3 ? left : 3; len > 1; len--) {
        unsigned char continued[4] = {p[0], 0x80, 0x80, 0x80};
        memcpy(continued, p, len);
        if (sequence(continued, sizeof continued) > len)
            return len;
    }
    return 1;
}

} // namespace

size_t code_point_at(std::string_view text, size_t at, char32_t &code)
{
    const unsigned char *p = reinterpret_cast<const unsigned char *>(text.data()) + at;
    size_t left = text.size() - at;
    if (p[0] < 0x80) {
        code = p[0];
        return 1;
    }
    size_t len = sequence(p, left);
    if (len == 0) {
        code = 0xFFFD;
        return maximal_subpart(p, left);
    }
    code = p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (p[i] & 0x3Fu);
    return len;
}

/// RFC 3629 §4, an octet at a time.
Utf8::Next Utf8::after(Next next, unsigned char octet)
{
    auto then = [octet](unsigned from, unsigned to, Next rest) { return octet >= from && octet <= to ? rest : kNothing; };
    switch (next) {
    case kStart:
        switch (octet) {
        case 0xE0:
            return kBehindE0;
        case 0xED:
            return kBehindEd;
        case 0xF0:
            return kBehindF0;
        case 0xF4:
            return kBehindF4;
        default:
            if (octet < 0x80)
                return kStart;
            if (octet < 0xE0)
                return then(0xC2, 0xDF, kOne);
            return octet < 0xF0 ? kTwo : then(0xF1, 0xF3, kThree);
        }
    case kOne:
        return then(0x80, 0xBF, kStart);
    case kTwo:
        return then(0x80, 0xBF, kOne);
    case kThree:
        return then(0x80, 0xBF, kTwo);
    case kBehindE0:
        return then(0xA0, 0xBF, kOne);
    case kBehindEd:
        return then(0x80, 0x9F, kOne);
    case kBehindF0:
        return then(0x90, 0xBF, kTwo);
    case kBehindF4:
        return then(0x80, 0x8F, kTwo);
    default:
        return kNothing;
    }
}

/// Moves p behind the character, or to the end if that comes first. False: an octet is wrong.
bool Utf8::take_character(const unsigned char *&p, const unsigned char *end)
{
    while (p < end) {
        next_ = after(next_, *p++);
        if (next_ == kStart || next_ == kNothing)
            break;
    }
    return next_ != kNothing;
}

bool Utf8::feed(const char *data, size_t len)
{
    const unsigned char *p = reinterpret_cast<const unsigned char *>(data);
    const unsigned char *end = p + len;
    if (next_ != kStart && !take_character(p, end))
        return false;
    p = skip_sequences(p, end);
    return p == end || take_character(p, end); // wrong, or its last octets are still to come
}

bool is_utf8(const char *data, size_t len)
{
    const unsigned char *p = reinterpret_cast<const unsigned char *>(data);
    return skip_sequences(p, p + len) == p + len;
}

} // namespace wm
