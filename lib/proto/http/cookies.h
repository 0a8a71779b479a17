/**
 * @file
 * The cookies of a request, from the Cookie fields of its header lines (RFC 6265 §5.4). Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_COOKIES_H
#define WM_PROTO_HTTP_COOKIES_H

#include "proto/http/pairs.h"

#include <algorithm>
#include <string_view>

namespace wm::http {

/// Walks validated header lines. Copyable: a copy goes on from the same place.
class Cookies {
public:
    explicit Cookies(std::string_view fields) : fields_(fields) {}

    /// The next cookie of the request: name and value without the white space around them, else as they are: no percent-decoding, and
    /// quotes are kept, because they are part of the value (RFC 6265bis §5.7). Pieces without '=' or without a name are skipped: as clients
    /// write a cookie without a name, it could pass for one with (RFC 6265bis §8.6). False: no more.
    bool next(Pair &out);
    static char *decode_name(char *out, std::string_view raw) { return copy(out, raw); }
    static char *decode_value(char *out, std::string_view raw) { return copy(out, raw); }

private:
    static char *copy(char *out, std::string_view raw) { return std::copy(raw.begin(), raw.end(), out); }
    bool next_piece(std::string_view &piece);

    std::string_view fields_;
    size_t cursor_ = 0;
    std::string_view rest_; ///< of the field at which the walk is
};

} // namespace wm::http

#endif
