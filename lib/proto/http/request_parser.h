/**
 * @file
 * The HTTP/1 server's request parser: strict RFC 9112, one pass, resumable at every byte.
 *
 * One per connection, on the app's thread; allocates nothing and returns slices of the bytes it is fed (see
 * step.h). It parses every octet of a head once, however the bytes are cut: it stops and resumes anywhere, so
 * that the outcome depends on the bytes alone. Chunked bodies are joined in place behind the head. With
 * Limits::stream_body a body is handed out in pieces instead, as it arrives.
 */
#ifndef WM_PROTO_HTTP_REQUEST_PARSER_H
#define WM_PROTO_HTTP_REQUEST_PARSER_H

#include "proto/http/chunk_decoder.h"
#include "proto/http/error.h"
#include "proto/http/limits.h"
#include "proto/step.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::http {

struct KnownHead;

/// A request, as slices of the bytes fed.
struct Request {
    std::string_view method, target, path, query;
    /// The host that is asked: the target's authority in absolute-form and of CONNECT, whatever Host says (RFC 9112
    /// §3.2.2), else Host; nullptr: neither is there (HTTP/1.0).
    std::string_view authority;
    int minor;               ///< HTTP/1.minor: 0, or 1 for that and all higher ones (RFC 9110 §2.5)
    uint32_t trailers_size;  ///< bytes of the trailer lines behind body
    std::string_view fields; ///< the header lines, each with its CRLF
    std::string_view body;   ///< chunks joined; or a piece
    size_t head_size;        ///< from the start of data, empty lines before the request and the blank line included
    bool keep_alive;         ///< RFC 9112 §9.3; never behind CONNECT
    bool says_keep_alive;    ///< a Connection says so, which an HTTP/1.1 client need not send; it may say close, too
    bool head;               ///< the method is HEAD
    bool connect;            ///< the method is CONNECT
    bool in_pieces = false;  ///< for the caller: the body comes, or has come, in pieces

    /// The trailer lines, each with its CRLF.
    std::string_view trailers() const { return {body.data() + body.size(), trailers_size}; }
    /// From the request line to the blank line; the body follows it in memory.
    std::string_view raw_head() const { return {method.data(), static_cast<size_t>(body.data() - method.data())}; }
};

class RequestParser {
public:
    RequestParser() : scan_() {}

    /// Continues in data[0, len). kMessage: out is filled, size bytes are consumed, and the parser is ready
    /// for the next request. kContinue: once, behind the head of a request that waits for 100 Continue; size
    /// is 0. kMore: all bytes were looked at; of a chunked body only head, joined data and trailers are left (size).
    /// kFail: failure() says why, and the connection cannot be used further. The outcome is the same with and
    /// without a known head.
    ///
    /// With limits.stream_body a request with a body is kHead, as a message with an empty one, then pieces in out.body,
    /// which may be empty: kPiece, and once kLastPiece. Nothing waits for 100 Continue then: expects_continue() tells.
    Step step(char *data, size_t len, const Limits &limits, Request &out, KnownHead *known = nullptr);

    /// After kFail.
    const Failure &failure() const { return failure_of(error_); }
    /// Inside a request: its first byte has been parsed, its last has not. Empty lines before a request do
    /// not count.
    bool in_message() const { return state_ > State::kEmptyLf; }
    /// The head is complete, the body is not.
    bool in_body() const { return state_ >= State::kFixedBody && state_ != State::kFailed; }
    /// The body comes in pieces, and its head is handed out.
    bool in_pieces() const { return state_ > State::kFailed; }
    /// Bytes of a body in pieces that are known to follow; of a chunked one those of its chunk. 0 behind its last piece.
    uint64_t left() const { return state_ == State::kFixedPieces ? scan_.length : state_ == State::kChunkedPieces ? chunks_.missing() : 0; }
    /// in_pieces(): the client waits for 100 Continue before it sends the body, as far as is known.
    bool expects_continue() const { return (flags_ & kExpect) != 0; }
    void continued() { flags_ = static_cast<uint8_t>(flags_ & ~kExpect); }

private:
    enum class State : uint8_t {
        kStart,
        kEmptyLf, ///< of an empty line before the request
        kMethod,
        kTarget, ///< its first octet
        kScheme,
        kSlashes, ///< the two behind the scheme
        kAuthority,
        kPath,
        kQuery,
        kTargetEnd,
        kVersion,
        kLine, ///< a header line's first octet, or the blank line
        kName,
        kValue,
        kValueLf,
        kBlankLf,
        kHeadEnd,
        kFixedBody,
        kChunkedBody,
        kFailed,
        kFixedPieces,
        kChunkedPieces,
    };
    enum Flag : uint8_t {
        kMinor = 1,
        kAbsolute = 2,
        kHost = 4,
        kLength = 8,
        kChunked = 16,
        kClose = 32,
        kKeepAlive = 64,
        kExpect = 128, ///< 100 Continue, not yet answered
    };
    /// The fields that the parser acts on.
    enum class Field : uint8_t { kOther, kHost, kContentLength, kTransferEncoding, kConnection, kExpect };
    /// State of the head only.
    struct Scan {
        uint64_t length; ///< Content-Length
        uint32_t mark;   ///< where the part being read begins: the slashes, the field name, its value
        uint16_t lines;
        Field field; ///< of the line being read
    };

    const char *refuse(Error error);
    const char *request_line(const char *data, const char *p, const char *end, const Limits &limits);
    const char *empty_line(const char *data, const char *p);
    const char *method(const char *data, const char *p, const char *end, std::string_view allowed);
    const char *target_form(const char *data, const char *p);
    const char *scheme(const char *data, const char *p, const char *end, bool https_targets);
    const char *authority(const char *data, const char *p, const char *end);
    const char *path_or_query(const char *data, const char *p, const char *end);
    const char *version(const char *data, const char *p, const char *end);
    const char *header_lines(const char *data, const char *p, const char *end, size_t max_lines);
    static Field classify(std::string_view name);
    Error take_field(Field field, const char *data, std::string_view line);
    Error take_host(const char *data, std::string_view value);
    Error take_length(std::string_view value);
    Error take_coding(std::string_view value);
    Error take_connection(std::string_view value);
    Error take_expect(std::string_view value);
    Error end_of_head(const Limits &limits);
    [[gnu::always_inline]] Error head(const char *data, size_t len, const Limits &limits, KnownHead *known);
    bool take_known_head(KnownHead &known, const char *data, const char *end, const Limits &limits);
    bool take_known_lines(KnownHead &known, const char *data, const char *p, const char *end, size_t max_lines);
    void remember(KnownHead &known, const char *data) const;
    Step body(char *data, size_t len, const Limits &limits, Request &out);
    Step pieces(char *data, size_t len, const Limits &limits, Request &out);
    Step piece(size_t used, bool last);
    void fill(const char *data, size_t body_size, Request &out) const;
    Step message(const char *data, size_t body_size, size_t used, uint32_t trailers_size, Request &out);

    std::string_view method_of(const char *data) const { return {data + start_, method_size_}; }
    size_t target_begin() const { return size_t{start_} + method_size_ + 1; }
    size_t fields_begin() const { return size_t{target_end_} + sizeof " HTTP/1.1\r\n" - 1; }

    union {
        Scan scan_;           ///< until the end of the head; its length is valid in kFixedBody and kFixedPieces, too
        ChunkDecoder chunks_; ///< kChunkedBody, kChunkedPieces
    };
    uint32_t pos_ = 0; ///< the next octet of the head to parse; then the size of the head
    uint32_t query_ = 0;
    uint32_t target_end_ = 0;
    uint32_t authority_ = 0;
    uint16_t authority_size_ = 0;
    uint8_t start_ = 0; ///< of the request line, behind empty lines
    uint8_t method_size_ = 0;
    uint8_t flags_ = 0;
    uint8_t hex_digits_ = 0; ///< that the percent-encoding being read in the target still lacks
    State state_ = State::kStart;
    Error error_ = Error::kNone;
};

static_assert(sizeof(RequestParser) <= 48, "part of every http connection");

} // namespace wm::http

#endif
