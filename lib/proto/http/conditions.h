/**
 * @file
 * Conditional requests (RFC 9110 §13): If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, If-Range, in the order
 * of §13.2.2. `fields` are the validated header lines of a request. Pure functions, any thread.
 */
#ifndef WM_PROTO_HTTP_CONDITIONS_H
#define WM_PROTO_HTTP_CONDITIONS_H

#include <cstdint>
#include <string_view>

namespace wm::http {

/// What conditions are compared with: the representation that is there.
struct Validators {
    std::string_view etag; ///< as in an ETag field: "x", or W/"x" for a weak one
    int64_t modified;      ///< as in a Last-Modified field, seconds since 1970
    int64_t now;           ///< seconds since 1970
};

/// The status that the conditions lead to: 304, 412, or 0 where the request is to be performed. `safe`: the method is GET or HEAD.
int evaluate_conditions(std::string_view fields, const Validators &present, bool safe);

/// Whether Range applies, by If-Range (§13.1.5): it does where there is none, too.
bool range_applies(std::string_view fields, const Validators &present);

/// Whether text is one entity-tag (§8.8.3).
bool is_entity_tag(std::string_view text);

} // namespace wm::http

#endif
