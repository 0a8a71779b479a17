/**
 * @file
 * Interest in one descriptor through libevent's base, which is itself one descriptor of the loop's epoll set. For what
 * is rare; a socket of the data path is a Watch (watch.h). The owner keeps it in place while it is armed. The loop's
 * thread.
 *
 * It is exactly libevent's event, kept as bytes, because no header of lib/ includes libevent's. event_watch.cpp
 * asserts the layout.
 */
#ifndef WM_CORE_EVENT_WATCH_H
#define WM_CORE_EVENT_WATCH_H

#include "core/log.h"

#include <cstddef>
#include <cstring>
#include <exception>

namespace wm {

class Loop;

class EventWatch {
public:
    EventWatch() = default;
    EventWatch(const EventWatch &) = delete;
    EventWatch &operator=(const EventWatch &) = delete;

    /// Calls kFunction(owner) whenever fd is readable, until disarm(). True also when it is armed already. The loop's
    /// base must be open.
    template <auto kFunction, class Owner> bool arm_read(Loop &loop, int fd, Owner *owner)
    {
        return armed() || arm(loop, fd, &EventWatch::fire<kFunction, Owner>, owner);
    }
    void disarm();
    bool armed() const
    {
        short flags;
        memcpy(&flags, event_ + kFlagsOffset, sizeof flags);
        return flags & kInserted;
    }

private:
    using Callback = void (*)(int fd, short events, void *owner);

    static constexpr size_t kSize = 128;
    static constexpr size_t kFlagsOffset = 16;
    static constexpr short kInserted = 0x02;

    struct Layout; // the assertions

    bool arm(Loop &loop, int fd, Callback callback, void *owner);

    template <auto kFunction, class Owner> static void fire(int, short, void *owner)
    {
        // libevent is C: an exception must not pass through it.
        try {
            kFunction(static_cast<Owner *>(owner));
        } catch (const std::exception &error) {
            log_exception("a callback", error.what());
        }
    }

    alignas(void *) unsigned char event_[kSize] = {};
};

} // namespace wm

#endif
