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
        kReadExclusive =
            kRead | 1u << 28, ///< wakes the first of the processes that share the descriptor and wait, not all (EPOLLEXCLUSIVE)
    };

    Watch() = default;
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    int fd() const { return fd_; }
    bool watches(Interest what) const { return interest_ & what; }
    bool watches_exclusively() const { return interest_ == kReadExclusive; }

protected:
    using Call = void (*)(Watch &watch, uint32_t ready);

    /// Sets the descriptor, and what is called with what of kRead and kWrite is ready. Not while watched.
    void attach(int fd, Call call)
    {
        fd_ = fd;
        call_ = call;
    }

private:
    friend class Loop;

    Call call_ = nullptr;
    int fd_ = -1;
    uint32_t interest_ = 0;
};

/// A watch that is a member of its owner. (A connection derives from Watch: it has one, and is many.)
template <class Owner> class WatchOf : public Watch {
public:
    /// Has kFunction(owner, what is ready) called.
    template <auto kFunction> void attach(int fd, Owner *owner)
    {
        owner_ = owner;
        Watch::attach(fd, [](Watch &self, uint32_t ready) { kFunction(static_cast<WatchOf &>(self).owner_, ready); });
    }

private:
    Owner *owner_ = nullptr;
};

} // namespace wm

#endif
