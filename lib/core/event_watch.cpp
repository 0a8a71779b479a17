#include "core/event_watch.h"

#include "core/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <type_traits>

namespace wm {

struct EventWatch::Layout {
    static_assert(sizeof(EventWatch) == sizeof(struct event));
    static_assert(std::alignment_of_v<EventWatch> == std::alignment_of_v<struct event>);
    static_assert(kFlagsOffset == offsetof(struct event, ev_evcallback.evcb_flags));
    static_assert(std::is_same_v<decltype(event_callback::evcb_flags), short>);
    static_assert(std::is_same_v<Callback, event_callback_fn>);
    static_assert(kInserted == EVLIST_INSERTED);
};

bool EventWatch::arm(Loop &loop, int fd, Callback callback, void *owner)
{
    struct event *event = reinterpret_cast<struct event *>(event_);
    event_assign(event, loop.base(), fd, EV_READ | EV_PERSIST, callback, owner);
    return event_add(event, nullptr) == 0;
}

void EventWatch::disarm()
{
    if (armed())
        event_del(reinterpret_cast<struct event *>(event_));
}

} // namespace wm
