#include "core/watch.h"

#include "core/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <type_traits>

namespace wm {

struct Watch::Layout {
    static_assert(sizeof(Watch) == sizeof(struct event));
    static_assert(std::alignment_of_v<Watch> == std::alignment_of_v<struct event>);
    static_assert(kFlagsOffset == offsetof(struct event, ev_evcallback.evcb_flags));
    static_assert(std::is_same_v<decltype(event_callback::evcb_flags), short>);
    static_assert(std::is_same_v<Callback, event_callback_fn>);
    static_assert(kInserted == EVLIST_INSERTED && kRead == EV_READ && kWrite == EV_WRITE);
};

bool Watch::arm(Loop &loop, int fd, short events, Callback callback, void *owner)
{
    struct event *event = reinterpret_cast<struct event *>(event_);
    event_assign(event, loop.base(), fd, static_cast<short>(events | EV_PERSIST), callback, owner);
    return event_add(event, nullptr) == 0;
}

void Watch::disarm()
{
    if (armed())
        event_del(reinterpret_cast<struct event *>(event_));
}

} // namespace wm
