#include "proto/http/methods.h"

#include <algorithm>

namespace wm::http {

bool valid_methods(std::string_view text)
{
    for (;;) {
        size_t comma = text.find(',');
        std::string_view name = ascii::trim(text.substr(0, comma));
        if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) { return ascii::is(c, ascii::kToken); }))
            return false;
        if (comma == text.npos)
            return true;
        text.remove_prefix(comma + 1);
    }
}

} // namespace wm::http
