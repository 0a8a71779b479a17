/**
 * @file
 * The addresses of clients: those of servers, and of websockets, which may have a path and a query (RFC 6455 §3).
 */
#ifndef WM_SESSION_CLIENT_ADDRESS_H
#define WM_SESSION_CLIENT_ADDRESS_H

#include "net/address.h"
#include "session/schemes.h"

#include <string>

namespace wm {

struct ClientAddress : Address {
    std::string target;        ///< of a websocket: path and query; "/" if there is none
    bool default_port = false; ///< of a websocket: none was given, so it hangs on TLS

    /// 0, or WM_EADDRESS with the nearest valid form in the detail.
    int parse(const char *address, const Scheme &row);
    /// The value of Host: without the default port of the scheme (RFC 9110 §7.2); "localhost" for a unix socket.
    std::string authority(bool tls) const;

private:
    int parse_websocket(const char *address);
};

} // namespace wm

#endif
