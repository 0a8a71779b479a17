#include "proto/utf8.h"

#include "proto/bytes16.h"

#include <cstdint>
#include <cstring>

namespace wm {

namespace {

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

/// The 16 octets at p and the three before them, all of which belong to a text that is well-formed so far: whether an octet
/// is wrong (the table of RFC 3629 §4). What the last characters still lack is no error. Only high bits count.
inline bool is_wrong_block(const unsigned char *p, Bytes16 octets)
{
    Bytes16 last = Bytes16::load(p - 1);
    Bytes16 from_90 = octets.high_from(0x90), from_a0 = octets.high_from(0xA0), from_c0 = octets.high_from(0xC0);
    Bytes16 expected = last.high_from(0xC0) | Bytes16::load(p - 2).high_from(0xE0) | Bytes16::load(p - 3).high_from(0xF0);
    // An octet from 0x80 to 0xBF where none is expected, or another one where one is.
    Bytes16 wrong = octets ^ from_c0 ^ expected;
    wrong = wrong | from_c0.without(octets.high_from(0xC2)) | octets.high_from(0xF5);
    wrong = wrong | last.equal(0xE0).without(from_a0) | (last.equal(0xED) & from_a0);
    wrong = wrong | last.equal(0xF0).without(from_90) | (last.equal(0xF4) & from_90);
    return wrong.any_high_bit();
}

/// The end of the whole characters before p, at least three octets of a text that is well-formed so far.
inline const unsigned char *whole_characters(const unsigned char *p)
{
    return p[-1] >= 0xC0 ? p - 1 : p[-2] >= 0xE0 ? p - 2 : p[-3] >= 0xF0 ? p - 3 : p;
}

/// Skips well-formed characters by blocks of 16 octets, up to a block that is ASCII or has a wrong octet. p is behind whole characters, at
/// least three octets of them, and at least a block before the end; the result is behind whole characters, too.
inline const unsigned char *skip_blocks(const unsigned char *p, const unsigned char *end)
{
    while (p < end) {
        const unsigned char *block = end - p >= 16 ? p : end - 16; // the last one ends where the text does
        Bytes16 octets = Bytes16::load(block);
        if (!octets.any_high_bit() || is_wrong_block(block, octets))
            break;
        p = block + 16;
    }
    return whole_characters(p);
}

/// The first octet of [p, end) that begins no whole well-formed sequence, or end.
inline const unsigned char *skip_sequences(const unsigned char *p, const unsigned char *end)
{
    const unsigned char *begin = p;
    while (p < end) {
        while (end - p >= 16 && !Bytes16::load(p).any_high_bit())
            p += 16;
        while (p < end && *p < 0x80)
            p++;
        if (p - begin >= 3 && end - p >= 16)
            p = skip_blocks(p, end);
        // One by one where there is no block.
        while (p < end && *p >= 0x80) {
            size_t size = sequence(p, static_cast<size_t>(end - p));
            if (size == 0)
                return p;
            p += size;
            if (p - begin >= 3 && end - p >= 16)
                break;
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
