/**
 * @file
 * The generator's epoll: sockets by number, level-triggered. One thread; owns its descriptor, not the sockets.
 */
#ifndef WM_LOAD_POLLER_H
#define WM_LOAD_POLLER_H

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <span>

namespace wm::load {

/// Nanoseconds of the monotonic clock.
inline uint64_t now_ns()
{
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC, &at);
    return static_cast<uint64_t>(at.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(at.tv_nsec);
}

class Poller {
public:
    Poller() : fd_(epoll_create1(EPOLL_CLOEXEC)) {}
    Poller(const Poller &) = delete;
    Poller &operator=(const Poller &) = delete;
    ~Poller() { close(fd_); }

    void add(int fd, uint32_t number) { control(EPOLL_CTL_ADD, fd, number, EPOLLIN); }
    void watch_writable(int fd, uint32_t number, bool on) { control(EPOLL_CTL_MOD, fd, number, EPOLLIN | (on ? uint32_t{EPOLLOUT} : 0U)); }
    void remove(int fd) { epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr); }

    /// What is ready, valid until the next call; empty after timeout_ms.
    std::span<const epoll_event> wait(int timeout_ms)
    {
        int ready = epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
        return {events_.data(), ready > 0 ? static_cast<size_t>(ready) : 0};
    }

private:
    void control(int operation, int fd, uint32_t number, uint32_t what)
    {
        epoll_event event{};
        event.events = what;
        event.data.u32 = number;
        epoll_ctl(fd_, operation, fd, &event);
    }

    int fd_;
    std::array<epoll_event, 1024> events_{};
};

} // namespace wm::load

#endif
