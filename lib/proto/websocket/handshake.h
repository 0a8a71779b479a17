/**
 * @file
 * The opening handshake for servers (RFC 6455 §4.2): checks a parsed request, writes the answer. Pure.
 */
#ifndef WM_PROTO_WEBSOCKET_HANDSHAKE_H
#define WM_PROTO_WEBSOCKET_HANDSHAKE_H

#include "proto/http/request_parser.h"

#include <cstddef>
#include <string_view>

namespace wm::websocket {

inline constexpr size_t kKeySize = 24; ///< 16 bytes in base64
inline constexpr size_t kAcceptSize = 28;
/// The size of an answer without the header lines of the host.
inline constexpr size_t kAnswerSize = 160;

struct Handshake {
    int status;       ///< 101, or the status of the refusal
    const char *text; ///< the rule that the request breaks
    char accept[kAcceptSize];
};

/// The Sec-WebSocket-Accept value that answers a key (RFC 6455 §4.2.2).
void make_accept(std::string_view key, char out[kAcceptSize]);

/// Checks a request; if status is 101, accept holds the Sec-WebSocket-Accept value (RFC 6455 §4.2.2).
Handshake check_handshake(const http::Request &request);

/// Writes the 101 answer with the line that accepts an extension, or none, and header lines of the host ("Name: value\r\n" each, checked
/// by the caller) into out of at least kAnswerSize + extension.size() + fields.size() bytes; returns its length.
size_t write_answer(char *out, const char accept[kAcceptSize], std::string_view extension, std::string_view fields);

} // namespace wm::websocket

#endif
