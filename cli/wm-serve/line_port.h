/**
 * @file
 * The inner port: one JSON line a push, `ok` or `fail` a line, in order.
 */
#ifndef WM_SERVE_LINE_PORT_H
#define WM_SERVE_LINE_PORT_H

#include "wm/wm.h"

namespace wm::serve {

class PushServer;

/// Sets the callbacks of a text worker. False: the detail is in wm_last_error.
bool setup_line_port(wm_worker *worker, PushServer &server);

} // namespace wm::serve

#endif
