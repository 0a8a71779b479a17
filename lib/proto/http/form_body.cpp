#include "proto/http/form_body.h"

#include "proto/ascii.h"
#include "proto/http/media_type.h"

namespace wm::http {

const char *const kBoundaryRule =
    "RFC 2046 §5.1.1: multipart/form-data must have one boundary, of 1 to 70 letters, digits, spaces and '()+_,-./:=?";

const char *read_boundary(std::string_view content_type, Boundary &out)
{
    out.size = 0;
    if (content_type.empty())
        return nullptr;
    MediaType type(content_type);
    Pair pair;
    if (!type.next(pair))
        return type.wrong();
    if (!ascii::equal_fold(pair.name, "multipart/form-data"))
        return nullptr;
    size_t found = 0;
    while (type.next(pair)) {
        if (!ascii::equal_fold(pair.name, "boundary"))
            continue;
        if (pair.value.size() > sizeof out.text)
            return kBoundaryRule;
        out.size = static_cast<size_t>(MediaType::decode_value(out.text, pair.value) - out.text);
        found++;
    }
    if (type.wrong())
        return type.wrong();
    return found == 1 && MultipartParser::is_boundary(out.view()) ? nullptr : kBoundaryRule;
}

} // namespace wm::http
