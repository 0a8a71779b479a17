#include "core/loop.h"

#include "core/error.h"
#include "core/log.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <exception>
#include <initializer_list>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace wm {

int Loop::open(Function on_wake, Function on_due, void *owner)
{
    if (is_open())
        return 0;
    epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
    wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    due_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    wake_watch_.attach<&Loop::drain_wake>(wake_fd_, this);
    due_watch_.attach<&Loop::drain_due>(due_fd_, this);
    bool opened = epoll_fd_ >= 0 && wake_fd_ >= 0 && due_fd_ >= 0;
    if (!opened || !watch(wake_watch_, Watch::kRead) || !watch(due_watch_, Watch::kRead)) {
        int number = errno;
        close();
        return fail(code_of_errno(number), "cannot open the event loop: %s", strerror(number));
    }
    on_wake_ = on_wake;
    on_due_ = on_due;
    owner_ = owner;
    update_now();
    return 0;
}

void Loop::close()
{
    base_.close();
    unwatch(wake_watch_);
    unwatch(due_watch_);
    for (int *fd : {&wake_fd_, &due_fd_, &epoll_fd_}) {
        if (*fd >= 0)
            ::close(*fd);
        *fd = -1;
    }
    next_ = ready_count_ = 0;
    watched_ = false;
    armed_due_ms_ = kNever;
    due_moved_ = true;
}

// ---- descriptors

bool Loop::set_interest(Watch &watch, uint32_t interest)
{
    if (interest == watch.interest_)
        return true;
    int operation = watch.interest_ == 0 ? EPOLL_CTL_ADD : interest == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    struct epoll_event event = {interest, {.ptr = &watch}};
    bool done = epoll_ctl(epoll_fd_, operation, watch.fd_, &event) == 0;
    if (interest == 0)
        forget(watch);
    else if (!done)
        return false;
    watch.interest_ = interest;
    return true;
}

/// What was ready and is not dispatched yet may be gone with its owner by then.
void Loop::forget(const Watch &watch)
{
    for (int i = next_; i < ready_count_; i++)
        if (ready_[i].data.ptr == &watch)
            ready_[i].events = 0;
}

void Loop::wait(int64_t timeout_ms)
{
    int limit = timeout_ms > INT_MAX ? INT_MAX : static_cast<int>(timeout_ms);
    int count = epoll_wait(epoll_fd_, ready_, kBatch, limit);
    if (count < 0) [[unlikely]] // EINTR: what the signal's handler has made ready belongs to this turn
        count = std::max(epoll_wait(epoll_fd_, ready_, kBatch, 0), 0);
    next_ = 0;
    ready_count_ = count;
}

void Loop::dispatch()
{
    while (next_ < ready_count_ && !broken_) {
        const struct epoll_event &event = ready_[next_++];
        // An error is ready for both: the call that follows tells what it is.
        uint32_t ready = event.events & (EPOLLERR | EPOLLHUP) ? Watch::kRead | Watch::kWrite : event.events;
        if (ready == 0)
            continue;
        Watch &watch = *static_cast<Watch *>(event.data.ptr);
        ready &= watch.interest_ & (Watch::kRead | Watch::kWrite);
        // The library throws nothing here: what may fail is reserved before, or fails on the spot. A callback of the host may.
        try {
            if (ready != 0)
                watch.call_(watch, ready);
        } catch (const std::exception &error) {
            log_exception("a callback", error.what());
        }
    }
}

void Loop::turn(int64_t timeout_ms)
{
    now_fresh_ = false;
    report_idle();
    waiting_ = dispatching_;
    broken_ = false;
    bool left = next_ < ready_count_;
    if (left)
        dispatch(); // what the turn before broke off
    if (!broken_) {
        wait(left ? 0 : timeout_ms);
        dispatch();
    }
    if (waiting_)
        update_now();
}

// ---- clock

int64_t Loop::clock_ms()
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
}

void Loop::update_now()
{
    now_ms_ = clock_ms();
    now_fresh_ = true;
    if (waiting_) // every handler reads the clock before it calls the host
        report_busy();
}

void Loop::report_busy()
{
    waiting_ = false;
    if (dispatching_)
        dispatching_->store(now_ms(), std::memory_order_relaxed);
}

void Loop::report_idle()
{
    waiting_ = false;
    if (dispatching_)
        dispatching_->store(0, std::memory_order_relaxed);
}

std::string Loop::describe() const
{
    return std::string(is_open() ? "epoll" : "no loop") + ", " + EventBase::version();
}

void Loop::abandon()
{
    // Closed first: what is taken out of the set would be taken out of the parent's, too.
    if (is_open())
        ::close(epoll_fd_);
    epoll_fd_ = -1;
    base_.abandon();
    close();
}

void Loop::wake()
{
    uint64_t one = 1;
    ssize_t written = write(wake_fd_, &one, sizeof one);
    (void)written; // EAGAIN: the counter is at its maximum, so the loop wakes anyway
}

void Loop::drain_wake(Loop *self, uint32_t)
{
    uint64_t count;
    ssize_t got = read(self->wake_fd_, &count, sizeof count);
    (void)got; // EAGAIN: it was read already
    self->now_ms();
    self->on_wake_(self->owner_);
}

void Loop::drain_due(Loop *self, uint32_t)
{
    uint64_t count;
    ssize_t got = read(self->due_fd_, &count, sizeof count);
    (void)got;
    self->armed_due_ms_ = kNever;
    self->due_moved_ = true;
    self->update_now();
    self->on_due_(self->owner_);
}

void Loop::set_due(int64_t due_ms)
{
    due_moved_ = false;
    if (due_ms == armed_due_ms_)
        return;
    struct itimerspec spec = {};
    if (due_ms != kNever) {
        // Zero would disarm the timer, so what is overdue is set to the clock's first nanosecond.
        spec.it_value.tv_sec = static_cast<time_t>(due_ms / 1000);
        spec.it_value.tv_nsec = due_ms > 0 ? due_ms % 1000 * 1000000 : 1;
    }
    if (timerfd_settime(due_fd_, TFD_TIMER_ABSTIME, &spec, nullptr) == 0)
        armed_due_ms_ = due_ms;
}

} // namespace wm
