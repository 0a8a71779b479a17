/**
 * @file
 * The opening handshake for clients (RFC 6455 §4.1): writes the request, checks the response. Pure.
 */
#ifndef WM_PROTO_WEBSOCKET_CLIENT_HANDSHAKE_H
#define WM_PROTO_WEBSOCKET_CLIENT_HANDSHAKE_H

#include "proto/http/response_parser.h"
#include "proto/websocket/handshake.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace wm::websocket {

inline constexpr size_t kNonceSize = 16; ///< random bytes of a key

/// nullptr, or the rule that it breaks (static text). These hold for what the host gives.
/// A path with its query: "/chat?room=1" (RFC 3986 §3.3, §3.4).
const char *check_target(std::string_view target);
/// Header lines "Name: value\r\n". Those that the handshake itself writes are refused, but for Host.
const char *check_request_fields(std::string_view fields);
/// A list of tokens of which none is there twice, the preferred one first: "chat, superchat"; empty: none.
const char *check_protocols(std::string_view protocols);

/// The request of a client, whose key changes with each connection.
class ClientRequest {
public:
    /// All have been checked. authority: the value of Host, unless fields have one.
    ClientRequest(std::string_view target, std::string_view authority, std::string_view protocols, std::string_view fields);

    /// Makes a key of those bytes, which are random, and returns the request.
    std::string_view write(const unsigned char nonce[kNonceSize]);
    /// The key of the last write().
    std::string_view key() const { return std::string_view(bytes_).substr(key_at_, kKeySize); }
    const std::string &protocols() const { return protocols_; }

private:
    std::string bytes_;
    size_t key_at_;
    std::string protocols_;
};

/// Checks a response with status 101; nullptr, or the rule that it breaks (static text). `chosen` becomes the
/// subprotocol, empty if the server has chosen none. Its extensions are for check_deflate_answer().
const char *check_response(const http::Response &response, std::string_view key, std::string_view protocols, std::string_view &chosen);

/// Says what a response with another status means; body: the first bytes of it.
std::string refusal_text(const http::Response &response, std::string_view body);

} // namespace wm::websocket

#endif
