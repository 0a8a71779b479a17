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

#include <cstdint>

namespace wm::serve {

class PushServer;

inline constexpr int64_t kHttpIdleMs = 75000; ///< a connection without a request ends

/// Sets options and callbacks of an http worker. On false, wm_last_error has the detail.
bool setup_http_port(wm_worker *worker, PushServer &server);
/// Answers the request of a message callback.
void answer_request(PushServer &server, wm_conn conn, wm_request request);

} // namespace wm::serve

#endif
