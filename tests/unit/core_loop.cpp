// The loop: what a watch is called for, what a turn leaves for the next, and libevent's base inside it.
#include "core/event_watch.h"
#include "core/loop.h"

#include <cerrno>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::EventWatch;
using wm::Loop;
using wm::Watch;
using wm::WatchOf;

struct Rig {
    Loop loop;
    int woken = 0;
    int due = 0;
    bool stop = false; ///< each call ends the turn
    Rig() { assert_int_equal(loop.open(&Rig::wake, &Rig::expire, this), 0); }
    static void wake(void *self) { static_cast<Rig *>(self)->woken++; }
    static void expire(void *self) { static_cast<Rig *>(self)->due++; }
};

/// One end of a socket pair in the loop, the other for the test.
struct Socket {
    Rig &rig;
    int fds[2];
    WatchOf<Socket> watch;
    EventWatch event_watch;
    std::vector<uint32_t> calls;
    Socket *ends = nullptr; ///< unwatched by a call
    bool throws = false;

    explicit Socket(Rig &of) : rig(of)
    {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        watch.attach<&Socket::ready>(fds[0], this);
    }
    ~Socket()
    {
        rig.loop.unwatch(watch);
        event_watch.disarm();
        for (int fd : fds)
            if (fd >= 0)
                close(fd);
    }
    void send() const { assert_int_equal(write(fds[1], "x", 1), 1); }
    void hang_up()
    {
        close(fds[1]);
        fds[1] = -1;
    }
    bool watch_for(Watch::Interest what) { return rig.loop.watch(watch, what); }
    static void ready(Socket *self, uint32_t what)
    {
        self->calls.push_back(what);
        if (self->ends)
            self->rig.loop.unwatch(self->ends->watch);
        if (self->rig.stop)
            self->rig.loop.break_turn();
        if (self->throws)
            throw std::runtime_error("a test");
    }
    static void readable(Socket *self) { self->calls.push_back(Watch::kRead); }
};

size_t calls_of(std::initializer_list<const Socket *> sockets)
{
    size_t calls = 0;
    for (const Socket *socket : sockets)
        calls += socket->calls.size();
    return calls;
}

void watch__is_called_for_what_it_waits_for(void **)
{
    Rig rig;
    Socket socket(rig);
    rig.loop.turn(0);
    socket.send();
    rig.loop.turn(0);
    assert_int_equal(socket.calls.size(), 0);
    assert_true(socket.watch_for(Watch::kRead));
    assert_true(socket.watch.watches(Watch::kRead) && !socket.watch.watches(Watch::kWrite));
    rig.loop.turn(0);
    assert_true(socket.watch_for(Watch::kWrite));
    rig.loop.turn(0);
    rig.loop.unwatch(socket.watch, Watch::kRead);
    rig.loop.turn(0);
    rig.loop.unwatch(socket.watch);
    rig.loop.turn(0);
    assert_true((socket.calls == std::vector<uint32_t>{Watch::kRead, Watch::kRead | Watch::kWrite, Watch::kWrite}));
}

void watch__hears_of_a_hang_up_as_what_it_waits_for(void **)
{
    Rig rig;
    Socket reads(rig), writes(rig), both(rig), nothing(rig);
    assert_true(reads.watch_for(Watch::kRead) && writes.watch_for(Watch::kWrite));
    assert_true(both.watch_for(Watch::kRead) && both.watch_for(Watch::kWrite));
    for (Socket *socket : {&reads, &writes, &both, &nothing})
        socket->hang_up();
    rig.loop.turn(0);
    assert_true(reads.calls == std::vector<uint32_t>{Watch::kRead});
    assert_true(writes.calls == std::vector<uint32_t>{Watch::kWrite});
    assert_true((both.calls == std::vector<uint32_t>{Watch::kRead | Watch::kWrite}));
    assert_true(nothing.calls.empty());
}

void watch__of_a_descriptor_that_cannot_be_watched_fails(void **)
{
    Rig rig;
    WatchOf<Socket> watch;
    FILE *file = tmpfile();
    assert_non_null(file);
    watch.attach<&Socket::ready>(fileno(file), static_cast<Socket *>(nullptr));
    assert_false(rig.loop.watch(watch, Watch::kRead));
    assert_int_equal(errno, EPERM);
    assert_false(watch.watches(Watch::kRead));
    fclose(file);
}

void unwatch__takes_back_what_was_ready(void **)
{
    Rig rig;
    Socket first(rig), second(rig);
    first.ends = &second;
    second.ends = &first;
    for (Socket *socket : {&first, &second}) {
        socket->send();
        assert_true(socket->watch_for(Watch::kRead));
    }
    rig.loop.turn(0);
    assert_int_equal(calls_of({&first, &second}), 1);
}

void turn__that_is_broken_off_goes_on_in_the_next(void **)
{
    Rig rig;
    rig.stop = true;
    Socket first(rig), second(rig), third(rig);
    for (Socket *socket : {&first, &second, &third}) {
        socket->send();
        assert_true(socket->watch_for(Watch::kRead));
    }
    for (size_t turn = 1; turn <= 3; turn++) {
        rig.loop.turn(-1);
        assert_int_equal(calls_of({&first, &second, &third}), turn);
    }
    for (const Socket *socket : {&first, &second, &third})
        assert_int_equal(socket->calls.size(), 1);
}

/// The memory of what has ended before the rest was dispatched may be used again.
void turn__that_goes_on_leaves_out_what_has_ended(void **)
{
    Rig rig;
    rig.stop = true;
    Socket first(rig);
    first.send();
    assert_true(first.watch_for(Watch::kRead));
    {
        Socket second(rig);
        second.send();
        assert_true(second.watch_for(Watch::kRead));
        rig.loop.turn(0);
        assert_int_equal(calls_of({&first, &second}), 1);
    }
    rig.loop.turn(0);
    rig.loop.turn(0);
    assert_true(first.calls.size() >= 1);
}

void callback__that_throws_does_not_end_the_turn(void **)
{
    Rig rig;
    Socket first(rig), second(rig);
    for (Socket *socket : {&first, &second}) {
        socket->throws = true;
        socket->send();
        assert_true(socket->watch_for(Watch::kRead));
    }
    rig.loop.turn(0);
    assert_int_equal(calls_of({&first, &second}), 2);
}

void more_than_one_wait_reports_are_all_served(void **)
{
    constexpr size_t kSockets = 300;
    Rig rig;
    std::vector<std::unique_ptr<Socket>> sockets;
    for (size_t i = 0; i < kSockets; i++) {
        sockets.push_back(std::make_unique<Socket>(rig));
        sockets.back()->send();
        assert_true(sockets.back()->watch_for(Watch::kRead));
    }
    rig.loop.turn(0);
    rig.loop.turn(0);
    for (const auto &socket : sockets)
        assert_true(socket->calls.size() >= 1);
}

void deadline_and_wake__end_a_wait(void **)
{
    Rig rig;
    rig.loop.set_due(Loop::clock_ms());
    rig.loop.turn(-1);
    assert_int_equal(rig.due, 1);
    rig.loop.wake();
    rig.loop.turn(-1);
    assert_int_equal(rig.woken, 1);
    rig.loop.turn(0);
    assert_int_equal(rig.due + rig.woken, 2);
}

void due__has_moved_until_it_is_set_again(void **)
{
    Rig rig;
    assert_true(rig.loop.due_moved()); // it has never been set
    rig.loop.set_due(Loop::kNever);
    assert_false(rig.loop.due_moved());
    rig.loop.move_due();
    assert_true(rig.loop.due_moved());
    rig.loop.set_due(Loop::clock_ms());
    assert_false(rig.loop.due_moved());
    rig.loop.turn(-1);
    assert_int_equal(rig.due, 1);
    assert_true(rig.loop.due_moved()); // it is over
}

void due__has_moved_once_the_base_has_run(void **)
{
    Rig rig;
    Socket socket(rig);
    assert_int_equal(rig.loop.open_base(), 0);
    assert_true(socket.event_watch.arm_read<&Socket::readable>(rig.loop, socket.fds[0], &socket));
    rig.loop.set_due(Loop::kNever);
    socket.send();
    rig.loop.turn(-1);
    assert_int_equal(socket.calls.size(), 1);
    assert_true(rig.loop.due_moved());
}

void base__is_served_by_the_loop(void **)
{
    Rig rig;
    Socket socket(rig);
    assert_null(rig.loop.base());
    assert_int_equal(rig.loop.open_base(), 0);
    assert_int_equal(rig.loop.open_base(), 0);
    assert_true(socket.event_watch.arm_read<&Socket::readable>(rig.loop, socket.fds[0], &socket));
    rig.loop.turn(0);
    assert_int_equal(socket.calls.size(), 0);
    socket.send();
    struct pollfd outside = {rig.loop.fd(), POLLIN, 0};
    assert_int_equal(poll(&outside, 1, 0), 1);
    rig.loop.turn(-1);
    assert_int_equal(socket.calls.size(), 1);
    socket.event_watch.disarm();
    rig.loop.turn(0);
    assert_int_equal(socket.calls.size(), 1);
}

void child__that_abandons_its_loop_leaves_the_parents_alone(void **)
{
    Rig rig;
    Socket own(rig), in_base(rig);
    assert_true(own.watch_for(Watch::kRead));
    assert_int_equal(rig.loop.open_base(), 0);
    assert_true(in_base.event_watch.arm_read<&Socket::readable>(rig.loop, in_base.fds[0], &in_base));
    pid_t child = fork();
    if (child == 0) {
        rig.loop.abandon();
        rig.loop.unwatch(own.watch);
        _exit(rig.loop.is_open() || rig.loop.base() ? 1 : 0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    own.send();
    in_base.send();
    rig.loop.turn(-1);
    rig.loop.turn(0);
    assert_true(own.calls.size() >= 1 && in_base.calls.size() >= 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(watch__is_called_for_what_it_waits_for),
        cmocka_unit_test(watch__hears_of_a_hang_up_as_what_it_waits_for),
        cmocka_unit_test(watch__of_a_descriptor_that_cannot_be_watched_fails),
        cmocka_unit_test(unwatch__takes_back_what_was_ready),
        cmocka_unit_test(turn__that_is_broken_off_goes_on_in_the_next),
        cmocka_unit_test(turn__that_goes_on_leaves_out_what_has_ended),
        cmocka_unit_test(callback__that_throws_does_not_end_the_turn),
        cmocka_unit_test(more_than_one_wait_reports_are_all_served),
        cmocka_unit_test(deadline_and_wake__end_a_wait),
        cmocka_unit_test(due__has_moved_until_it_is_set_again),
        cmocka_unit_test(due__has_moved_once_the_base_has_run),
        cmocka_unit_test(base__is_served_by_the_loop),
        cmocka_unit_test(child__that_abandons_its_loop_leaves_the_parents_alone),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
