/**
 * @file
 * Interest in one descriptor: level-triggered, persistent. The owner keeps a Watch in place while it is
 * armed. The loop's thread.
 *
 * Every connection has one, so it is exactly libevent's event: kept as bytes, because this header reaches all
 * of lib/ and libevent's does not. watch.cpp asserts the layout.
 */
#ifndef WM_CORE_WATCH_H
#define WM_CORE_WATCH_H

#include "core/log.h"

#include <cstddef>
#include <cstring>
#include <exception>

namespace wm {

class Loop;

class Watch {
public:
    Watch() = default;
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    /// Calls kFunction(owner) whenever fd is readable, until disarm(). True also when the watch is armed
    /// already.
    template <auto kFunction, class Owner> bool arm_read(Loop &loop, int fd, Owner *owner)
    {
        return armed() || arm(loop, fd, kRead, &Watch::fire<kFunction, Owner>, owner);
    }
    template <auto kFunction, class Owner> bool arm_write(Loop &loop, int fd, Owner *owner)
    {
        return armed() || arm(loop, fd, kWrite, &Watch::fire<kFunction, Owner>, owner);
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
    static constexpr short kRead = 0x02;
    static constexpr short kWrite = 0x04;

    struct Layout; // the assertions

    bool arm(Loop &loop, int fd, short events, Callback callback, void *owner);

    template <auto kFunction, class Owner> static void fire(int, short, void *owner)
    {
        // libevent is C: an exception must not pass through it. The library throws none here: what may fail is
        // reserved before, or fails on the spot. A callback of the host may.
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
