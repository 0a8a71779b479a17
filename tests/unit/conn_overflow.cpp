// The next polls deliver events that do not fit into a poll's array: each once, in order per connection.
#include "shutdown_rig.h"

namespace {

constexpr Mode kOne = {"poll of 1", 1};
constexpr int kMany = 30;

void *one()
{
    return const_cast<Mode *>(&kOne);
}

int destroyed;

void destroy(void *)
{
    destroyed++;
}

/// Returns the kinds of a connection's events, in order.
std::vector<uint32_t> kinds_of(const Rig &rig, wm_conn conn)
{
    std::vector<uint32_t> kinds;
    for (const Seen &event : rig.events)
        if (event.conn == conn)
            kinds.push_back(event.kind);
    return kinds;
}

void timers_that_are_due_at_once(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    destroyed = 0;
    std::vector<wm_timer> timers;
    for (int i = 0; i < kMany; i++)
        timers.push_back(wm_timer_add(rig.app, 0, 0, nullptr, &rig, destroy));
    rig.until([&] { return rig.count(WM_EVENT_TIMER) == kMany; });
    for (size_t i = 0; i < timers.size(); i++)
        assert_int_equal(rig.nth(WM_EVENT_TIMER, i).id, timers[i]);
    rig.settle();
    assert_int_equal(rig.count(WM_EVENT_TIMER), kMany);
    assert_int_equal(destroyed, kMany);
}

void a_user_pointer_lives_until_its_record_was_seen(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    destroyed = 0;
    for (int i = 0; i < kMany; i++)
        wm_timer_add(rig.app, 0, 0, nullptr, &rig, destroy);
    rig.react = [&](const Seen &) { assert_true(destroyed < static_cast<int>(rig.count(WM_EVENT_TIMER))); };
    rig.until([&] { return rig.count(WM_EVENT_TIMER) == kMany; });
}

void a_timer_that_is_deleted_while_its_record_waits(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    destroyed = 0;
    wm_timer_add(rig.app, 0, 0, nullptr, nullptr, nullptr);
    wm_timer repeated = wm_timer_add(rig.app, 0, 1, nullptr, &rig, destroy);
    wm_event event;
    assert_int_equal(wm_app_poll(rig.app, &event, 1, 1000), 1);
    assert_int_not_equal(event.id, repeated);
    assert_int_equal(wm_timer_del(repeated), 0);
    assert_int_equal(wm_app_poll(rig.app, &event, 1, 0), 0);
    assert_int_equal(destroyed, 1);
}

void a_repeated_timer_waits_once(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    for (int i = 0; i < kMany; i++)
        wm_timer_add(rig.app, 0, 0, nullptr, nullptr, nullptr);
    wm_timer repeated = wm_timer_add(rig.app, 0, 1, nullptr, nullptr, nullptr);
    rig.until([&] { return rig.count(WM_EVENT_TIMER) > 2 * kMany; });
    assert_int_equal(wm_timer_del(repeated), 0);
    size_t before = rig.count(WM_EVENT_TIMER);
    rig.settle();
    assert_int_equal(rig.count(WM_EVENT_TIMER), before);
}

void a_one_shot_timer_that_is_deleted_while_its_record_waits(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    destroyed = 0;
    wm_timer first = wm_timer_add(rig.app, 0, 0, nullptr, nullptr, nullptr);
    wm_timer second = wm_timer_add(rig.app, 0, 0, nullptr, &rig, destroy);
    wm_event event;
    assert_int_equal(wm_app_poll(rig.app, &event, 1, 1000), 1);
    assert_int_equal(event.id, first);
    assert_int_equal(wm_timer_del(second), 0);
    assert_int_equal(wm_app_poll(rig.app, &event, 1, 0), 0);
    assert_int_equal(destroyed, 1);
    assert_int_equal(wm_timer_del(second), WM_ECLOSED);
}

void many_records_are_delivered_in_order(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    for (intptr_t i = 0; i < 1000; i++)
        assert_int_equal(wm_app_post(rig.app, nullptr, reinterpret_cast<void *>(i), nullptr), 0);
    wm_event events[3];
    for (intptr_t next = 0; next < 1000;) {
        int count = wm_app_poll(rig.app, events, 3, 1000);
        assert_true(count > 0);
        for (int i = 0; i < count; i++, next++)
            assert_true(events[i].kind == WM_EVENT_POST && events[i].user == reinterpret_cast<void *>(next));
    }
}

/// The second connection's events find no room: they come in the order in which a poll with room has them.
void full_comes_before_the_error_of_a_refused_message(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    assert_int_equal(wm_worker_set_int(rig.worker, "send_high_water", 1000), 0);
    assert_int_equal(wm_worker_set_int(rig.worker, "max_send_buffer", 2000), 0);
    Client one = client_open(rig), two = client_open(rig);
    std::string large(8 << 20, 'x');
    rig.events.clear();
    assert_int_equal(wm_worker_broadcast(rig.worker, large.data(), large.size(), 0), 2);
    assert_int_equal(wm_worker_broadcast(rig.worker, "y", 1, 0), 0);
    rig.until([&] { return rig.count(WM_EVENT_ERROR) == 2; });
    for (wm_conn conn = 0; (conn = wm_worker_next_conn(rig.worker, conn)) != 0;)
        assert_true(kinds_of(rig, conn) == (std::vector<uint32_t>{WM_EVENT_BUFFER_FULL, WM_EVENT_ERROR}));
    for (const Seen &event : rig.events)
        if (event.kind == WM_EVENT_ERROR)
            assert_true(event.code == WM_EFULL && !event.data.empty());
}

void closes_of_all_at_once(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    std::vector<Client> clients;
    for (int i = 0; i < kMany; i++)
        clients.push_back(client_open(rig));
    std::vector<wm_conn> conns;
    for (wm_conn conn = 0; (conn = wm_worker_next_conn(rig.worker, conn)) != 0;)
        conns.push_back(conn);
    assert_int_equal(conns.size(), kMany);
    for (wm_conn conn : conns)
        assert_int_equal(wm_conn_destroy(conn), 0);
    rig.until([&] { return rig.count(WM_EVENT_CLOSE) == kMany; });
    rig.settle();
    assert_int_equal(wm_worker_conn_count(rig.worker), 0);
    for (wm_conn conn : conns)
        assert_true(kinds_of(rig, conn) == (std::vector<uint32_t>{WM_EVENT_CONNECT, WM_EVENT_OPEN, WM_EVENT_CLOSE}));
}

void full_and_drain_of_all_at_once(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    assert_int_equal(wm_worker_set_int(rig.worker, "send_high_water", 1000), 0);
    std::vector<Client> clients;
    for (int i = 0; i < kMany; i++)
        clients.push_back(client_open(rig));
    std::string large(8 << 20, 'x'); // more than the kernel accepts at once
    assert_int_equal(wm_worker_broadcast(rig.worker, large.data(), large.size(), 0), kMany);
    rig.until([&] { return rig.count(WM_EVENT_BUFFER_FULL) == kMany; });
    rig.until([&] {
        for (Client &client : clients) {
            client.pump();
            client.in.clear();
        }
        return rig.count(WM_EVENT_BUFFER_DRAIN) == kMany;
    });
    for (wm_conn conn = 0; (conn = wm_worker_next_conn(rig.worker, conn)) != 0;)
        assert_true(kinds_of(rig, conn) ==
                    (std::vector<uint32_t>{WM_EVENT_CONNECT, WM_EVENT_OPEN, WM_EVENT_BUFFER_FULL, WM_EVENT_BUFFER_DRAIN}));
}

/// The close callback follows the deferred records.
void a_callback_does_not_overtake_records(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    static std::vector<wm_conn> closed;
    closed.clear();
    wm_worker_on_close(
        rig.worker,
        [](wm_worker *, wm_conn conn, int32_t, int32_t, const void *, size_t, void *self) {
            std::vector<uint32_t> before = kinds_of(*static_cast<Rig *>(self), conn);
            assert_true(!before.empty() && before[0] == WM_EVENT_CONNECT);
            closed.push_back(conn);
        },
        &rig, nullptr);
    rig.react = [](const Seen &event) {
        if (event.kind == WM_EVENT_CONNECT)
            wm_conn_destroy(event.conn);
    };
    std::vector<Client> clients;
    for (int i = 0; i < kMany; i++)
        clients.emplace_back(rig);
    rig.until([&] { return closed.size() == kMany; });
}

void a_peer_that_has_gone_meanwhile(void **)
{
    void *state = one();
    Rig rig(&state, "text://127.0.0.1:0");
    for (int i = 0; i < kMany; i++) {
        Client client(rig);
        client.say("line\n");
    }
    rig.until([&] { return rig.count(WM_EVENT_CLOSE) == kMany; });
    for (size_t i = 0; i < kMany; i++)
        assert_true(kinds_of(rig, rig.nth(WM_EVENT_CLOSE, i).conn) ==
                    (std::vector<uint32_t>{WM_EVENT_CONNECT, WM_EVENT_OPEN, WM_EVENT_MESSAGE, WM_EVENT_CLOSE}));
}

void freeing_the_app_with_events_that_wait(void **)
{
    void *state = one();
    destroyed = 0;
    {
        Rig rig(&state, "text://127.0.0.1:0");
        std::vector<Client> clients;
        for (int i = 0; i < kMany; i++)
            clients.push_back(client_open(rig));
        for (wm_conn conn = 0; (conn = wm_worker_next_conn(rig.worker, conn)) != 0;) {
            wm_conn_set_user(conn, &rig, destroy);
            wm_conn_destroy(conn);
        }
        for (int i = 0; i < kMany; i++)
            wm_timer_add(rig.app, 0, 0, nullptr, &rig, destroy);
        rig.turn(10);
        rig.turn(0);
    }
    assert_int_equal(destroyed, 2 * kMany);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(timers_that_are_due_at_once),
        cmocka_unit_test(a_user_pointer_lives_until_its_record_was_seen),
        cmocka_unit_test(a_timer_that_is_deleted_while_its_record_waits),
        cmocka_unit_test(a_repeated_timer_waits_once),
        cmocka_unit_test(a_one_shot_timer_that_is_deleted_while_its_record_waits),
        cmocka_unit_test(many_records_are_delivered_in_order),
        cmocka_unit_test(full_comes_before_the_error_of_a_refused_message),
        cmocka_unit_test(closes_of_all_at_once),
        cmocka_unit_test(full_and_drain_of_all_at_once),
        cmocka_unit_test(a_callback_does_not_overtake_records),
        cmocka_unit_test(a_peer_that_has_gone_meanwhile),
        cmocka_unit_test(freeing_the_app_with_events_that_wait),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
