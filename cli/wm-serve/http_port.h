/**
 * @file
 * The http port of the push server: GET / serves a test page, POST /push accepts the same objects as the inner port,
 * POST /ticket issues a ticket.
 *
 * A foreign web page in the user's browser must not be able to push: requests from another origin, and requests whose Host is not a
 * name of this server (DNS rebinding), are refused.
 */
#ifndef WM_SERVE_HTTP_PORT_H
#define WM_SERVE_HTTP_PORT_H

#include "wm/wm.h"

namespace wm::serve {

class PushServer;

/// Sets options and callbacks of an http worker. On false, wm_last_error has the detail.
bool setup_http_port(wm_worker *worker, PushServer &server);

} // namespace wm::serve

#endif
