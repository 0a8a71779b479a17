/**
 * @file
 * The HTTP/1 client's parser of a response's head: strict RFC 9112, one pass, resumable at every byte.
 *
 * One per connection, on the app's thread; allocates nothing and returns slices of the bytes it is fed (see
 * step.h). What follows the head, a body or another protocol, is left to the caller.
 */
#ifndef WM_PROTO_HTTP_RESPONSE_PARSER_H
#define WM_PROTO_HTTP_RESPONSE_PARSER_H

#include "proto/http/error.h"
#include "proto/step.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::http {

/// A response, as slices of the bytes fed.
struct Response {
    int status; ///< 100-599
    int minor;  ///< HTTP/1.minor: 0, or 1 for that and all higher ones (RFC 9110 §2.5)
    std::string_view reason;
    std::string_view fields; ///< the header lines, each with its CRLF
};

class ResponseParser {
public:
    /// Continues in data[0, len). kMessage: the head of the final response, or of 101, is complete; size is its length.
    /// kContinue: an interim response (RFC 9110 §15.2) is complete and of no use; size bytes are consumed, and another
    /// response follows. kFail: failure() says why. The limits hold for all heads of one request together.
    Step step(const char *data, size_t len, size_t max_header_bytes, size_t max_headers, Response &out);

    /// After kFail.
    const Failure &failure() const { return failure_of(error_); }

private:
    enum class State : uint8_t {
        kStart, ///< up to the space behind the status
        kReason,
        kReasonLf,
        kLine, ///< a header line's first octet, or the blank line
        kName,
        kValue,
        kValueLf,
        kBlankLf,
        kEnd,
    };

    const char *refuse(Error error);
    const char *start(const char *data, const char *p, const char *end);
    const char *line_end(const char *p, State next);
    const char *name(const char *data, const char *p, const char *end, size_t max_headers);
    const char *value(const char *p, const char *end, State behind);
    const char *part(const char *data, const char *p, const char *end, size_t max_headers);

    uint32_t pos_ = 0;    ///< the next octet to parse
    uint32_t fields_ = 0; ///< where the header lines begin
    uint32_t used_ = 0;   ///< bytes of interim responses
    uint16_t lines_ = 0;
    State state_ = State::kStart;
    Error error_ = Error::kNone;
};

} // namespace wm::http

#endif
