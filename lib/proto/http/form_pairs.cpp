#include "proto/http/form_pairs.h"

#include <algorithm>

namespace wm::http {

bool FormPairs::next(Pair &out)
{
    rest_.remove_prefix(std::min(rest_.find_first_not_of('&'), rest_.size()));
    if (rest_.empty())
        return false;
    std::string_view piece = rest_.substr(0, rest_.find('&'));
    rest_.remove_prefix(piece.size());
    size_t equals = std::min(piece.find('='), piece.size());
    out = {piece.substr(0, equals), piece.substr(std::min(equals + 1, piece.size()))};
    return true;
}

} // namespace wm::http
