/**
 * @file
 * The inner port: each line is a push in JSON, each answer `ok` or `fail`, in order; with "wm":{"reply":"json"} a JSON object follows.
 */
#ifndef WM_SERVE_LINE_PORT_H
#define WM_SERVE_LINE_PORT_H

#include "wm/wm.h"

#include <cstdint>

namespace wm::serve {

class InnerSecret;
class PushTarget;

/// Sets options and callbacks of a text worker. A line over max_line is answered with fail. With a secret, which is borrowed, back ends
/// prove themselves first. On false, wm_last_error has the detail.
bool setup_line_port(wm_worker *worker, PushTarget &target, int64_t max_line, const InnerSecret *secret = nullptr);

} // namespace wm::serve

#endif
