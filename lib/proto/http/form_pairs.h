/**
 * @file
 * The pairs of application/x-www-form-urlencoded, which queries and bodies of forms are (WHATWG URL §5.1). Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_FORM_PAIRS_H
#define WM_PROTO_HTTP_FORM_PAIRS_H

#include "proto/http/pairs.h"
#include "proto/http/percent.h"

#include <string_view>

namespace wm::http {

/// Walks a text. Copyable: a copy goes on from the same place.
class FormPairs {
public:
    explicit FormPairs(std::string_view text) : rest_(text) {}

    /// The next pair, not decoded. Empty pieces between '&' are skipped; without '=' the value is empty. False: no more.
    bool next(Pair &out);
    static char *decode_name(char *out, std::string_view raw) { return decode_form_text(out, raw); }
    static char *decode_value(char *out, std::string_view raw) { return decode_form_text(out, raw); }

private:
    std::string_view rest_;
};

} // namespace wm::http

#endif
