// Calls of a hub while there are other processes: how they end when a callback of the host frees the hub, throws, or forks.
#include "hub/exchange.h"
#include "hub/hub.h"
#include "wm/wm.h"
#include "worker/handles.h"
#include "worker/process_link.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

constexpr uint64_t kOwnNode = 10, kOtherNode = 1;

/// A process under a master that says nothing.
struct Master final : ProcessLink {
    int index() const override { return 0; }
    bool starts(const Worker &) const override { return false; }
    const Service *service() const override { return nullptr; }
    int settings(std::string &) override { return 0; }
    bool set_unready(const std::string &) override { return true; }
    const std::string &unready() const override { return why; }
    bool report(std::string_view) override { return true; }
    uint64_t node() const override { return kOwnNode; }
    uint64_t epoch() const override { return 1; }
    void starting() override {}
    void join_peers() override {}
    void link_ended(uint64_t, uint64_t) override { ended++; }
    void started() override {}
    void ask_to_be_replaced(const char *) override {}
    void failed_start(int, const char *) override {}
    int adopt(const std::string &, bool *) override { return -1; }
    void opened(const std::string &, int) override {}
    void closed(const Worker &, int, bool) override {}
    int keys_of(const Worker &, TicketKeys &, TlsBundle &) override { return 0; }
    int access_log(const std::string &) override { return -1; }
    void gone(const Worker &) override {}

    int ended = 0;
    std::string why;
};

struct Log {
    std::vector<int32_t> results;
    int destroyed = 0;
    bool throws = false;
    App **frees = nullptr;

    static void done(wm_hub *, int32_t status, int64_t, void *self)
    {
        Log &log = *static_cast<Log *>(self);
        log.results.push_back(status);
        if (log.frees)
            std::exchange(*log.frees, nullptr)->release();
        if (std::exchange(log.throws, false))
            throw std::runtime_error("of the host");
    }
    static void destroy(void *self) { static_cast<Log *>(self)->destroyed++; }
};

struct Rig {
    Rig()
    {
        app = App::make();
        hub = wm_hub_new(handle(app));
        app->link = &master;
        assert_int_equal(app->run_once(0), 0);
    }
    ~Rig()
    {
        if (app)
            app->release();
    }

    void turn(int turns)
    {
        while (turns-- > 0)
            app->run_once(20);
    }
    int send(Log &log) { return wm_hub_send(hub, "u", 1, "x", 1, 0, nullptr, Log::done, &log, Log::destroy); }

    Master master;
    App *app;
    wm_hub *hub;
};

/// A router of another process, at the end of a link of its own.
struct Other final : router::Host, LinkEvents {
    explicit Other(Rig &rig)
    {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        assert_int_equal(loop.open([](void *) {}, [](void *) {}, nullptr), 0);
        link = std::make_unique<Link>(loop, *this, Fd(ends[1]), 1, kOwnNode);
        assert_true(link->open());
        rig.app->peers->join(kOtherNode, Peers::Kind::kService, 1, Fd(ends[0]));
        router.expect(kOwnNode, router::PeerKind::kChild);
        router.connected(1, kOwnNode, Loop::clock_ms());
        for (int i = 0; i < 5; i++) {
            rig.turn(1);
            turn();
        }
        assert_int_equal(rig.app->peers->joined(), 1);
    }
    ~Other() { link.reset(); }

    void turn()
    {
        loop.turn(0);
        router.tick(Loop::clock_ms());
        router.flush();
    }
    void send(uint64_t, const char *batch, size_t size) override { link->send(batch, size); }
    void drop(uint64_t) override {}
    router::Result take(const router::Request &) override
    {
        requests++;
        return {};
    }
    void answer(uint64_t, const router::Result &result) override
    {
        answers++;
        taken += result.connections;
        silent += result.silent;
    }
    void ask(uint64_t ref)
    {
        router::Request request;
        request.op = router::Op::kPublish;
        request.hub = Exchange::id_of("hub");
        request.name = "t";
        request.timeout_ms = 10000;
        router::Result result;
        assert_false(router.request(request, ref, Loop::clock_ms(), result));
    }
    bool arrived(Link &, const char *batch, size_t size) override
    {
        router.receive(1, batch, size, Loop::clock_ms());
        return true;
    }
    void ended(Link &) override {}

    Loop loop;
    std::unique_ptr<Link> link;
    router::Router router{*this, kOtherNode, 1};
    uint64_t requests = 0, answers = 0, taken = 0, silent = 0;
};

void a_call_to_a_service_without_a_link_is_unknown_at_once(void **)
{
    Rig rig;
    rig.app->peers->join(kOtherNode, Peers::Kind::kService, 0, Fd());
    Log log;
    assert_int_equal(rig.send(log), WM_EENGINE);
    assert_int_equal(log.results.size() + static_cast<size_t>(log.destroyed), 0);
    rig.app->peers->forget(kOtherNode);
    int64_t connections = -1;
    assert_int_equal(wm_hub_online(rig.hub, "u", 1, &connections, nullptr, nullptr, nullptr), 0);
    assert_int_equal(connections, 0);
}

void a_call_before_others_are_known_is_no_exact_zero(void **)
{
    Rig rig;
    rig.app->peers->await_others(true);
    assert_int_equal(wm_hub_set_str(rig.hub, "name", "users"), 0); // it has none yet in other processes
    Log log;
    int64_t connections = -1;
    assert_int_equal(wm_hub_online(rig.hub, "u", 1, &connections, nullptr, nullptr, nullptr), WM_EENGINE);
    assert_string_equal(wm_last_error(), "before on_start has returned no other process can be asked");
    assert_int_equal(rig.send(log), WM_EENGINE);
    wm_hub *own = wm_hub_new(handle(rig.app)); // of this process alone
    assert_int_equal(wm_hub_online(own, "u", 1, &connections, nullptr, nullptr, nullptr), 0);
    assert_int_equal(connections, 0);
    rig.app->peers->await_others(false);
    assert_int_equal(wm_hub_online(rig.hub, "u", 1, &connections, nullptr, nullptr, nullptr), 0);
}

void a_hub_freed_inside_its_call_gives_one_result(void **)
{
    Rig rig;
    rig.app->peers->join(kOtherNode, Peers::Kind::kService, 0, Fd());
    Log log;
    wm_hub_on_message(
        rig.hub, "t", 1,
        [](wm_hub *hub, const void *, size_t, const void *, size_t, void *) {
            wm_hub_free(hub);
            return 0;
        },
        nullptr, nullptr);
    int result = wm_hub_publish(rig.hub, "t", 1, "x", 1, nullptr, Log::done, &log, Log::destroy);
    assert_int_equal(result, WM_PENDING);
    rig.turn(3);
    assert_int_equal(log.results.size(), 1);
    assert_int_equal(log.results[0], WM_ECLOSED);
    assert_int_equal(log.destroyed, 1);
}

void a_hub_freed_with_pending_calls_gives_each_its_result(void **)
{
    Rig rig;
    Other other(rig);
    Log log;
    assert_int_equal(rig.send(log), WM_PENDING);
    assert_int_equal(rig.send(log), WM_PENDING);
    wm_hub_free(rig.hub);
    rig.turn(2);
    other.turn();
    rig.turn(2);
    assert_int_equal(log.results.size(), 2);
    assert_int_equal(log.results[0], WM_ECLOSED);
    assert_int_equal(log.destroyed, 2);
}

void a_result_that_throws_holds_up_no_other(void **)
{
    Rig rig;
    Other other(rig);
    Log log;
    log.throws = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rig.send(log), WM_PENDING);
    rig.turn(1);
    other.turn();
    rig.turn(2);
    assert_int_equal(log.results.size(), 3);
    assert_int_equal(log.destroyed, 3);
}

/// From outside of run, as on_connect of a connection that is adopted.
void a_call_between_two_turns_leaves_at_once(void **)
{
    Rig rig;
    Other other(rig);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    Fd far(ends[1]);
    wm_worker *worker = wm_worker_new(handle(rig.app), "text://127.0.0.1:0");
    wm_worker_on_connect(
        worker,
        [](wm_worker *, wm_conn, void *hub) {
            assert_int_equal(wm_hub_send(static_cast<wm_hub *>(hub), "u", 1, "x", 1, 0, nullptr, nullptr, nullptr, nullptr), WM_PENDING);
        },
        rig.hub, nullptr);
    assert_true(wm_worker_adopt(worker, ends[0]) != 0);
    other.turn();
    assert_int_equal(other.requests, 1);
}

/// Turns until the app has stopped, at most.
bool stops(Rig &rig, Other *other, int turns)
{
    while (turns-- > 0) {
        if (rig.app->run_once(20) == WM_ESTOPPED)
            return true;
        if (other)
            other->turn();
    }
    return false;
}

void a_process_that_leaves_answers_all_that_it_was_asked(void **)
{
    Rig rig;
    Other other(rig);
    other.ask(1);
    other.turn();
    rig.app->request_stop();
    rig.turn(1); // it reads the first and says BYE
    other.ask(2);
    assert_int_equal(other.answers, 0);
    assert_true(stops(rig, &other, 10));
    other.turn();
    assert_int_equal(other.answers, 2);
    assert_int_equal(other.taken + other.silent, 0);
}

void a_process_that_leaves_does_not_wait_for_one_that_hangs(void **)
{
    Rig rig;
    Other other(rig);
    other.ask(1);
    other.turn();
    rig.app->request_stop();
    assert_true(stops(rig, nullptr, 1000));
    other.turn();
    assert_int_equal(other.answers, 1);
    assert_int_equal(other.silent, 0);
}

/// The news that a process has ended comes before its last words are read.
void what_a_process_has_said_last_counts(void **)
{
    Rig rig;
    Other other(rig);
    Log log;
    assert_int_equal(rig.send(log), WM_PENDING);
    rig.turn(1);
    other.loop.turn(0);
    other.router.flush(); // the answer lies in the socket
    rig.app->peers->forget(kOtherNode);
    rig.turn(1);
    assert_int_equal(log.results.size(), 1);
    assert_int_equal(log.results[0], 0);
}

bool in_child;

void a_fork_inside_a_batch_leaves_the_rest_to_the_parent(void **)
{
    Rig rig;
    Other other(rig);
    static int calls;
    calls = 0;
    wm_hub_on_message(
        rig.hub, "t", 1,
        [](wm_hub *, const void *, size_t, const void *, size_t, void *) {
            if (calls++ == 0)
                in_child = fork() == 0;
            return 0;
        },
        nullptr, nullptr);
    constexpr int kRequests = 30;
    for (int i = 0; i < kRequests; i++)
        other.ask(static_cast<uint64_t>(i));
    other.turn();
    for (int i = 0; i < 3 && !in_child; i++)
        rig.turn(1);
    if (in_child)
        _exit(calls == 1 && rig.master.ended == 0 ? 0 : 1);
    other.turn();
    assert_int_equal(calls, kRequests);
    assert_int_equal(other.taken, kRequests);
    int status = 0;
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
}

void a_result_may_free_the_app_while_its_hub_is_freed(void **)
{
    Rig rig;
    Log log;
    Other other(rig);
    log.frees = &rig.app;
    assert_int_equal(rig.send(log), WM_PENDING);
    wm_hub_free(rig.hub);
    assert_null(rig.app);
    assert_int_equal(log.results.size(), 1);
    assert_int_equal(log.destroyed, 1);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_to_a_service_without_a_link_is_unknown_at_once),
        cmocka_unit_test(a_call_before_others_are_known_is_no_exact_zero),
        cmocka_unit_test(a_hub_freed_inside_its_call_gives_one_result),
        cmocka_unit_test(a_hub_freed_with_pending_calls_gives_each_its_result),
        cmocka_unit_test(a_result_may_free_the_app_while_its_hub_is_freed),
        cmocka_unit_test(a_result_that_throws_holds_up_no_other),
        cmocka_unit_test(a_call_between_two_turns_leaves_at_once),
        cmocka_unit_test(a_process_that_leaves_answers_all_that_it_was_asked),
        cmocka_unit_test(a_process_that_leaves_does_not_wait_for_one_that_hangs),
        cmocka_unit_test(what_a_process_has_said_last_counts),
        cmocka_unit_test(a_fork_inside_a_batch_leaves_the_rest_to_the_parent),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
