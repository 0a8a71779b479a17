#include "wm/watch.h"

#include "api/guard.h"
#include "worker/signal_handlers.h"
#include "worker/watches.h"

using namespace wm;

namespace {

int check_events(int32_t events)
{
    bool known = (events & ~(WM_WATCH_READ | WM_WATCH_WRITE)) == 0;
    return known ? 0 : fail(WM_EINVAL, "events %#x are not WM_WATCH_READ and WM_WATCH_WRITE", static_cast<unsigned>(events));
}

/// Calls body(app, slot, generation) for an id of that kind, on its app's thread.
template <class Body> int with_id(uint64_t id, IdKind kind, const char *text, Body body)
{
    Id parts = unpack_id(id);
    App *app = App::of_this_thread(parts.app);
    if (!app || parts.kind != kind)
        return id == 0 ? fail(WM_ECLOSED, "%s", text) : why_not_found(parts.app, text);
    return guarded([&] { return body(*app, parts.slot, parts.generation); });
}

} // namespace

wm_watch wm_watch_add(wm_app *app, int fd, int32_t events, wm_watch_fn fn, void *user, wm_destroy_fn destroy)
{
    wm_watch watch = 0;
    auto add = [&](App &self) {
        if (int wrong = check_events(events))
            return wrong;
        return self.watches->add(fd, events, fn, user, destroy, &watch);
    };
    noted(app_of(app), {__func__}, with_app(app, add));
    return watch;
}

int wm_watch_set(wm_watch watch, int32_t events)
{
    if (int wrong = check_events(events))
        return wrong;
    return with_id(watch, IdKind::kWatch, "no such watch",
                   [&](App &app, uint32_t slot, uint32_t generation) { return app.watches->set(slot, generation, events); });
}

int wm_watch_del(wm_watch watch)
{
    return with_id(watch, IdKind::kWatch, "no such watch",
                   [&](App &app, uint32_t slot, uint32_t generation) { return app.watches->remove(slot, generation); });
}

wm_signal wm_signal_add(wm_app *app, int32_t number, wm_signal_fn fn, void *user, wm_destroy_fn destroy)
{
    wm_signal signal = 0;
    auto add = [&](App &self) { return self.signals->add(number, fn, user, destroy, &signal); };
    noted(app_of(app), {__func__}, with_app(app, add));
    return signal;
}

int wm_signal_del(wm_signal signal)
{
    return with_id(signal, IdKind::kSignal, "no such signal registration",
                   [&](App &app, uint32_t slot, uint32_t generation) { return app.signals->remove(slot, generation); });
}
