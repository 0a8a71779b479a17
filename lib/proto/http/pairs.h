/**
 * @file
 * Names with values, as slices of a text: the parts that a form, a Cookie field or a list of parameters has. Plain data, any thread.
 */
#ifndef WM_PROTO_HTTP_PAIRS_H
#define WM_PROTO_HTTP_PAIRS_H

#include <string_view>

namespace wm::http {

struct Pair {
    std::string_view name, value;
};

} // namespace wm::http

#endif
