/**
 * @file
 * The HTTP/1 server's request parser: strict RFC 9112, one pass, resumable at every byte.
 *
 * One per connection, on the thread of its app; owns nothing, allocates nothing, and hands out slices of the bytes it is fed
 * (see step.h for how). Every octet of a head is looked at once, however the bytes are cut: the parser stops anywhere and
 * goes on there, so that the outcome depends on the bytes alone. Chunked bodies are joined in place behind the head.
 */
#ifndef WM_PROTO_HTTP_REQUEST_PARSER_H
#define WM_PROTO_HTTP_REQUEST_PARSER_H

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/step.h"

namespace wm::http {

struct Limits {
    size_t max_header_bytes; ///< of the head, request line and blank line included; as many again for trailers, and for chunk extensions
    size_t max_headers;      ///< header lines; as many again trailer lines
    size_t max_message;      ///< bytes of the body, chunks joined; 0: no body
};

/// A request, as slices of the bytes fed.
struct Request {
    std::string_view method, target, path, query;
    /// Whom the request is for: the target's authority in absolute-form, whatever Host says (RFC 9112 §3.2.2), else Host.
    std::string_view authority;
    int minor;               ///< HTTP/1.minor: 0 or 1
    std::string_view fields; ///< the header lines, each with its CRLF
    std::string_view body;   ///< chunks joined
    size_t head_size;        ///< from the start of data, empty lines before the request and the blank line included
    bool keep_alive;         ///< RFC 9112 §9.3
    bool head;               ///< the method is HEAD
};

/// Why a request was refused: the status to answer with, and the rule. text is static.
struct Failure {
    int status;
    const char *text;
};

class RequestParser {
public:
    /**
     * Reads on in data[0, len). kMessage: out is filled, size bytes are consumed, and the parser is ready for the next request.
     * kContinue: once, behind the head of a request that waits for 100 Continue. kMore: all bytes were looked at; of a chunked
     * body only head and joined data are left (size). kFail: failure() tells; the connection is of no use any more.
     */
    Step step(char *data, size_t len, const Limits &limits, Request &out);

    /// After kFail.
    const Failure &failure() const;
    /// The first byte of a request was seen, and not its last. Empty lines before a request do not count.
    bool in_message() const { return state_ != State::kStart; }
    /// The head is complete, the body is not.
    bool in_body() const { return state_ >= State::kFixedBody && state_ != State::kFailed; }

private:
    enum class State : uint8_t {
        // the request line
        kStart,
        kStartLf,
        kMethod,
        kTarget,
        kScheme,
        kAuthority,
        kPath,
        kQuery,
        kTargetEnd,
        kVersion,
        // header or trailer lines
        kLine,
        kName,
        kValue,
        kValueLf,
        kLastLf,
        // bodies
        kFixedBody,
        kChunkSize,
        kChunkExtension,
        kChunkSizeLf,
        kChunkData,
        kChunkCr,
        kChunkLf,
        kTrailers,
        kFailed,
    };
    State state_ = State::kStart;
};

static_assert(sizeof(RequestParser) <= 48, "part of every http connection");

} // namespace wm::http

#endif
