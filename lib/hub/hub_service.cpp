#include "hub/hub_service.h"

#include "hub/engine/settings_text.h"
#include "hub/exchange.h"
#include "hub/router/limits.h"

namespace wm {

namespace {

Exchange &exchange_of(const App &app)
{
    return static_cast<Exchange &>(*app.peers);
}

bool is_needed(const App &app, size_t processes)
{
    return processes > 1 || exchange_of(app).has_engine();
}

int make_settings(const App &app, uint64_t machine, std::string &out)
{
    EngineSettings settings;
    int result = exchange_of(app).engine(settings);
    settings.node = machine;
    if (result == 0 && !settings.url.empty())
        out = write_settings(settings);
    wipe(settings);
    return result;
}

/// Links arrive from the master, and the exchange does all the rest.
int start(App &app, void *)
{
    return exchange_of(app).take_settings();
}

} // namespace

Service hub_service()
{
    return {"hub", start, nullptr, is_needed, "wm-hub", router::kMaxProcesses, true, make_settings};
}

} // namespace wm
