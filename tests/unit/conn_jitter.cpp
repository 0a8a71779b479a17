// The processes of an app that was made before they were forked do not ping their connections at the same times.
#include "shutdown_rig.h"

#include <algorithm>
#include <sys/wait.h>

namespace {

constexpr int kPages = 8;
constexpr int64_t kIntervalMs = 100'000'000; // jittered by a tenth: 10 000 ticks either way

using Pings = std::vector<uint32_t>;

/// Opens pages in this process and returns when each is to be pinged.
Pings ping_pages(wm_app *app, wm_worker *worker)
{
    assert_int_equal(wm_worker_listen(worker), 0);
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    in.sin_port = htons(static_cast<uint16_t>(atoi(strrchr(wm_worker_address(worker), ':') + 1)));
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    constexpr char kRequest[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    wm::Reactor &reactor = wm::object(app)->reactor;
    Pings pings;
    for (uint32_t page = 0; page < kPages; page++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, reinterpret_cast<sockaddr *>(&in), sizeof in), 0);
        assert_int_equal(send(fd, kRequest, sizeof kRequest - 1, 0), sizeof kRequest - 1);
        while (reactor.connections.used() <= page || reactor.connections.at(page)->ping_at == 0)
            wm_app_run_once(app, 100);
        pings.push_back(reactor.connections.at(page)->ping_at);
    }
    return pings;
}

/// The same in a forked process.
Pings pings_of_child(wm_app *app, wm_worker *worker)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        Pings pings = ping_pages(app, worker);
        size_t size = pings.size() * sizeof pings[0];
        _exit(write(ends[1], pings.data(), size) == static_cast<ssize_t>(size) ? 0 : 1);
    }
    close(ends[1]);
    Pings pings(kPages);
    assert_int_equal(read(ends[0], pings.data(), kPages * sizeof pings[0]), kPages * sizeof pings[0]);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    return pings;
}

void children_ping_at_times_of_their_own(void **)
{
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "websocket://127.0.0.1:0");
    assert_int_equal(wm_worker_set_int(worker, "ping_interval_ms", kIntervalMs), 0);
    Pings first = pings_of_child(app, worker), second = pings_of_child(app, worker);
    int alike = 0;
    for (size_t i = 0; i < kPages; i++)
        alike += std::max(first[i], second[i]) - std::min(first[i], second[i]) <= 5;
    assert_true(alike < kPages / 2);
    wm_app_free(app);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(children_ping_at_times_of_their_own),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
