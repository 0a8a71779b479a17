#include "session/custom/options.h"

namespace wm {

namespace {

constexpr size_t kMaxDelimiter = 255; // bytes

int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Takes the escape behind a backslash off the text; false: it is none.
bool take_escape(std::string_view &text, char &out)
{
    constexpr std::string_view kLetters = "nrt0\\";
    constexpr std::string_view kBytes("\n\r\t\0\\", 5);
    size_t letter = text.empty() ? std::string_view::npos : kLetters.find(text[0]);
    if (letter != std::string_view::npos) {
        out = kBytes[letter];
        text.remove_prefix(1);
        return true;
    }
    if (text.size() < 3 || text[0] != 'x' || digit_of(text[1]) < 0 || digit_of(text[2]) < 0)
        return false;
    out = static_cast<char>(digit_of(text[1]) * 16 + digit_of(text[2]));
    text.remove_prefix(3);
    return true;
}

bool unescape(std::string_view text, std::string &out)
{
    while (!text.empty()) {
        char byte = text[0];
        text.remove_prefix(1);
        if (byte == '\\' && !take_escape(text, byte))
            return false;
        out += byte;
    }
    return true;
}

} // namespace

bool valid_delimiter(std::string_view escaped)
{
    std::string bytes;
    return unescape(escaped, bytes) && bytes.size() <= kMaxDelimiter;
}

bool valid_length_size(int64_t size)
{
    return size == 0 || size == 1 || size == 2 || size == 4 || size == 8;
}

std::string unescaped(std::string_view delimiter)
{
    std::string bytes;
    unescape(delimiter, bytes);
    return bytes;
}

} // namespace wm
