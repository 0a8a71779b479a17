/**
 * @file
 * The inner port: one JSON line a push, `ok` or `fail` a line, in order.
 */
#ifndef WM_SERVE_LINE_PORT_H
#define WM_SERVE_LINE_PORT_H

#include "wm/wm.h"

#include <cstdint>

namespace wm::serve {

class PushTarget;

/// Sets options and callbacks of a text worker. A line over max_line answers fail. False: the detail is in wm_last_error.
bool setup_line_port(wm_worker *worker, PushTarget &target, int64_t max_line);

} // namespace wm::serve

#endif
