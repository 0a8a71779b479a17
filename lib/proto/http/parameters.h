/**
 * @file
 * Parameters behind the value of a field: "; name=value" (RFC 9110 §5.6.6). Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_PARAMETERS_H
#define WM_PROTO_HTTP_PARAMETERS_H

#include "proto/http/pairs.h"

#include <string_view>

namespace wm::http {

/// Walks what follows the first part of a field's value. Copyable: a copy goes on from the same place.
class Parameters {
public:
    explicit Parameters(std::string_view text) : rest_(text) {}

    /// The next parameter; its value is raw, a quoted string with its quotes. Empty ones are skipped. False: no more, or wrong().
    bool next(Pair &out);
    /// What breaks the syntax (static text); nullptr: nothing.
    const char *wrong() const { return wrong_; }

private:
    bool refuse(const char *text)
    {
        wrong_ = text;
        return false;
    }
    bool take_value(std::string_view &out);

    std::string_view rest_;
    const char *wrong_ = nullptr;
};

inline bool is_quoted(std::string_view raw)
{
    return raw.starts_with('"');
}

/// Writes a raw value without its quotes and the backslashes of its quoted pairs (RFC 9110 §5.6.4): at most raw.size() bytes. Returns
/// where they end.
char *decode_parameter(char *out, std::string_view raw);

} // namespace wm::http

#endif
