/**
 * @file
 * The subprotocol of a websocket that a worker accepts (RFC 6455 §1.9): chosen from option ws_subprotocols, or by the host's own header
 * lines; kept with the connection. The app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_SUBPROTOCOL_H
#define WM_SESSION_WEBSOCKET_SUBPROTOCOL_H

#include "conn/connection.h"

#include <string_view>

namespace wm {

/// Chooses by what the fields of a request offer: 0; WM_EPROTOCOL where none matches and option ws_subprotocol_required is 1; WM_ENOMEM.
int choose_subprotocol(Connection &conn, std::string_view fields);
/// Sets the one that the answer says, which may be the chosen one: 0 or WM_ENOMEM.
int set_subprotocol(Connection &conn, std::string_view protocol);
/// The chosen one; empty: none.
std::string_view subprotocol_of(const Connection &conn);

} // namespace wm

#endif
