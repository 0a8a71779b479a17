/**
 * @file
 * The errors of the HTTP/1 codec: one list of names, statuses and texts. Constants, any thread.
 */
#ifndef WM_PROTO_HTTP_ERROR_H
#define WM_PROTO_HTTP_ERROR_H

#include <cstdint>

namespace wm::http {

/// The answer to a request that is refused: its status, and the rule that the request breaks (static text).
struct Failure {
    int status;
    const char *text;
};

// clang-format off
/// X(name, status, text)
#define WM_HTTP_ERROR_LIST(X)                                                                                                              \
    X(kNone, 0, "")                                                                                                                        \
    X(kBareCr, 400, "RFC 9112 §2.2: CR without LF")                                                                                        \
    X(kBareLf, 400, "RFC 9112 §2.2: LF without CR")                                                                                        \
    X(kEmptyLines, 400, "RFC 9112 §2.2: too many empty lines before the request")                                                          \
    X(kMethodSyntax, 400, "RFC 9112 §3.1: the method must be a token, followed by one space")                                              \
    X(kMethodUnknown, 501, "RFC 9110 §9.1: method not implemented")                                                                        \
    X(kMethodNotAllowed, 405, "RFC 9110 §9.1: method not allowed here")                                                                    \
    X(kTargetSyntax, 400, "RFC 9112 §3.2: octet in the request target that RFC 3986 does not allow there, unless percent-encoded")         \
    X(kTargetPercent, 400, "RFC 3986 §2.1: '%' in the request target without two hexadecimal digits")                                      \
    X(kTargetForm, 400, "RFC 9112 §3.2: the request target must be a path or an absolute URI")                                             \
    X(kTargetConnect, 400, "RFC 9112 §3.2.3: the target of CONNECT must be host:port")                                                     \
    X(kTargetAsterisk, 400, "RFC 9112 §3.2.4: the target \"*\" is for OPTIONS only")                                                       \
    X(kTargetScheme, 400, "RFC 9112 §3.2.2: the absolute target's scheme must be http or https")                                           \
    X(kTargetAuthority, 400, "RFC 9110 §4.2: the absolute target needs host[:port], without user information")                             \
    X(kTargetSecure, 421, "RFC 9110 §7.4: an https target on a connection without TLS")                                                    \
    X(kTargetLong, 414, "RFC 9112 §3: request target longer than max_header_bytes")                                                        \
    X(kVersionSyntax, 400, "RFC 9112 §2.3: the request line must end with HTTP/digit.digit and CRLF")                                      \
    X(kVersionUnknown, 505, "RFC 9110 §15.6.6: only major version 1 is served")                                                            \
    X(kHttp2, 505, "RFC 9113 §3.4: the preface of HTTP/2, which is not spoken here; HTTP/1.1 is")                                          \
    X(kStatusLine, 502, "RFC 9112 §4: a response begins with HTTP/1.1, a space, a status from 100 to 599 and a space")                     \
    X(kHeadLong, 431, "RFC 6585 §5: header block longer than max_header_bytes")                                                            \
    X(kTooManyFields, 431, "RFC 6585 §5: more header lines than max_headers")                                                              \
    X(kFieldFolded, 400, "RFC 9112 §5.2: header line begins with white space (obs-fold)")                                                  \
    X(kFieldNameSpace, 400, "RFC 9112 §5.1: white space between field name and colon")                                                     \
    X(kFieldName, 400, "RFC 9110 §5.1: field name must be a token, followed by a colon")                                                   \
    X(kFieldValue, 400, "RFC 9110 §5.5: control character in a field value")                                                               \
    X(kHostMissing, 400, "RFC 9112 §3.2: HTTP/1.1 request without Host")                                                                   \
    X(kHostRepeated, 400, "RFC 9112 §3.2: more than one Host")                                                                             \
    X(kHostSyntax, 400, "RFC 9110 §7.2: Host must be host[:port], or empty")                                                               \
    X(kLengthSyntax, 400, "RFC 9110 §8.6: Content-Length must be digits only")                                                             \
    X(kLengthRepeated, 400, "RFC 9112 §6.3: more than one Content-Length (recipients could differ on which counts)")                       \
    X(kLengthAndCoding, 400, "RFC 9112 §6.3: Transfer-Encoding together with Content-Length")                                              \
    X(kCodingInOld, 400, "RFC 9112 §6.1: Transfer-Encoding in an HTTP/1.0 request")                                                        \
    X(kCodingSyntax, 400, "RFC 9112 §6.1: malformed Transfer-Encoding")                                                                    \
    X(kCodingEmpty, 400, "RFC 9112 §6.1: empty element in Transfer-Encoding (recipients could differ on whether the body is chunked)")     \
    X(kCodingAfterChunked, 400, "RFC 9112 §6.1: chunked must be the last transfer coding, and once")                                       \
    X(kCodingUnknown, 501, "RFC 9112 §6.1: transfer coding not implemented")                                                               \
    X(kConnectionSyntax, 400, "RFC 9110 §7.6.1: Connection must be a list of tokens")                                                      \
    X(kExpectation, 417, "RFC 9110 §10.1.1: expectation other than 100-continue")                                                          \
    X(kBodyLong, 413, "RFC 9110 §15.5.14: body longer than max_message")                                                                   \
    X(kStreamLong, 413, "RFC 9110 §15.5.14: body longer than max_body")                                                                    \
    X(kChunkSize, 400, "RFC 9112 §7.1: chunk size must be 1 to 16 hexadecimal digits")                                                     \
    X(kChunkExtension, 400, "RFC 9112 §7.1.1: malformed chunk extension")                                                                  \
    X(kChunkExtensionLong, 413, "RFC 9112 §7.1.1: chunk extensions longer than max_header_bytes")                                          \
    X(kChunkEnd, 400, "RFC 9112 §7.1: chunk data without CRLF behind it")                                                                  \
    X(kTrailersLong, 431, "RFC 6585 §5: trailers longer than max_header_bytes")                                                            \
    X(kTooManyTrailers, 431, "RFC 6585 §5: more trailer lines than max_headers")
// clang-format on

enum class Error : uint8_t {
#define WM_HTTP_ERROR_NAME(name, status, text) name,
    WM_HTTP_ERROR_LIST(WM_HTTP_ERROR_NAME)
#undef WM_HTTP_ERROR_NAME
};

const Failure &failure_of(Error error);

/// The error of a header line that has c where a field name begins (first) or goes on, and c is no token
/// character.
Error field_name_error(char c, bool first);

} // namespace wm::http

#endif
