#include "proto/http/methods.h"

#include <algorithm>

namespace wm::http {

namespace {

bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/// A token in capitals, in which digits and marks may stand: "M-SEARCH".
bool is_method(std::string_view name)
{
    bool small = std::any_of(name.begin(), name.end(), [](char c) { return ascii::lower(c) == c && ascii::is(c, ascii::kAlpha); });
    return ascii::is_token(name) && !small && std::any_of(name.begin(), name.end(), is_capital) && !ascii::equal_fold(name, kAnyMethod);
}

} // namespace

bool valid_methods(std::string_view text)
{
    if (text == kAnyMethod)
        return true;
    for (;;) {
        size_t comma = text.find(',');
        if (!is_method(ascii::trim(text.substr(0, comma))))
            return false;
        if (comma == text.npos)
            return true;
        text.remove_prefix(comma + 1);
    }
}

} // namespace wm::http
