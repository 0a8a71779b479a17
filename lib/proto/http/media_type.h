/**
 * @file
 * The value of a Content-Type field: type "/" subtype, and parameters (RFC 9110 §8.3.1). Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_MEDIA_TYPE_H
#define WM_PROTO_HTTP_MEDIA_TYPE_H

#include "proto/http/pairs.h"
#include "proto/http/parameters.h"

#include <string_view>

namespace wm::http {

/// Walks a media type: first one pair whose name is the type itself, "text/html", with an empty value, then its parameters.
/// Copyable: a copy goes on from the same place.
class MediaType {
public:
    explicit MediaType(std::string_view value);

    /// False: no more, or wrong().
    bool next(Pair &out);
    /// What breaks the syntax (static text); nullptr: nothing.
    const char *wrong() const { return wrong_ ? wrong_ : parameters_.wrong(); }

    /// In lower case, as types and names are the same in any case.
    static char *decode_name(char *out, std::string_view raw);
    static char *decode_value(char *out, std::string_view raw) { return decode_parameter(out, raw); }

private:
    std::string_view type_; ///< empty: it has been handed out
    Parameters parameters_;
    const char *wrong_ = nullptr;
};

} // namespace wm::http

#endif
