// Broadcast: a line goes to every page; a message is one page's delivery.

#include "modes.h"
#include "push_run.h"

namespace wm::load {

int run_broadcast(const Options &options)
{
    return PushRun(options).run();
}

} // namespace wm::load
