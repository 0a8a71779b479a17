#include "core/loop.h"

#include "core/error.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <initializer_list>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace wm {

namespace {

/// Nothing is left to do: the event itself ends the wait.
void ignore_timeout(int, short, void *) {}

} // namespace

int Loop::open(Function on_wake, Function on_due, void *owner)
{
    if (base_)
        return 0;
    struct event_config *config = event_config_new();
    if (!config)
        return fail(WM_ENOMEM, "out of memory for the event loop");
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_require_features(config, EV_FEATURE_O1);
    base_ = event_base_new_with_config(config);
    event_config_free(config);
    wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    due_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!base_ || wake_fd_ < 0 || due_fd_ < 0) {
        int number = errno;
        close();
        return fail(code_of_errno(number), "cannot open the event loop: %s", strerror(number));
    }
    on_wake_ = on_wake;
    on_due_ = on_due;
    owner_ = owner;
    static_assert(sizeof timeout_ == sizeof(struct event) && alignof(Loop) >= alignof(struct event));
    evtimer_assign(timeout(), base_, ignore_timeout, nullptr);
    // The timeout is added and removed: libevent has its memory from here on, so turn() cannot wait without it.
    struct timeval some = {1, 0};
    bool ready = event_add(timeout(), &some) == 0 && event_del(timeout()) == 0 &&
                 wake_watch_.arm_read<&Loop::drain_wake>(*this, wake_fd_, this) &&
                 due_watch_.arm_read<&Loop::drain_due>(*this, due_fd_, this);
    if (!ready) {
        close();
        return fail(WM_ENOMEM, "out of memory for the event loop");
    }
    update_now();
    return 0;
}

void Loop::close()
{
    wake_watch_.disarm();
    due_watch_.disarm();
    for (int *fd : {&wake_fd_, &due_fd_}) {
        if (*fd >= 0)
            ::close(*fd);
        *fd = -1;
    }
    if (base_)
        event_base_free(base_);
    base_ = nullptr;
    epoll_fd_ = -1;
    armed_due_ms_ = kNever;
}

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
    return std::string(base_ ? event_base_get_method(base_) : "no loop") + ", libevent " + event_get_version();
}

void Loop::abandon()
{
    // A new epoll descriptor first: removing an event from the old one would remove it from the parent's too.
    if (base_)
        event_reinit(base_);
    close();
}

void Loop::turn(int64_t timeout_ms)
{
    if (timeout_ms > 0) {
        struct timeval wait = {static_cast<time_t>(timeout_ms / 1000), static_cast<suseconds_t>(timeout_ms % 1000 * 1000)};
        event_add(timeout(), &wait);
    }
    now_fresh_ = false;
    report_idle();
    waiting_ = dispatching_;
    event_base_loop(base_, timeout_ms == 0 ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
    if (waiting_)
        update_now();
    if (timeout_ms > 0)
        event_del(timeout());
}

void Loop::break_turn()
{
    event_base_loopbreak(base_);
}

void Loop::wake()
{
    uint64_t one = 1;
    ssize_t written = write(wake_fd_, &one, sizeof one);
    (void)written; // EAGAIN: the counter is at its maximum, so the loop wakes anyway
}

void Loop::drain_wake(Loop *self)
{
    uint64_t count;
    ssize_t got = read(self->wake_fd_, &count, sizeof count);
    (void)got; // EAGAIN: it was read already
    self->now_ms();
    self->on_wake_(self->owner_);
}

void Loop::drain_due(Loop *self)
{
    uint64_t count;
    ssize_t got = read(self->due_fd_, &count, sizeof count);
    (void)got;
    self->armed_due_ms_ = kNever;
    self->update_now();
    self->on_due_(self->owner_);
}

void Loop::set_due(int64_t due_ms)
{
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

namespace {

/// Whether descriptor `name` is an epoll descriptor that watches `watched` (proc(5), /proc/PID/fdinfo).
bool is_epoll_watching(const char *name, int watched)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%s", name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        int number;
        found = sscanf(line, "tfd: %d", &number) == 1 && number == watched;
    }
    fclose(file);
    return found;
}

} // namespace

int Loop::fd()
{
    if (epoll_fd_ >= 0)
        return epoll_fd_;
    DIR *directory = opendir("/proc/self/fdinfo");
    if (!directory)
        return fail(WM_ESYS, "cannot read /proc/self/fdinfo to find the loop's epoll descriptor: %s", strerror(errno));
    while (struct dirent *entry = readdir(directory)) {
        if (entry->d_name[0] != '.' && is_epoll_watching(entry->d_name, wake_fd_)) {
            epoll_fd_ = atoi(entry->d_name);
            break;
        }
    }
    closedir(directory);
    if (epoll_fd_ < 0)
        return fail(WM_ESYS, "the loop does not run on epoll, so it has no descriptor to watch");
    return epoll_fd_;
}

} // namespace wm
