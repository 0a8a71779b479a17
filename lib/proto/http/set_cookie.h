/**
 * @file
 * Writes a Set-Cookie line (RFC 6265bis §4.1): what a browser would ignore, or read as something else, is refused.
 *
 * Pure functions, any thread, no allocation.
 */
#ifndef WM_PROTO_HTTP_SET_COOKIE_H
#define WM_PROTO_HTTP_SET_COOKIE_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::http {

enum class SameSite : uint8_t { kUnset, kLax, kStrict, kNone };

struct SetCookie {
    std::string_view name = {};
    std::string_view value = {};
    bool encode = false;          ///< percent-encode what a value cannot have, and "%"
    std::string_view domain = {}; ///< empty: none, so the cookie is the host's alone
    std::string_view path = {};   ///< empty: none, so it is the directory of the request's path
    int64_t max_age_s = -1;       ///< < 0: none
    int64_t expires_s = -1;       ///< since 1970; < 0: none
    bool secure = false;
    bool http_only = false;
    bool partitioned = false;
    SameSite same_site = SameSite::kUnset;
};

/// nullptr, or the error (static text).
const char *check_cookie(const SetCookie &cookie);
/// The size of what write_cookie() writes.
size_t cookie_size(const SetCookie &cookie);
/// Writes "Set-Cookie: ...\r\n". Returns the bytes written.
size_t write_cookie(char *out, const SetCookie &cookie);

} // namespace wm::http

#endif
