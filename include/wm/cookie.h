/**
 * @file
 * Cookies of answers: formats Set-Cookie lines. Any thread; no memory is taken.
 */
#ifndef WM_COOKIE_H
#define WM_COOKIE_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of wm_cookie_format; at most one of the three of SameSite. @since 0.1.0 */
enum {
    WM_COOKIE_SECURE = 1,            /**< Secure: over TLS alone */
    WM_COOKIE_HTTP_ONLY = 2,         /**< HttpOnly: scripts do not see it */
    WM_COOKIE_PARTITIONED = 4,       /**< Partitioned: of each site that embeds the page another one; needs Secure */
    WM_COOKIE_SAME_SITE_LAX = 8,     /**< SameSite=Lax */
    WM_COOKIE_SAME_SITE_STRICT = 16, /**< SameSite=Strict */
    WM_COOKIE_SAME_SITE_NONE = 32,   /**< SameSite=None; needs Secure */
    WM_COOKIE_ENCODE = 64            /**< percent-encode what a value cannot contain, and "%" */
};

/**
 * Writes a header line "Set-Cookie: ...\r\n" (RFC 6265bis §4.1), as the headers of wm_request_respond take it. Refuses what a browser
 * would ignore, and what would begin another attribute or line.
 *
 * To delete a cookie: an empty value, max_age_s 0, and domain and path as they were.
 *
 * @param out takes the line and a NUL; may be NULL when cap is 0
 * @param cap bytes at out
 * @param name a token that ends in NUL; with "__Host-" in front it needs Secure, the path "/" and no domain, with "__Secure-" Secure
 * @param value no control characters, spaces, quotes (but around all of it), commas, semicolons, backslashes or octets above 126, unless
 * WM_COOKIE_ENCODE is set; with the name at most 4096 bytes; may be NULL when value_len is 0
 * @param value_len bytes at value
 * @param domain ends in NUL; the cookie is for its sub-domains, too. NULL or empty: for the host of the request alone
 * @param path begins with "/" and ends in NUL; NULL or empty: the directory of the request's path
 * @param max_age_s seconds that it lasts; below 0: not given
 * @param expires_s when it ends, in seconds since 1970; below 0: not given. With neither it ends with the browser's session
 * @param flags WM_COOKIE_...
 * @return the length without the NUL; WM_EMSGSIZE: cap is too small, the detail has what is needed; WM_EINVAL with the rule
 *
 * @since 0.1.0
 */
WM_API int wm_cookie_format(char *out, size_t cap, const char *name, const void *value, size_t value_len, const char *domain,
                            const char *path, int64_t max_age_s, int64_t expires_s, int32_t flags);

#ifdef __cplusplus
}
#endif

#endif
