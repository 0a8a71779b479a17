/**
 * @file
 * What a connection that speaks HTTP, or whose handshake is not done, has of its own: the parser, and its unanswered requests. The app's
 * thread.
 */
#ifndef WM_SESSION_HTTP_SESSION_H
#define WM_SESSION_HTTP_SESSION_H

#include "conn/connection.h"
#include "proto/http/request_parser.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

struct HttpSession {
    static constexpr uint32_t kNone = UINT32_MAX;

    http::RequestParser parser;
    uint32_t first = kNone; ///< the oldest unanswered request, in the app's table
    uint32_t last = kNone;
    uint32_t count = 0;
    size_t stored = 0;         ///< bytes of answers that wait for those before them
    uint32_t current = kNone;  ///< of the message callback that is running
    bool continue_due = false; ///< 100 Continue waits for the answers before it
    bool more_behind = false;  ///< while a message callback is running: bytes follow its request
};

/// Of a connection whose codec is kHttpCodec or kHandshakeCodec.
inline HttpSession &http_session(Connection &conn)
{
    return *conn.codec_state.as<HttpSession *>();
}
inline const HttpSession &http_session(const Connection &conn)
{
    return *conn.codec_state.as<HttpSession *>();
}
bool has_http_session(const Connection &conn);

/// Whether the tail holds part of a request.
bool holds_part_of_request(const Connection &conn);
/// Whether bytes that were not parsed to the end of a request begin one with method HEAD, whose answer has no body.
bool begins_with_head(std::string_view seen);

/// Codec::begin and Codec::end.
bool begin_http_session(Connection &conn);
void end_http_session(Connection &conn);

} // namespace wm

#endif
