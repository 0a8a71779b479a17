/**
 * @file
 * Pages and http at one address: a request that asks for a websocket goes to the page port, all others to the http port.
 */
#ifndef WM_SERVE_ONE_PORT_H
#define WM_SERVE_ONE_PORT_H

#include "wm/wm.h"

namespace wm::serve {

class PushServer;

/// Sets callbacks of an http worker that has the options of the page port, and those of http on its connections. On false, wm_last_error
/// has the detail.
bool setup_one_port(wm_worker *worker, PushServer &server);

} // namespace wm::serve

#endif
