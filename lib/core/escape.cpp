#include "core/escape.h"

namespace wm {

namespace {

bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

} // namespace

std::string escaped(std::string_view text, size_t most)
{
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (char c : text.substr(0, most)) {
        unsigned octet = static_cast<unsigned char>(c);
        if (is_space(c)) {
            if (!out.empty() && out.back() != ' ')
                out += ' ';
        } else if (octet > ' ' && octet < 0x7f) {
            out += c;
        } else {
            out += {'\\', 'x', kHex[octet >> 4], kHex[octet & 15]};
        }
    }
    while (!out.empty() && out.back() == ' ')
        out.pop_back();
    return text.size() > most ? out + "..." : out;
}

} // namespace wm
