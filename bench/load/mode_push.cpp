// Push by uid: pages on a websocket port, lines on an inner port.

#include "modes.h"
#include "push_run.h"

namespace wm::load {

int run_push(const Options &options)
{
    return PushRun(options).run();
}

} // namespace wm::load
