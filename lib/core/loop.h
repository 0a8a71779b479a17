/**
 * @file
 * The event loop: libevent's base with raw events, one eventfd to wake it and one timerfd for all deadlines.
 *
 * One thread, but wake(). A Watch is the interest in one descriptor; its owner keeps it in place while it is armed.
 */
#ifndef WM_CORE_LOOP_H
#define WM_CORE_LOOP_H

#include <atomic>
#include <cstdint>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <exception>
#include <string>

namespace wm {

class Loop;

/// Interest in one descriptor: level-triggered, persistent. As large as libevent's event: every connection has one.
class Watch {
public:
    Watch() = default;
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    /// Has kFunction(owner) called whenever fd can be read; true also when that is so already.
    template <auto kFunction, class Owner> bool arm_read(Loop &loop, int fd, Owner *owner)
    {
        return armed() || arm(loop, fd, EV_READ, &Watch::fire<kFunction, Owner>, owner);
    }
    template <auto kFunction, class Owner> bool arm_write(Loop &loop, int fd, Owner *owner)
    {
        return armed() || arm(loop, fd, EV_WRITE, &Watch::fire<kFunction, Owner>, owner);
    }
    void disarm();
    bool armed() const { return event_.ev_evcallback.evcb_flags & EVLIST_INSERTED; }

private:
    bool arm(Loop &loop, int fd, short events, event_callback_fn function, void *owner);
    static void dropped(int fd, const char *why);

    template <auto kFunction, class Owner> static void fire(int fd, short, void *owner)
    {
        // libevent is C: an exception must not pass through it. Allocation on these paths is checked by hand where a peer can
        // drive it, so what arrives here is memory at its very end.
        try {
            kFunction(static_cast<Owner *>(owner));
        } catch (const std::exception &error) {
            dropped(fd, error.what());
        }
    }

    struct event event_ = {};
};

static_assert(sizeof(Watch) == 128);

class Loop {
public:
    using Function = void (*)(void *owner);

    Loop() = default;
    Loop(const Loop &) = delete;
    Loop &operator=(const Loop &) = delete;
    ~Loop() { close(); }

    /// Opens the base and the two descriptors; 0 or a WM_E... code with its detail.
    int open(Function on_wake, Function on_due, void *owner);
    void close();
    bool is_open() const { return base_; }

    /// Waits up to timeout_ms (-1: no limit) and runs what is ready. Returns at once after break_turn().
    void turn(int64_t timeout_ms);
    void break_turn();

    /// Ends the wait of turn(), from any thread.
    void wake();

    /// Has on_due called at that time of the monotonic clock; kNever: not at all.
    void set_due(int64_t due_ms);
    static constexpr int64_t kNever = INT64_MAX;

    /// The monotonic clock, read once a turn.
    int64_t now_ms()
    {
        if (!now_fresh_)
            update_now();
        return now_ms_;
    }
    void update_now();

    /// The base's own epoll descriptor, or a WM_E... code.
    int fd();

    /// Keeps in *since_ms since when the events of a turn have been dispatched; 0 while it waits. nullptr: no more.
    void report_dispatch(std::atomic<int64_t> *since_ms) { dispatching_ = since_ms; }
    /// The host waits in a loop of its own until the next turn, for all that is known here.
    void report_idle();
    /// As if a turn dispatched, from now on.
    void report_busy();

    /// "epoll, libevent 2.1.12-stable".
    std::string describe() const;

    /// In a child of fork(2): gives it up without a change to what the parent watches.
    void abandon();

    struct event_base *base() { return base_; }

private:
    static void drain_wake(Loop *self);
    static void drain_due(Loop *self);
    static void timed_out(int fd, short events, void *loop);

    struct event_base *base_ = nullptr;
    struct event timeout_;
    Watch wake_watch_;
    Watch due_watch_;
    Function on_wake_ = nullptr;
    Function on_due_ = nullptr;
    void *owner_ = nullptr;
    int64_t now_ms_ = 0;
    bool now_fresh_ = false;
    bool waiting_ = false; ///< as said in *dispatching_
    std::atomic<int64_t> *dispatching_ = nullptr;
    int64_t armed_due_ms_ = kNever;
    int wake_fd_ = -1;
    int due_fd_ = -1;
    int epoll_fd_ = -1;
};

} // namespace wm

#endif
