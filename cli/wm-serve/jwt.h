/**
 * @file
 * Reads a JSON Web Token (RFC 7519) in the compact form of JWS (RFC 7515): whose it is, and until when. A plain function: it opens
 * nothing, knows no clock, and allocates nothing but what OpenSSL does. What two implementations could read differently is refused. Any
 * thread; a key is used by one at a time.
 */
#ifndef WM_SERVE_JWT_H
#define WM_SERVE_JWT_H

#include "shared/json_scan.h"
#include "wm-serve/jwt_key.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::serve {

/// Tokens that say who a page is are short. Bounds the JSON and its nesting, too.
inline constexpr size_t kMaxJwtBytes = 8192;
/// Names in the header, and in the claims.
inline constexpr size_t kMaxJwtMembers = 64;
/// By how much the clock of the token's maker may be off (RFC 7519 §4.1.4): clocks that are synchronized differ by far less, and a token
/// of a minute stays one of about a minute.
inline constexpr int64_t kJwtLeewayS = 30;
/// The year 9999. A time in milliseconds, as JavaScript has it, is beyond.
inline constexpr int64_t kMaxJwtTimeS = 253402300799;

// The messages repeat the constants above; a unit test checks that they agree. A close reason has at most 123 bytes.
#define WM_JWT_ERRORS(X)                                                                                                                   \
    X(kNone, "")                                                                                                                           \
    X(kTooLong, "it is longer than 8192 bytes")                                                                                            \
    X(kNotJwt, "it is not a JWT: three parts in base64url with two dots")                                                                  \
    X(kHeader, "its header is not a JSON object of at most 64 names, each once")                                                           \
    X(kAlgorithm, "alg in its header is not that of the key")                                                                              \
    X(kCritical, "crit in its header asks for an extension")                                                                               \
    X(kUnsigned, "it has no signature")                                                                                                    \
    X(kSignature, "its signature is wrong")                                                                                                \
    X(kNoMemory, "out of memory")                                                                                                          \
    X(kClaims, "its claims are not a JSON object of at most 64 names, each once")                                                          \
    X(kSubject, "sub is missing, or is not a string of 1 to 255 bytes")                                                                    \
    X(kExpiry, "exp is missing, or is not a whole number of seconds up to the year 9999")                                                  \
    X(kExpired, "it has expired")                                                                                                          \
    X(kNotBefore, "nbf is not a whole number of seconds up to the year 9999")                                                              \
    X(kTooEarly, "it is not valid yet")                                                                                                    \
    X(kIssuedAt, "iat is not a whole number of seconds up to the year 9999")                                                               \
    X(kFuture, "it was issued in the future")                                                                                              \
    X(kAudience, "aud does not name this server")                                                                                          \
    X(kUnknownAudience, "it has an aud, and this server has no audience")                                                                  \
    X(kIssuer, "iss is not the issuer whose tokens are taken")

/// kNone is success.
enum class JwtError : uint8_t {
#define WM_JWT_ERROR_NAME(name, text) name,
    WM_JWT_ERRORS(WM_JWT_ERROR_NAME)
#undef WM_JWT_ERROR_NAME
};

/// The message of an error, of which the subject is the token: static text without a full stop, "" for kNone.
const char *jwt_error_text(JwtError error);

/// What a token has to name; empty: an aud is refused (RFC 7519 §4.1.3), any iss is taken.
struct JwtRules {
    std::string_view audience;
    std::string_view issuer;
};

struct JwtClaims {
    std::string_view uid; ///< sub, 1 to 255 bytes of UTF-8, in the scratch
    int64_t end_s = 0;    ///< Unix time from which on the token is refused: exp, and the leeway
};

/// Checks a token at the Unix time now_s, and reads it. On an error `out` is unchanged.
JwtError read_jwt(std::string_view token, const JwtKey &key, const JwtRules &rules, int64_t now_s, UidScratch &scratch, JwtClaims &out);

} // namespace wm::serve

#endif
