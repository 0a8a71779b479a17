#include "wm/cookie.h"

#include "api/guard.h"
#include "proto/http/set_cookie.h"

using namespace wm;

namespace {

constexpr int32_t kSameSite = WM_COOKIE_SAME_SITE_LAX | WM_COOKIE_SAME_SITE_STRICT | WM_COOKIE_SAME_SITE_NONE;
constexpr int32_t kCookieFlags = WM_COOKIE_SECURE | WM_COOKIE_HTTP_ONLY | WM_COOKIE_PARTITIONED | kSameSite | WM_COOKIE_ENCODE;

/// False when more than one is set.
bool same_site_of(int32_t flags, http::SameSite &out)
{
    switch (flags & kSameSite) {
    case 0:
        return true;
    case WM_COOKIE_SAME_SITE_LAX:
        out = http::SameSite::kLax;
        return true;
    case WM_COOKIE_SAME_SITE_STRICT:
        out = http::SameSite::kStrict;
        return true;
    case WM_COOKIE_SAME_SITE_NONE:
        out = http::SameSite::kNone;
        return true;
    default:
        return false;
    }
}

std::string_view text(const char *given)
{
    return given ? given : "";
}

} // namespace

int wm_cookie_format(char *out, size_t cap, const char *name, const void *value, size_t value_len, const char *domain, const char *path,
                     int64_t max_age_s, int64_t expires_s, int32_t flags)
{
    if (!name || (!out && cap > 0))
        return null_argument(name ? "out" : "name");
    if (int wrong = check_span("value", value, value_len))
        return wrong;
    if (flags & ~kCookieFlags)
        return fail(WM_EINVAL, "unknown flags 0x%x: WM_COOKIE_... are known", static_cast<unsigned>(flags & ~kCookieFlags));
    http::SetCookie cookie = {.name = name,
                              .value = span(value, value_len),
                              .encode = (flags & WM_COOKIE_ENCODE) != 0,
                              .domain = text(domain),
                              .path = text(path),
                              .max_age_s = max_age_s,
                              .expires_s = expires_s,
                              .secure = (flags & WM_COOKIE_SECURE) != 0,
                              .http_only = (flags & WM_COOKIE_HTTP_ONLY) != 0,
                              .partitioned = (flags & WM_COOKIE_PARTITIONED) != 0};
    if (!same_site_of(flags, cookie.same_site))
        return fail(WM_EINVAL, "a cookie has one SameSite: Lax, Strict or None");
    if (const char *wrong = http::check_cookie(cookie))
        return fail(WM_EINVAL, "%s", wrong);
    size_t size = http::cookie_size(cookie);
    if (size >= cap)
        return fail(WM_EMSGSIZE, "the line and its NUL take %zu bytes, and there are %zu", size + 1, cap);
    http::write_cookie(out, cookie);
    out[size] = '\0';
    return static_cast<int>(size);
}
