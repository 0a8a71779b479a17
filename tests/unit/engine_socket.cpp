// A connection to a server of an engine: what it tells, and what may be done inside an event.
#include "hub/engine/engine_socket.h"

#include "core/error.h"
#include "core/fd.h"
#include "worker/app.h"

#include <arpa/inet.h>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

struct Rig final : EngineSocketEvents {
    Rig()
    {
        app = App::make();
        socket = std::make_unique<EngineSocket>(*app, *this);
        listener = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        struct sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t len = sizeof address;
        auto *any = reinterpret_cast<struct sockaddr *>(&address);
        assert_int_equal(bind(listener.get(), any, len), 0);
        assert_int_equal(listen(listener.get(), 8), 0);
        assert_int_equal(getsockname(listener.get(), any, &len), 0);
        server = {"127.0.0.1", ntohs(address.sin_port), {}};
    }
    ~Rig()
    {
        socket.reset();
        app->release();
    }

    template <class Done> void until(Done done)
    {
        for (int i = 0; i < 1000 && !done(); i++)
            assert_int_equal(app->run_once(10), 0);
        assert_true(done());
    }
    void open()
    {
        assert_true(socket->connect(server, false, {}));
        assert_int_equal(opened, 0);
        until([this] { return opened == 1; });
        peer = Fd(accept(listener.get(), nullptr, nullptr));
    }

    void socket_opened(EngineSocket &) override { opened++; }
    void socket_received(EngineSocket &, const char *bytes, size_t size) override
    {
        received.append(bytes, size);
        if (throws)
            throw std::bad_alloc();
        if (deletes)
            socket.reset();
    }
    void socket_ended(EngineSocket &which, const char *text) override
    {
        ended++;
        why = text;
        assert_false(which.in_use());
        if (reconnects && which.connect(server, false, {}))
            reconnects = false;
    }

    App *app;
    std::unique_ptr<EngineSocket> socket;
    Fd listener, peer;
    EngineServer server;
    int opened = 0, ended = 0;
    std::string received, why;
    bool deletes = false, reconnects = false, throws = false;
};

void bytes_go_both_ways_and_an_end_is_told_once(void **)
{
    Rig rig;
    rig.open();
    assert_true(rig.socket->send("a", "b", "c"));
    assert_int_equal(write(rig.peer.get(), "hello", 5), 5);
    rig.until([&] { return rig.received == "hello"; });
    char sent[8];
    assert_int_equal(recv(rig.peer.get(), sent, sizeof sent, 0), 3);
    assert_memory_equal(sent, "abc", 3);
    rig.peer.reset();
    rig.until([&] { return rig.ended == 1; });
    assert_string_equal(rig.why.c_str(), "the server has closed the connection");
    assert_false(rig.socket->send("x"));
    rig.app->run_once(20);
    assert_int_equal(rig.ended, 1);
}

void an_attempt_that_fails_says_why(void **)
{
    Rig rig;
    rig.listener.reset();
    assert_true(rig.socket->connect(rig.server, false, {}));
    assert_int_equal(rig.ended, 0);
    rig.until([&] { return rig.ended == 1; });
    assert_non_null(strstr(rig.why.c_str(), "Connection refused"));
    assert_int_equal(rig.opened, 0);
    EngineSettings settings;
    settings.tls_ca_file = "/nonexistent.pem";
    assert_false(rig.socket->connect(rig.server, true, settings));
    assert_non_null(strstr(last_error(), "/nonexistent.pem"));
    assert_false(rig.socket->in_use());
}

void inside_an_event_it_may_be_deleted_or_connected_anew(void **)
{
    Rig rig;
    rig.open();
    rig.reconnects = true;
    rig.peer.reset();
    rig.until([&] { return rig.opened == 2; });
    Fd peer(accept(rig.listener.get(), nullptr, nullptr));
    rig.deletes = true;
    assert_int_equal(write(peer.get(), "x", 1), 1);
    rig.until([&] { return !rig.socket; });
    rig.app->run_once(20);
    assert_int_equal(rig.ended, 1);
    char byte;
    assert_int_equal(recv(peer.get(), &byte, 1, 0), 0);
}

void want_of_memory_in_an_event_ends_the_connection(void **)
{
    Rig rig;
    rig.open();
    rig.throws = true;
    assert_int_equal(write(rig.peer.get(), "x", 1), 1);
    rig.until([&] { return rig.ended == 1; });
    assert_string_equal(rig.why.c_str(), "out of memory");
    char byte;
    assert_int_equal(recv(rig.peer.get(), &byte, 1, MSG_DONTWAIT), 0); // it did not wait for this side to end, too
}

void a_close_lets_leave_what_was_sent_and_a_drop_does_not_tell(void **)
{
    Rig rig;
    rig.open();
    std::string much(size_t{4} << 20, 'x');
    assert_true(rig.socket->send(much));
    rig.socket->close();
    assert_false(rig.socket->in_use());
    size_t got = 0;
    char part[65536];
    for (ssize_t n = -1; n != 0;) {
        rig.app->run_once(0);
        n = recv(rig.peer.get(), part, sizeof part, MSG_DONTWAIT);
        got += n > 0 ? static_cast<size_t>(n) : 0;
    }
    assert_int_equal(got, much.size());
    rig.app->run_once(20);
    assert_int_equal(rig.ended, 0);
}

void what_the_server_does_not_read_has_a_limit(void **)
{
    Rig rig;
    rig.open();
    std::string much(size_t{1} << 20, 'x');
    int taken = 0;
    while (taken < 100 && rig.socket->send(much))
        taken++;
    assert_in_range(taken, 16, 30);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways_and_an_end_is_told_once),
        cmocka_unit_test(an_attempt_that_fails_says_why),
        cmocka_unit_test(inside_an_event_it_may_be_deleted_or_connected_anew),
        cmocka_unit_test(want_of_memory_in_an_event_ends_the_connection),
        cmocka_unit_test(a_close_lets_leave_what_was_sent_and_a_drop_does_not_tell),
        cmocka_unit_test(what_the_server_does_not_read_has_a_limit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
