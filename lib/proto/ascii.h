/**
 * @file
 * Character classes of RFC 9110 and RFC 3986 in one table, ASCII case, white space.
 *
 * Independent of the locale, unlike <cctype>. Pure functions, any thread.
 */
#ifndef WM_PROTO_ASCII_H
#define WM_PROTO_ASCII_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::ascii {

/// Classes of an octet, as bits of kClasses.
enum Class : uint8_t {
    kToken = 1,   ///< tchar (RFC 9110 §5.6.2)
    kValue = 2,   ///< may stand in a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5)
    kPath = 4,    ///< may stand in a path: pchar but '%', and '/' (RFC 3986 §3.3)
    kRegName = 8, ///< reg-name (RFC 3986 §3.2.2) but '%'
    kDigit = 16,
    kHex = 32,
    kAlpha = 64,
    kQuoted = 128, ///< qdtext: inside a quoted string, needs no backslash (RFC 9110 §5.6.4)
};

namespace detail {

constexpr bool among(unsigned c, std::string_view set)
{
    return set.find(static_cast<char>(c)) != std::string_view::npos;
}

constexpr uint8_t classes_of(unsigned c)
{
    bool digit = c >= '0' && c <= '9';
    bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    bool visible = c > 0x20 && c != 0x7f;
    bool text = visible || c == ' ' || c == '\t';
    unsigned bits = 0;
    auto put = [&bits](bool belongs, Class which) { bits |= belongs ? static_cast<unsigned>(which) : 0u; };
    put(digit, kDigit);
    put(alpha, kAlpha);
    put(hex, kHex);
    put(digit || alpha || among(c, "!#$%&'*+-.^_`|~"), kToken);
    put(digit || alpha || among(c, "-._~!$&'()*+,;="), kRegName);
    put(text, kValue);
    put(digit || alpha || among(c, "-._~!$&'()*+,;=:@/"), kPath);
    put(text && c != '"' && c != '\\', kQuoted);
    return static_cast<uint8_t>(bits);
}

constexpr std::array<uint8_t, 256> make_classes()
{
    std::array<uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; c++)
        table[c] = classes_of(c);
    return table;
}

} // namespace detail

inline constexpr std::array<uint8_t, 256> kClasses = detail::make_classes();

/// Whether c is of one of the classes in bits.
constexpr bool is(char c, unsigned bits)
{
    return (kClasses[static_cast<unsigned char>(c)] & bits) != 0;
}

/// Whether text is empty or a token (RFC 9110 §5.6.2).
constexpr bool is_token(std::string_view text)
{
    for (char c : text)
        if (!is(c, kToken))
            return false;
    return true;
}

constexpr char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// The value of a hexadecimal digit; c must be one.
constexpr unsigned hex_value(char c)
{
    return is(c, kDigit) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a' + 10);
}

/// Whether a and b are equal but for the case of ASCII letters.
constexpr bool equal_fold(std::string_view a, std::string_view b)
{
    if (a.size() != b.size())
        return false;
    for (size_t i = 0; i < a.size(); i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/// text without the optional white space (SP, HTAB) around it.
constexpr std::string_view trim(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

} // namespace wm::ascii

#endif
