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

    /// Opens the base and the two descriptors. 0, or a WM_E... code with its detail.
    int open(Function on_wake, Function on_due, void *owner);
    void close();
    bool is_open() const { return base_; }

    /// Waits up to timeout_ms (-1: no limit) and dispatches what is ready. Returns at once after
    /// break_turn().
    void turn(int64_t timeout_ms);
    void break_turn();

    /// Ends the wait of turn(), from any thread.
    void wake();

    /// Sets when on_due is called, in the time of the monotonic clock; kNever: not at all.
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
    /// The monotonic clock, read now.
    static int64_t clock_ms();
    /// How long ago now_ms() was read.
    int64_t turn_ms() const { return clock_ms() - now_ms_; }

    /// The base's own epoll descriptor, or a WM_E... code.
    int fd();
    /// Whether fd() has handed it out, so that the host may wait for it.
    bool is_watched() const { return epoll_fd_ >= 0; }

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
    bool waiting_ = false; ///< *dispatching_ is 0, and the next dispatch changes it
    std::atomic<int64_t> *dispatching_ = nullptr;
    int64_t armed_due_ms_ = kNever;
    int wake_fd_ = -1;
    int due_fd_ = -1;
    int epoll_fd_ = -1;
};

} // namespace wm

#endif
