/**
 * @file
 * The calls of a random API program on watches, signals and adopted sockets. The descriptors live as long as the process; what one of
 * them means changes behind the library's back.
 */
#ifndef FUZZ_API_WATCH_CALLS_H
#define FUZZ_API_WATCH_CALLS_H

#include "api_machine.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace fuzz {

inline constexpr int kSignals[] = {SIGWINCH, SIGWINCH, SIGURG, SIGKILL, SIGSEGV, 0, -1, 65}; ///< the first three are ignored by default

/// Eventfds, of which some are ready.
inline int foreign_fd(size_t index)
{
    static const auto made = [] {
        std::array<int, 6> fds;
        for (size_t i = 0; i < fds.size(); i++)
            fds[i] = eventfd(i % 2, EFD_NONBLOCK | EFD_CLOEXEC);
        return fds;
    }();
    return made[index % made.size()];
}

inline void on_watch(wm_watch, int fd, int32_t events, void *user)
{
    World::used(user);
    check(events != 0 && (events & ~3) == 0, "a watch that is ready for nothing");
    if (Machine::current().program.byte() % 2)
        eventfd_write(fd, 1);
    Machine::current().go_on();
}

inline void on_signal(wm_signal, int32_t number, void *user)
{
    World::used(user);
    check(number == SIGWINCH || number == SIGURG, "a signal that nobody asked for");
    Machine::current().go_on();
}

inline void add_watch(Machine &m)
{
    wm_app *app = m.app().app;
    constexpr int kOthers[] = {-1, INT32_MAX, 1 << 20, 0};
    size_t index = m.program.pick(8);
    int fd = index < 6 ? foreign_fd(index) : m.program.one_of(kOthers);
    int32_t events = m.program.pick(8) == 0 ? m.program.one_of(kFlags) : static_cast<int32_t>(m.program.pick(4));
    wm_watch_fn fn = m.program.pick(2) ? on_watch : nullptr;
    m.with_user(false, [&](User *user) {
        wm_watch watch = m.world.make([&] { return wm_watch_add(app, fd, events, fn, user, World::destroy); });
        if (watch)
            m.world.watches.push_back(watch);
        return watch ? 0 : WM_EINVAL;
    });
}

inline void add_signal(Machine &m)
{
    wm_app *app = m.app().app;
    int number = m.program.one_of(kSignals);
    wm_signal_fn fn = m.program.pick(2) ? on_signal : nullptr;
    m.with_user(false, [&](User *user) {
        wm_signal made = m.world.make([&] { return wm_signal_add(app, number, fn, user, World::destroy); });
        if (made)
            m.world.watches.push_back(made);
        return made ? 0 : WM_EINVAL;
    });
}

inline void change_watch(Machine &m)
{
    uint64_t id = m.world.watches.empty() || m.program.pick(8) == 0 ? m.conn() : m.program.one_of(m.world.watches);
    int32_t events = m.program.one_of(kFlags);
    switch (m.program.pick(4)) {
    case 0:
        m.world.call([&] { return wm_watch_del(id); });
        break;
    case 1:
        m.world.call([&] { return wm_signal_del(id); });
        break;
    default:
        m.world.call([&] { return wm_watch_set(id, events & 3); });
    }
}

/// A signal, or other readiness or another meaning of a descriptor.
inline void disturb(Machine &m)
{
    int fd = foreign_fd(m.program.byte());
    eventfd_t value;
    switch (m.program.pick(4)) {
    case 0:
        raise(m.program.pick(2) ? SIGWINCH : SIGURG);
        break;
    case 1:
        eventfd_write(fd, 1);
        break;
    case 2:
        eventfd_read(fd, &value);
        break;
    default: {
        int other = eventfd(static_cast<unsigned>(m.program.pick(2)), EFD_NONBLOCK | EFD_CLOEXEC);
        check(other >= 0 && dup3(other, fd, O_CLOEXEC) == fd && ::close(other) == 0, "no other descriptor");
    }
    }
}

inline void adopt(Machine &m)
{
    Worker worker = m.worker();
    int ends[2];
    if (m.program.pick(4) == 0) {
        m.world.make([&] { return wm_worker_adopt(worker.worker, foreign_fd(0)); });
        return;
    }
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "no socketpair");
    std::string_view said = m.program.bytes();
    ::send(ends[1], said.data(), said.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    wm_conn conn = 0;
    auto call = [&] { return conn = m.world.make([&] { return wm_worker_adopt(worker.worker, ends[0]); }), 0; };
    if (worker.app)
        m.world.enter(*worker.app, call);
    else
        call();
    if (!conn)
        ::close(ends[0]);
    ::close(ends[1]);
}

} // namespace fuzz

#endif
