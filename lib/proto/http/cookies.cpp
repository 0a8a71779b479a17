#include "proto/http/cookies.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"

#include <algorithm>

namespace wm::http {

/// What stands between the semicolons.
bool Cookies::next_piece(std::string_view &piece)
{
    while (rest_.empty()) {
        std::string_view name;
        std::string_view value;
        if (!field_at(fields_, cursor_, name, value))
            return false;
        if (ascii::equal_fold(name, "cookie"))
            rest_ = value;
    }
    piece = rest_.substr(0, rest_.find(';'));
    rest_.remove_prefix(std::min(piece.size() + 1, rest_.size()));
    return true;
}

bool Cookies::next(Pair &out)
{
    std::string_view piece;
    while (next_piece(piece)) {
        size_t equals = piece.find('=');
        if (equals == std::string_view::npos)
            continue;
        out = {ascii::trim(piece.substr(0, equals)), ascii::trim(piece.substr(equals + 1))};
        if (!out.name.empty())
            return true;
    }
    return false;
}

} // namespace wm::http
