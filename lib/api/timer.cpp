#include "wm/timer.h"

#include "api/guard.h"
#include "worker/timers.h"

using namespace wm;

namespace {
constexpr int64_t kLongest = int64_t{1} << 40; // 34 years in ms
}

wm_timer wm_timer_add(wm_app *app, int64_t delay_ms, int64_t repeat_ms, wm_timer_fn fn, void *user, wm_destroy_fn destroy)
{
    wm_timer timer = 0;
    auto add = [&](App &self) {
        if (delay_ms < 0 || repeat_ms < 0 || delay_ms > kLongest || repeat_ms > kLongest)
            return fail(WM_EINVAL, "a timer's times are from 0 to %lld ms", static_cast<long long>(kLongest));
        timer = self.timers->add(delay_ms, repeat_ms, fn, user, destroy);
        return 0;
    };
    noted(app_of(app), {__func__}, with_app(app, add));
    return timer;
}

int wm_timer_del(wm_timer timer)
{
    Id id = unpack_id(timer);
    App *app = App::of_this_thread(id.app);
    if (!app || id.kind != IdKind::kTimer)
        return timer == 0 ? fail(WM_ECLOSED, "no such timer") : why_not_found(id.app, "no such timer");
    return guarded([&] { return app->timers->remove(id.slot, id.generation); });
}
