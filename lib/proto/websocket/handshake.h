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
/// The size of an answer without its subprotocol and the header lines of the host.
inline constexpr size_t kAnswerSize = 192;

struct Handshake {
    int status;       ///< 101, or the status of the refusal
    const char *text; ///< the rule that the request breaks
    char accept[kAcceptSize];
};

/// The Sec-WebSocket-Accept value that answers a key (RFC 6455 §4.2.2).
void make_accept(std::string_view key, char out[kAcceptSize]);

/// Checks a request; if status is 101, accept holds the Sec-WebSocket-Accept value (RFC 6455 §4.2.2).
Handshake check_handshake(const http::Request &request);

/// The first of `preferred`, a list with commas, that the request's fields offer (RFC 6455 §4.2.2); empty: none.
std::string_view choose_protocol(std::string_view preferred, std::string_view fields);

/// Checks header lines of the host for the 101 answer. The subprotocol that they choose becomes `protocol`, which stays as it is where they
/// choose none. nullptr, or the rule that they break (static text).
const char *check_answer_fields(std::string_view fields, std::string_view &protocol);

/// Writes the 101 answer with the line that accepts an extension, or none, the subprotocol, or none, and header lines of the host
/// ("Name: value\r\n" each, checked, which may have the subprotocol) into out of at least kAnswerSize bytes and those of the three texts;
/// returns its length.
size_t write_answer(char *out, const char accept[kAcceptSize], std::string_view extension, std::string_view protocol,
                    std::string_view fields);

} // namespace wm::websocket

#endif
