#include "shared/printable.h"

#include "shared/utf8.h"

#include <algorithm>

namespace wm {

namespace {

void append_hex(std::string &out, char c)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

/// A character of several bytes that shows nothing, breaks the line or changes the direction of the text: C1 controls, U+200B to U+200F,
/// U+2028 to U+202E, U+2060 to U+206F, U+FEFF.
bool is_invisible(std::string_view character)
{
    auto at = [character](size_t i) { return static_cast<unsigned char>(character[i]); };
    if (character.size() == 2)
        return at(0) == 0xc2 && at(1) < 0xa0;
    if (character.size() != 3)
        return false;
    if (at(0) == 0xe2 && at(1) == 0x80)
        return (at(2) >= 0x8b && at(2) <= 0x8f) || (at(2) >= 0xa8 && at(2) <= 0xae);
    return (at(0) == 0xe2 && at(1) == 0x81 && at(2) >= 0xa0 && at(2) <= 0xaf) || character == "\xef\xbb\xbf";
}

std::string print(std::string_view text, size_t characters, std::string_view backslash)
{
    std::string out;
    const char *p = text.data();
    const char *end = p + text.size();
    for (; p < end && characters > 0; characters--) {
        size_t size = std::max<size_t>(utf8_length(p, end), 1);
        std::string_view character(p, size);
        bool plain = size == 1 ? *p >= ' ' && *p < 0x7f : !is_invisible(character);
        if (character == "\\")
            out += backslash;
        else if (plain)
            out += character;
        else
            for (char c : character)
                append_hex(out, c);
        p += size;
    }
    return p < end ? out + "..." : out;
}

} // namespace

std::string printable(std::string_view text, size_t characters)
{
    return print(text, characters, "\\\\");
}

std::string printable_as_typed(std::string_view text, size_t characters)
{
    return print(text, characters, "\\");
}

} // namespace wm
