#include "shared/shown_text.h"

#include "shared/utf8.h"

#include <algorithm>

namespace wm {

std::string shown_text(std::string_view text, size_t characters)
{
    const char *p = text.data();
    const char *end = text.data() + text.size();
    std::string shown;
    for (size_t i = 0; i < characters && p < end; i++) {
        size_t length = utf8_length(p, end);
        bool printable = length > 1 || (length == 1 && *p >= 0x20 && *p != 0x7f);
        shown += printable ? std::string(p, length) : "?";
        p += std::max<size_t>(length, 1);
    }
    return shown;
}

} // namespace wm
