/**
 * @file
 * Percent-decoding of forms and of paths. Pure functions, any thread.
 */
#ifndef WM_PROTO_HTTP_PERCENT_H
#define WM_PROTO_HTTP_PERCENT_H

#include <cstddef>
#include <string_view>

namespace wm::http {

/// The octet that "%XX" at `at` stands for; -1: there is no '%' with two hexadecimal digits.
int percent_octet(std::string_view text, size_t at);

/// Decodes a name or value of application/x-www-form-urlencoded (WHATWG URL §5.1): '+' is a space, a '%' without two
/// hexadecimal digits stays as it is. Writes at most text.size() bytes to out, and returns where they end.
char *decode_form_text(char *out, std::string_view text);

/// Decodes a text in which every '%' has two hexadecimal digits, and '+' is a '+' (RFC 3986 §2.1). Writes at most text.size() bytes to out,
/// and returns where they end; nullptr: a '%' has no two digits, or the text has a NUL.
char *decode_path(char *out, std::string_view text);

} // namespace wm::http

#endif
