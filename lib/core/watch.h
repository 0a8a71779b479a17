/**
 * @file
 * Interest in one descriptor: level-triggered, persistent, in the loop's own epoll set. The owner keeps a Watch in
 * place while it is watched, and changes it through the loop (Loop::watch, Loop::unwatch). The loop's thread.
 *
 * Every connection has one, so it is small. What is rare and needs libevent is an EventWatch (event_watch.h).
 */
#ifndef WM_CORE_WATCH_H
#define WM_CORE_WATCH_H

#include <cstdint>

namespace wm {

class Watch {
public:
    /// The values are epoll's (epoll_ctl(2)).
    enum Interest : uint32_t {
        kRead = 0x001,
        kWrite = 0x004,
        kReadExclusive = kRead | 1u << 28, ///< wakes one or more of the processes that share the descriptor, not all
    };

    Watch() = default;
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    /// Sets the descriptor, and that kFunction(owner, what of kRead and kWrite is ready) is called for it. Not while watched.
    template <auto kFunction, class Owner> void attach(int fd, Owner *owner)
    {
        fd_ = fd;
        owner_ = owner;
        call_ = [](void *to, uint32_t ready) { kFunction(static_cast<Owner *>(to), ready); };
    }
    bool watches(Interest what) const { return interest_ & what; }

private:
    friend class Loop;

    void (*call_)(void *owner, uint32_t ready) = nullptr;
    void *owner_ = nullptr;
    int fd_ = -1;
    uint32_t interest_ = 0;
};

} // namespace wm

#endif
