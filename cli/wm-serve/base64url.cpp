#include "wm-serve/base64url.h"

#include <cstdint>

namespace wm::serve {

namespace {

/// The six bits of a character, or -1.
int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

} // namespace

std::optional<std::string_view> decode_base64url(std::string_view text, std::span<char> out)
{
    if (text.size() % 4 == 1 || text.size() * 3 / 4 > out.size())
        return std::nullopt;
    uint32_t bits = 0;
    unsigned pending = 0; // bits that are not written yet
    size_t used = 0;
    for (char c : text) {
        int value = value_of(c);
        if (value < 0)
            return std::nullopt;
        bits = bits << 6 | static_cast<uint32_t>(value);
        pending += 6;
        if (pending >= 8) {
            pending -= 8;
            out[used++] = static_cast<char>(bits >> pending & 0xff);
        }
    }
    if ((bits & ((1u << pending) - 1)) != 0)
        return std::nullopt;
    return std::string_view(out.data(), used);
}

std::string encode_base64url(std::string_view bytes)
{
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    uint32_t bits = 0;
    unsigned pending = 0; // bits that are not written yet
    for (char byte : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
        for (pending += 8; pending >= 6; pending -= 6)
            text += kDigits[bits >> (pending - 6) & 63];
    }
    if (pending > 0)
        text += kDigits[bits << (6 - pending) & 63];
    return text;
}

} // namespace wm::serve
