/**
 * @file
 * The event loop: libevent's base with raw events, one eventfd to wake it and one timerfd for all deadlines.
 *
 * One thread, except wake(). Neither this header nor core/watch.h includes libevent's.
 */
#ifndef WM_CORE_LOOP_H
#define WM_CORE_LOOP_H

#include "core/watch.h"

#include <atomic>
#include <cstdint>
#include <string>

struct event;
struct event_base;

namespace wm {

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
    struct event *timeout() { return reinterpret_cast<struct event *>(timeout_); }

    struct event_base *base_ = nullptr;
    alignas(void *) unsigned char timeout_[sizeof(Watch)]; ///< libevent's event that ends the wait of turn()
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
