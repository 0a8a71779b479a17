#include "core/foreign_fds.h"

#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/reserve.h"

#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <unistd.h>

namespace wm {

namespace {

/// After so many reports of a hangup the owner does not look at them, and the loop spins.
constexpr uint32_t kHangups = 10000;

uint64_t tag_of(int fd, uint32_t serial)
{
    return uint64_t{serial} << 32 | static_cast<uint32_t>(fd);
}

} // namespace

int ForeignFds::open(Loop &loop, const Handler &handler)
{
    if (is_open())
        return 0;
    loop_ = &loop;
    handler_ = handler;
    epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd_ >= 0) {
        watch_.attach<&ForeignFds::readable>(epoll_fd_, this);
        if (loop.watch(watch_, Watch::kRead))
            return 0;
    }
    int number = errno;
    close();
    return fail(code_of_errno(number), "cannot open an epoll set for watches: %s", strerror(number));
}

void ForeignFds::close()
{
    if (!is_open())
        return;
    loop_->unwatch(watch_);
    ::close(epoll_fd_);
    epoll_fd_ = -1;
    places_.clear();
}

bool ForeignFds::control(int operation, int fd, uint32_t interest)
{
    struct epoll_event event = {interest | EPOLLONESHOT, {.u64 = tag_of(fd, places_[static_cast<size_t>(fd)].serial)}};
    return epoll_ctl(epoll_fd_, operation, fd, &event) == 0;
}

bool ForeignFds::add(int fd, uint32_t interest)
{
    if (!reserve_slot(places_, static_cast<uint32_t>(fd))) {
        errno = ENOMEM;
        return false;
    }
    Place &place = places_[static_cast<size_t>(fd)];
    last_serial_ += last_serial_ == UINT32_MAX ? 2 : 1; // never 0
    place = {last_serial_, interest, 0};
    // One of the same file and number may be left from before: closed behind our back, and restored from a duplicate.
    bool added = control(EPOLL_CTL_ADD, fd, interest) || (errno == EEXIST && control(EPOLL_CTL_MOD, fd, interest));
    if (!added)
        place = {};
    return added;
}

bool ForeignFds::change(int fd, uint32_t interest)
{
    Place &place = places_[static_cast<size_t>(fd)];
    place.interest = interest;
    place.hangups = 0;
    return control(EPOLL_CTL_MOD, fd, interest);
}

void ForeignFds::remove(int fd)
{
    control(EPOLL_CTL_DEL, fd, 0); // fails when it is closed or another file, which is the same
    places_[static_cast<size_t>(fd)] = {};
}

void ForeignFds::readable(ForeignFds *self, uint32_t)
{
    self->loop_->now_ms();
    self->dispatch();
}

void ForeignFds::dispatch()
{
    struct epoll_event events[kBatch];
    int count = epoll_wait(epoll_fd_, events, kBatch, 0);
    for (int i = 0; i < count; i++) {
        int fd = static_cast<int>(events[i].data.u64 & UINT32_MAX);
        const Place &place = places_[static_cast<size_t>(fd)];
        if (place.serial == 0 || tag_of(fd, place.serial) != events[i].data.u64)
            continue; // removed since, or left from a file that had this number before
        if (place.interest == 0)
            continue; // a hangup is reported all the same: it stays disarmed until the next change
        if (!control(EPOLL_CTL_MOD, fd, place.interest)) {
            handler_.lost(handler_.owner, fd);
            continue;
        }
        bool hangup = events[i].events & (EPOLLERR | EPOLLHUP);
        if (hangup)
            count_hangup(fd);
        if (!handler_.ready(handler_.owner, fd, hangup ? Watch::kRead | Watch::kWrite : events[i].events))
            return;
    }
}

void ForeignFds::count_hangup(int fd)
{
    if (++places_[static_cast<size_t>(fd)].hangups == kHangups)
        log(WM_LOG_WARN, "watched descriptor %d has an error or its other end is closed, which was reported %u times: delete its watch", fd,
            kHangups);
}

int ForeignFds::probe(int fd)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        return errno;
    struct epoll_event event = {EPOLLIN, {.fd = fd}};
    int result = epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
    ::close(set);
    return result;
}

} // namespace wm
