#include "core/event_base.h"

#include "core/error.h"
#include "core/loop.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace wm {

namespace {

struct event_base *make_base()
{
    struct event_config *config = event_config_new();
    if (!config)
        return nullptr;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV); // EVENT_EPOLL_USE_CHANGELIST would hide the probe
    event_config_require_features(config, EV_FEATURE_O1);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

/// The epoll descriptor that watches fd, or -1: the one which agrees to change its interest in it.
int epoll_that_watches(int fd)
{
    constexpr int kMost = 1 << 20;
    int limit = static_cast<int>(sysconf(_SC_OPEN_MAX));
    limit = limit < 0 || limit > kMost ? kMost : limit;
    for (int candidate = 0; candidate < limit; candidate++) {
        struct epoll_event same = {EPOLLIN, {.fd = fd}};
        if (epoll_ctl(candidate, EPOLL_CTL_MOD, fd, &same) == 0)
            return candidate;
    }
    errno = ENOTSUP; // another backend
    return -1;
}

/// The base's own epoll descriptor, or -1. libevent has no call for it: it is found by an event that never fires.
int find_epoll(struct event_base *base)
{
    int probe_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (probe_fd < 0)
        return -1;
    struct event probe;
    event_assign(
        &probe, base, probe_fd, EV_READ | EV_PERSIST, [](int, short, void *) {}, nullptr);
    int found = -1;
    if (event_add(&probe, nullptr) == 0) {
        found = epoll_that_watches(probe_fd);
        event_del(&probe);
    }
    ::close(probe_fd);
    return found;
}

} // namespace

int EventBase::open(Loop &loop)
{
    if (base_)
        return 0;
    loop_ = &loop;
    base_ = make_base();
    int fd = base_ ? find_epoll(base_) : -1;
    if (fd >= 0) {
        watch_.attach<&EventBase::ready>(fd, this);
        if (loop.watch(watch_, Watch::kRead))
            return 0;
    }
    int number = base_ ? errno : ENOMEM;
    close();
    return fail(code_of_errno(number), "cannot open libevent's event base: %s", strerror(number));
}

void EventBase::close()
{
    if (!base_)
        return;
    loop_->unwatch(watch_);
    event_base_free(base_);
    base_ = nullptr;
}

void EventBase::abandon()
{
    // A new epoll descriptor first: removing an event from the old one would remove it from the parent's too.
    if (base_)
        event_reinit(base_);
    close();
}

std::string EventBase::version()
{
    return std::string("libevent ") + event_get_version();
}

int64_t EventBase::due_ms() const
{
    int64_t due = INT64_MAX;
    auto look = [](const struct event_base *, const struct event *event, void *nearest) {
        constexpr long kMicroseconds = 0xfffff; // the rest are libevent's own bits
        if (event_pending(event, EV_TIMEOUT, nullptr)) {
            const struct timeval &at = event->ev_timeout; // of the monotonic clock
            int64_t ms = int64_t{at.tv_sec} * 1000 + ((at.tv_usec & kMicroseconds) + 999) / 1000;
            *static_cast<int64_t *>(nearest) = std::min(*static_cast<int64_t *>(nearest), ms);
        }
        return 0;
    };
    if (base_)
        event_base_foreach_event(base_, look, &due);
    return due;
}

void EventBase::run()
{
    if (base_)
        event_base_loop(base_, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void EventBase::ready(EventBase *self, uint32_t)
{
    self->loop_->move_due(); // with the timeouts of its events
    self->run();
}

} // namespace wm
