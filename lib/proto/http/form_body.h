/**
 * @file
 * Bodies of multipart/form-data that are there as a whole (RFC 7578). Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_FORM_BODY_H
#define WM_PROTO_HTTP_FORM_BODY_H

#include "proto/http/multipart.h"

#include <string_view>

namespace wm::http {

/// What a boundary must be (static text).
extern const char *const kBoundaryRule;

/// The boundary that a Content-Type names.
struct Boundary {
    size_t size = 0; ///< 0: the type is another one
    char text[2 + 2 * MultipartParser::kMaxBoundary];

    std::string_view view() const { return {text, size}; }
};

/// Reads the value of a Content-Type, which may be empty: nullptr, or an error text.
const char *read_boundary(std::string_view content_type, Boundary &out);

/// Calls on(step) for each event of a body, which is fed whole, so that the data of a part are one piece. nullptr, or an error text.
template <class On> const char *each_part_event(MultipartParser &parser, std::string_view body, const MultipartLimits &limits, On on)
{
    for (size_t at = 0;;) {
        MultipartStep step = parser.step(body.data() + at, body.size() - at, limits);
        if (step.kind == MultipartStep::kFail)
            return parser.failure();
        if (step.kind == MultipartStep::kMore)
            return parser.finish() ? nullptr : parser.failure();
        on(step);
        at += step.size;
    }
}

} // namespace wm::http

#endif
