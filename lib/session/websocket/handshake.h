/**
 * @file
 * The host's answer to a websocket's opening handshake. The app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_HANDSHAKE_H
#define WM_SESSION_WEBSOCKET_HANDSHAKE_H

#include "session/http/requests.h"

#include <string_view>

namespace wm {

class Reactor;

/// 0, WM_ECLOSED when the request is not a pending handshake, or WM_EINVAL for bad header lines.
int accept_handshake(HttpRequest &request, std::string_view fields);
/// Makes a websocket of an open http connection, in answer to its only request: 0, WM_ECLOSED, WM_ESTATE, WM_EPROTOCOL for a request that
/// is no websocket handshake, WM_EINVAL for bad header lines, or WM_ENOMEM. The request's slices are readable.
int upgrade_request(HttpRequest &request, std::string_view fields);
/// Answers with status (300-599) and a plain body, and closes.
int reject_handshake(Reactor &reactor, HttpRequest &request, int status, std::string_view fields, std::string_view body);

} // namespace wm

#endif
