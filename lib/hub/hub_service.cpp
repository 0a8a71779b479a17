#include "hub/hub_service.h"

#include "hub/router/limits.h"

namespace wm {

namespace {

bool is_needed(const App &, size_t processes)
{
    return processes > 1;
}

/// Links arrive from the master, and the exchange does all the rest.
int start(App &, void *)
{
    return 0;
}

} // namespace

Service hub_service()
{
    return {"hub", start, nullptr, is_needed, "wm-hub", router::kMaxProcesses, true};
}

} // namespace wm
