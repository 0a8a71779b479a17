/**
 * @file
 * The event loop: an epoll set of its own, with one eventfd to wake it, one timerfd for all deadlines, and libevent's
 * base as one more descriptor when something needs it.
 *
 * One thread, except wake().
 */
#ifndef WM_CORE_LOOP_H
#define WM_CORE_LOOP_H

#include "core/event_base.h"
#include "core/watch.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <sys/epoll.h>

namespace wm {

class Loop {
public:
    using Function = void (*)(void *owner);

    Loop() = default;
    Loop(const Loop &) = delete;
    Loop &operator=(const Loop &) = delete;
    ~Loop() { close(); }

    /// Opens the epoll set and the two descriptors. 0, or a WM_E... code with its detail.
    int open(Function on_wake, Function on_due, void *owner);
    void close();
    bool is_open() const { return epoll_fd_ >= 0; }

    /// Adds to what an attached watch waits for; false, with errno, when the kernel refuses.
    bool watch(Watch &watch, Watch::Interest what) { return set_interest(watch, watch.interest_ | what); }
    /// Takes away of it. A watch that waits for nothing is not called, not even for what was ready before.
    void unwatch(Watch &watch, uint32_t what = Watch::kReadExclusive | Watch::kWrite) { set_interest(watch, watch.interest_ & ~what); }

    /// Waits up to timeout_ms (-1: no limit) and dispatches what is ready. Returns at once after
    /// break_turn(): what is left comes first in the next turn.
    void turn(int64_t timeout_ms);
    void break_turn() { broken_ = true; }

    /// Ends the wait of turn(), from any thread.
    void wake();
    /// The eventfd by which wake() does that, for a signal handler.
    int wake_fd() const { return wake_fd_; }

    /// Sets when on_due is called, in the time of the monotonic clock; kNever: not at all.
    void set_due(int64_t due_ms);
    /// What is due has moved, and set_due() is to be called before the next wait. So it has when on_due is called.
    void move_due() { due_moved_ = true; }
    bool due_moved() const { return due_moved_; }
    static constexpr int64_t kNever = INT64_MAX;

    /// The monotonic clock, read once a turn.
    int64_t now_ms()
    {
        if (!now_fresh_)
            update_now();
        return now_ms_;
    }
    void update_now();
    /// The monotonic clock, read now.
    static int64_t clock_ms();
    /// How long ago now_ms() was read.
    int64_t turn_ms() const { return clock_ms() - now_ms_; }

    /// The epoll descriptor, for a host that waits for it in a loop of its own.
    int fd()
    {
        watched_ = true;
        return epoll_fd_;
    }
    /// Whether fd() has handed it out.
    bool is_watched() const { return watched_; }

    /// Stores the start time of the current dispatch in *since_ms (0 while waiting); nullptr stops it.
    void report_dispatch(std::atomic<int64_t> *since_ms) { dispatching_ = since_ms; }
    /// Stores 0: between turns the host may wait in a loop of its own.
    void report_idle();
    /// Stores the current time, as a dispatch does.
    void report_busy();

    /// For status pages: "epoll, libevent 2.1.12-stable".
    std::string describe() const;

    /// In a child of fork(2): closes the loop without changing what the parent watches.
    void abandon();

    /// Opens libevent's base, for EventWatch; as open().
    int open_base() { return base_.open(*this); }
    struct event_base *base() { return base_.get(); }
    /// When the base's nearest timeout is due: who adds timeouts to it has run_base() called then.
    int64_t base_due_ms() const { return base_.due_ms(); }
    void run_base() { base_.run(); }

private:
    static constexpr int kBatch = 256; ///< descriptors reported by one wait

    static void drain_wake(Loop *self, uint32_t);
    static void drain_due(Loop *self, uint32_t);
    bool set_interest(Watch &watch, uint32_t interest);
    void forget(const Watch &watch);
    void wait(int64_t timeout_ms);
    void dispatch();

    EventBase base_;
    int epoll_fd_ = -1;
    int next_ = 0;        ///< index of the next to dispatch
    int ready_count_ = 0; ///< entries of ready_
    bool broken_ = false;
    bool watched_ = false;
    WatchOf<Loop> wake_watch_;
    WatchOf<Loop> due_watch_;
    Function on_wake_ = nullptr;
    Function on_due_ = nullptr;
    void *owner_ = nullptr;
    int64_t now_ms_ = 0;
    bool now_fresh_ = false;
    bool waiting_ = false; ///< *dispatching_ is 0, and the next dispatch changes it
    std::atomic<int64_t> *dispatching_ = nullptr;
    int64_t armed_due_ms_ = kNever;
    bool due_moved_ = true; ///< since the last set_due()
    int wake_fd_ = -1;
    int due_fd_ = -1;
    struct epoll_event ready_[kBatch];
};

} // namespace wm

#endif
