/**
 * @file
 * The state of an HTTP connection, or of a websocket in its handshake: the parser and the unanswered
 * requests. Owned by the connection; the app's thread.
 */
#ifndef WM_SESSION_HTTP_SESSION_H
#define WM_SESSION_HTTP_SESSION_H

#include "conn/endpoint.h"
#include "proto/http/request_parser.h"
#include "proto/websocket/extensions.h"
#include "session/codecs.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace wm {

struct AccessSession;
struct HttpRequest;

/// The rest of a piece of a body, while the host takes no more of it: octets that the parser has been fed. They begin the tail.
struct HeldPiece {
    size_t body = 0;   ///< octets of the body; 0: no piece is held
    size_t behind = 0; ///< octets behind these up to the next piece, trailers included
    uint32_t trailers_size = 0;
    StepKind kind = StepKind::kPiece;

    /// Holds the last `left` octets of the body of a piece that ends before `end`. Returns how far in front of that they begin.
    size_t hold(const char *end, const http::Request &piece, size_t left, StepKind of)
    {
        *this = {left, static_cast<size_t>(end - piece.body.data()) - piece.body.size(), piece.trailers_size, of};
        return body + behind;
    }
    /// The step that the parser would take at data, if the piece began there.
    Step take(const char *data, http::Request &out)
    {
        out.body = {data, body};
        out.trailers_size = trailers_size;
        return {kind, std::exchange(body, 0) + behind, 0};
    }
};

struct HttpSession {
    http::RequestParser parser;
    HttpRequest *first = nullptr; ///< the oldest request that is unanswered, or whose answer is stored
    HttpRequest *last = nullptr;
    HttpRequest *current = nullptr;   ///< the request of the running message callback
    HttpRequest *receiving = nullptr; ///< the last one, while its body comes in pieces; nullptr: it is answered, or there is none
    size_t stored = 0;                ///< bytes of answers that wait for earlier answers
    size_t kept = 0;                  ///< bytes of the copies of wm_request_keep
    HeldPiece held;                   ///< of the body of `receiving`, or of one whose request is answered
    uint32_t count = 0;               ///< of the requests from first to last
    uint64_t arrived = 0;             ///< Connection::bytes_read when the time of body_timeout_ms began
    uint32_t discard_left = 0;        ///< bytes of a body in pieces that are read though the host has answered
    bool body_timed = false;          ///< phase_deadline is that of a body, not of a head
    bool continue_due = false;        ///< 100 Continue waits for earlier answers
    bool more_behind = false;         ///< during a message callback: bytes follow its request
    bool head_method = false;         ///< of the request at the front of the tail: its method is HEAD, so an answer to it has no body
    websocket::DeflateTerms deflate;  ///< of a websocket's handshake that waits for its verdict
    AccessSession *access = nullptr;  ///< owned; nullptr: its requests are not logged

    /// Requests that are owed an answer also when nothing more comes: all but one whose body is not complete.
    uint32_t owed() const { return count - (receiving != nullptr); }
};

/// The session of a connection whose codec is kHttpCodec or kHandshakeCodec.
inline HttpSession &http_session(Connection &conn)
{
    return *conn.codec_state.as<HttpSession *>();
}
inline const HttpSession &http_session(const Connection &conn)
{
    return *conn.codec_state.as<HttpSession *>();
}
inline bool has_http_session(const Connection &conn)
{
    return conn.codec == static_cast<uint8_t>(CodecRow::kHttp) || conn.codec == static_cast<uint8_t>(CodecRow::kHandshake);
}

/// What the endpoint's options let the parser take, for bodies of at most max_message bytes.
inline http::Limits http_limits(const Connection &conn, int64_t max_message)
{
    const EndpointOptions &options = conn.owner->options;
    return {static_cast<size_t>(options.max_header_bytes), static_cast<size_t>(options.max_headers), static_cast<size_t>(max_message),
            options.methods, (conn.flags & (kTrustedPeer | kClientTls)) || conn.io};
}

/// Runs the deadline of what is arriving: of a head, all of handshake_timeout_ms from its first octet; of a body, one time of
/// body_timeout_ms after another, while the client has no reason to wait. another: the time begins anew.
void watch_arrival(Connection &conn, bool another);
/// Logs that what is no request is a client that begins TLS, on a port without it.
void note_tls_hello(const Connection &conn, std::string_view seen);
/// Whether the tail holds part of a request.
bool holds_part_of_request(const Connection &conn);
/// Whether an incomplete request has method HEAD, whose answer has no body.
bool begins_with_head(std::string_view seen);

/// Codec::begin, Codec::end and Codec::turn_away.
bool begin_http_session(Connection &conn);
void end_http_session(Connection &conn);
void turn_away_request(Connection &conn, const char *text);

} // namespace wm

#endif
