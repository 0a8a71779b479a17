/**
 * @file
 * The http port of the push server: GET / is a page to try it on, POST /push takes what the inner port takes.
 *
 * A web page that somebody visits must not be able to push: requests that another origin caused, or that come by a name
 * which is not this server's (DNS rebinding), are refused.
 */
#ifndef WM_SERVE_HTTP_PORT_H
#define WM_SERVE_HTTP_PORT_H

#include "wm/wm.h"

namespace wm::serve {

class PushServer;

/// Sets options and callbacks of an http worker. False: the detail is in wm_last_error.
bool setup_http_port(wm_worker *worker, PushServer &server);

} // namespace wm::serve

#endif
