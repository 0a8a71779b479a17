/**
 * @file
 * What a websocket client's connections begin with, and what the server answered. Owned by the client; the app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_CLIENT_H
#define WM_SESSION_WEBSOCKET_CLIENT_H

#include "proto/websocket/client_handshake.h"
#include "proto/websocket/extensions.h"

#include <optional>
#include <string>

namespace wm {

/// Endpoint::codec_settings of CodecRow::kWebsocketRequest.
struct WebsocketClient {
    websocket::ClientRequest request;
    std::optional<websocket::DeflateWish> deflate; ///< what the request asks for
    std::string fields;                            ///< header lines of the last 101
    std::string subprotocol;                       ///< that it chose; empty: none
};

} // namespace wm

#endif
