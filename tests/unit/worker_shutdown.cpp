// A drain: no client loses an answer, and each connection closes as its protocol does.
#include "shutdown_rig.h"

#include <sys/stat.h>

namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

int respond(wm_request request, const std::string &body)
{
    return wm_request_respond(request, 200, nullptr, 0, body.data(), body.size(), 0);
}

/// A react that answers requests with their number, from 1.
std::function<void(const Seen &)> answer_at_once(Rig &rig)
{
    return [&rig](const Seen &event) {
        if (event.kind == WM_EVENT_MESSAGE)
            assert_int_equal(respond(event.id, std::to_string(rig.count(WM_EVENT_MESSAGE))), 0);
    };
}

std::function<void(const Seen &)> echo()
{
    return [](const Seen &event) {
        if (event.kind == WM_EVENT_MESSAGE)
            wm_conn_send(event.conn, event.data.data(), event.data.size(), 0);
    };
}

// ---- websocket

void websockets__hear_1012_spread_over_the_interval(void **state)
{
    constexpr int64_t kSpread = 800;
    Rig rig(state, "websocket://127.0.0.1:0");
    std::vector<Client> clients;
    for (int i = 0; i < 24; i++)
        clients.push_back(websocket_client(rig));
    rig.drain(kSpread, kLong);
    int64_t began = clock_ms(), first = 0, last = 0;
    size_t told = 0;
    while (told < clients.size()) {
        assert_int_equal(rig.turn(), 0);
        size_t now = 0;
        for (Client &client : clients)
            now += client.close_code() != 0;
        if (now > told && told == 0)
            first = clock_ms() - began;
        if (now > told)
            last = clock_ms() - began;
        told = now;
        assert_true(clock_ms() < began + kLong);
    }
    // All 24 close times in one half of the interval: a chance of one in eight million.
    assert_true(first < last && last >= kSpread / 2);
    for (Client &client : clients)
        client.hear_close(1012);
    rig.until_stopped();
    assert_int_equal(rig.count(WM_EVENT_CLOSE), clients.size());
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).flags, WM_REASON_STOP);
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).detail, 1012);
}

void websocket__handshake_under_way_is_answered_and_then_told(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    Client early(rig);
    Client late(rig);
    std::string request = Client::handshake();
    early.say(request.substr(0, 40));
    late.say(request.substr(0, request.size() - 1));
    rig.settle();
    rig.drain(0, kLong);
    rig.settle();
    early.pump();
    assert_string_equal(early.in.c_str(), "");
    for (Client *client : {&early, &late}) {
        client->say(client == &early ? request.substr(40) : "\n");
        client->hear_handshake();
        client->hear_close(1012);
    }
    assert_int_equal(rig.count(WM_EVENT_OPEN), 2);
    rig.until_stopped();
}

void websocket__what_was_received_before_its_moment_is_answered(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    auto back = echo();
    rig.react = [&](const Seen &event) {
        if (event.kind == WM_EVENT_MESSAGE && rig.count(WM_EVENT_MESSAGE) == 1)
            rig.drain(0, kLong);
        back(event);
    };
    Client client = websocket_client(rig);
    std::string frames;
    for (char payload : {'a', 'b', 'c'})
        frames += Client::frame(static_cast<char>(0x81), {payload});
    client.say(frames);
    client.hear("\x81\1a\x81\1b\x81\1c");
    client.hear_close(1012);
    rig.until_stopped();
}

void websocket__a_peer_that_does_not_answer_ends_with_close_timeout(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_worker_set_int(rig.worker, "close_timeout_ms", 200), 0);
    Client client = websocket_client(rig);
    rig.drain(0, kLong);
    rig.until_stopped();
    assert_int_equal(client.close_code(), 1012);
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 1);
}

// ---- http

void http__pipelined_requests_are_all_answered_and_the_last_says_close(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    rig.react = answer_at_once(rig);
    Client client = client_open(rig);
    rig.drain(0, kLong);
    client.say(kGet + kGet + kGet);
    assert_false(client.hear_answer("1"));
    assert_false(client.hear_answer("2"));
    assert_true(client.hear_answer("3"));
    client.hear_end();
    rig.until_stopped();
}

void http__a_drain_asked_for_by_the_first_of_three_answers_all(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    auto answer = answer_at_once(rig);
    rig.react = [&](const Seen &event) {
        if (event.kind == WM_EVENT_MESSAGE && rig.count(WM_EVENT_MESSAGE) == 1)
            rig.drain(0, kLong);
        answer(event);
    };
    Client client = client_open(rig);
    client.say(kGet + kGet + kGet);
    assert_false(client.hear_answer("1"));
    assert_false(client.hear_answer("2"));
    assert_true(client.hear_answer("3"));
    client.hear_end();
    rig.until_stopped();
}

void http__requests_over_max_pipelined_are_answered_too(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    assert_int_equal(wm_worker_set_int(rig.worker, "max_pipelined", 1), 0);
    Client client = client_open(rig);
    client.say(kGet + kGet + kGet);
    rig.drain(kLong / 2, kLong); // of which the answers use little
    for (size_t i = 0; i < 3; i++) {
        rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == i + 1; });
        rig.settle();
        assert_int_equal(respond(rig.nth(WM_EVENT_MESSAGE, i).id, "x"), 0);
        assert_int_equal(client.hear_answer("x"), i == 2);
    }
    client.hear_end();
    rig.until_stopped();
}

void http__a_request_that_has_partly_come_is_awaited(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    rig.react = answer_at_once(rig);
    Client head = client_open(rig), body = client_open(rig);
    head.say(kGet.substr(0, 10));
    body.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    rig.settle();
    rig.drain(0, kLong);
    // Longer than the quiet time.
    for (int64_t end = clock_ms() + 600; clock_ms() < end;)
        rig.turn();
    assert_false(head.ended() || body.ended());
    head.say(kGet.substr(10));
    assert_true(head.hear_answer("1"));
    head.hear_end();
    body.say("dy");
    assert_true(body.hear_answer("2"));
    body.hear_end();
    rig.until_stopped();
}

void http__an_answer_that_comes_later_says_close(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    Client client = client_open(rig);
    client.say(kGet);
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    rig.drain(0, kLong);
    for (int64_t end = clock_ms() + 600; clock_ms() < end;)
        rig.turn();
    assert_int_equal(respond(rig.nth(WM_EVENT_MESSAGE, 0).id, "late"), 0);
    assert_true(client.hear_answer("late"));
    client.hear_end();
    rig.until_stopped();
}

void http__answers_given_out_of_order_say_close_at_the_last_only(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    Client client = client_open(rig), old = client_open(rig);
    client.say(kGet + kGet);
    old.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 4; });
    auto answer_last = [&](Client &who, wm_conn conn) {
        std::vector<uint64_t> ids;
        for (const Seen &event : rig.events)
            if (event.kind == WM_EVENT_MESSAGE && event.conn == conn)
                ids.push_back(event.id);
        assert_int_equal(respond(ids[1], "two"), 0); // before the drain: not yet known to be the last answer
        return [&who, ids] {
            assert_int_equal(respond(ids[0], "one"), 0);
            assert_false(who.hear_answer("one"));
            assert_true(who.hear_answer("two"));
            who.hear_end();
        };
    };
    auto rest = answer_last(client, rig.nth(WM_EVENT_OPEN, 0).conn);
    auto rest_of_old = answer_last(old, rig.nth(WM_EVENT_OPEN, 1).conn);
    rig.drain(0, kLong);
    rig.settle();
    rest();
    rest_of_old();
    rig.until_stopped();
}

void http__a_quiet_keep_alive_ends_without_a_reset(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    rig.react = answer_at_once(rig);
    Client client = client_open(rig), fresh = client_open(rig);
    client.say(kGet);
    assert_false(client.hear_answer("1"));
    int64_t began = clock_ms();
    rig.drain(0, kLong);
    client.hear_end();
    assert_true(clock_ms() - began >= 250);
    fresh.hear_end();
    rig.until_stopped();
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).flags, WM_REASON_STOP);
}

void http__a_keep_alive_that_asks_again_in_time_is_answered(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    rig.react = answer_at_once(rig);
    Client client = client_open(rig);
    client.say(kGet);
    assert_false(client.hear_answer("1"));
    rig.drain(0, kLong);
    rig.settle();
    client.say(kGet);
    assert_true(client.hear_answer("2"));
    client.hear_end();
    rig.until_stopped();
}

void http__a_client_that_always_has_more_behind_ends_with_the_spread(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    rig.react = answer_at_once(rig);
    Client client = client_open(rig);
    client.say(kGet + kGet.substr(0, 10));
    size_t answered = 0;
    auto hear_all = [&] {
        rig.turn();
        client.pump();
        for (size_t end; (end = client.in.find("\r\n\r\n")) != std::string::npos;) {
            std::string body = std::to_string(++answered);
            bool last = client.hear_answer(body);
            if (last)
                return true;
        }
        return false;
    };
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    int64_t began = clock_ms();
    rig.drain(0, kLong);
    while (!hear_all())
        client.say(kGet.substr(10) + kGet.substr(0, 10)); // one whole request, and part of another
    assert_true(clock_ms() - began < kLong / 2);
    assert_int_equal(answered, rig.count(WM_EVENT_MESSAGE));
    client.hear_end();
    rig.until_stopped();
}

void http__what_waits_behind_max_pipelined_is_left_after_the_spread(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    assert_int_equal(wm_worker_set_int(rig.worker, "max_pipelined", 1), 0);
    Client client = client_open(rig);
    client.say(kGet + kGet + kGet);
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    rig.drain(0, kLong);
    for (int64_t end = clock_ms() + 400; clock_ms() < end;)
        rig.turn();
    assert_int_equal(respond(rig.nth(WM_EVENT_MESSAGE, 0).id, "late"), 0);
    assert_true(client.hear_answer("late"));
    client.hear_end();
    rig.until_stopped();
    assert_int_equal(rig.count(WM_EVENT_MESSAGE), 1);
}

// ---- raw

void raw__an_active_one_is_served_until_it_is_quiet(void **state)
{
    Rig rig(state, "tcp://127.0.0.1:0");
    rig.react = echo();
    Client client = client_open(rig);
    rig.drain(300, kLong);
    // Longer than the quiet time, if nothing arrived.
    for (int64_t end = clock_ms() + 500; clock_ms() < end;) {
        client.say("bytes");
        client.hear("bytes");
    }
    assert_int_equal(rig.stops, 0);
    client.hear_end();
    rig.until_stopped();
    assert_int_equal(rig.stops, 1);
}

void deadline__ends_what_is_left_in_its_way(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    rig.react = echo();
    Client client = client_open(rig);
    client.say("GET / HT");
    rig.settle();
    int64_t began = clock_ms();
    rig.drain(0, 600);
    client.hear_end();
    assert_true(clock_ms() - began >= 600);
    rig.until_stopped();
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).flags, WM_REASON_STOP);
    assert_int_equal(rig.stops, 1);
}

void deadline__a_websocket_that_ignores_1012_ends_after_a_grace(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    Client client = websocket_client(rig);
    int64_t began = clock_ms();
    rig.drain(0, 100); // close_timeout_ms is far longer
    rig.until_stopped();
    assert_true(clock_ms() - began < 4000);
    assert_int_equal(client.close_code(), 1012);
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 1);
}

// ---- workers and app

void on_stop__is_called_once_and_at_the_end(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    auto back = echo();
    rig.react = [&](const Seen &event) {
        assert_int_equal(rig.stops, 0);
        back(event);
    };
    Client client = client_open(rig);
    rig.drain(0, kLong);
    rig.settle();
    assert_int_equal(rig.stops, 0);
    client.say("a\n");
    client.hear("a\n");
    client.hear_end();
    rig.until_stopped();
    assert_int_equal(rig.stops, 1);
    assert_int_equal(wm_app_run(rig.app), 0);
    wm_app_stop(rig.app);
    assert_int_equal(rig.turn(), WM_ESTOPPED);
    assert_int_equal(rig.stops, 1);
}

void drain__without_connections_is_over_at_once(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    std::string address = wm_worker_address(rig.worker);
    rig.drain(kLong, kLong);
    rig.until_stopped();
    assert_int_equal(rig.stops, 1);
    assert_int_equal(Client::connect_to(address.c_str()), -1);
}

void drain__accepts_nobody_and_listens_no_more(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    Client client = client_open(rig);
    std::string address = wm_worker_address(rig.worker);
    rig.drain(kLong, kLong);
    rig.settle();
    assert_int_equal(Client::connect_to(address.c_str()), -1);
    assert_int_equal(wm_worker_listen(rig.worker), WM_ESTATE);
    assert_int_equal(wm_worker_resume_accept(rig.worker), 0);
    rig.settle();
    assert_int_equal(Client::connect_to(address.c_str()), -1);
    assert_false(client.ended());
}

void drain__leaves_the_file_of_a_unix_socket(void **state)
{
    char folder[] = "/tmp/wm-shutdown-XXXXXX";
    assert_non_null(mkdtemp(folder));
    std::string path = std::string(folder) + "/s";
    {
        Rig rig(state, ("unix://" + path).c_str());
        Client client = client_open(rig);
        rig.drain(0, kLong);
        client.hear_end();
        rig.until_stopped();
        assert_int_equal(Client::connect_to(("unix://" + path).c_str()), -1);
    }
    assert_int_equal(access(path.c_str(), F_OK), 0);
    unlink(path.c_str());
    rmdir(folder);
}

void drain__becomes_a_stop(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    std::vector<Client> clients;
    for (int i = 0; i < 4; i++)
        clients.push_back(websocket_client(rig));
    // So long that the drain closes none before the stop (the odds are negligible).
    rig.drain(int64_t{1} << 40, int64_t{1} << 40);
    rig.settle();
    assert_int_equal(rig.stops, 0);
    assert_int_equal(wm_app_stop(rig.app), 0);
    for (Client &client : clients)
        client.hear_close(1001);
    rig.until_stopped();
    assert_int_equal(rig.stops, 1);
}

void drain__becomes_a_stop_with_the_earlier_deadline(void **state)
{
    for (bool stop_is_earlier : {true, false}) {
        Rig rig(state, "http://127.0.0.1:0");
        Client client = client_open(rig);
        client.say(kGet);
        rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
        assert_int_equal(wm_app_set_int(rig.app, "stop_timeout_ms", stop_is_earlier ? 100 : kLong), 0);
        int64_t began = clock_ms();
        rig.drain(0, stop_is_earlier ? kLong : 100);
        rig.turn(0);
        assert_int_equal(wm_app_stop(rig.app), 0);
        rig.until_stopped(); // the host never answers
        assert_true(clock_ms() - began < kLong / 2);
        assert_int_equal(rig.stops, 1);
    }
}

} // namespace

int main()
{
    return run_scenarios("shutdown", {
#define SCENARIO(function) {#function, function}
                                         SCENARIO(websockets__hear_1012_spread_over_the_interval),
                                         SCENARIO(websocket__handshake_under_way_is_answered_and_then_told),
                                         SCENARIO(websocket__what_was_received_before_its_moment_is_answered),
                                         SCENARIO(websocket__a_peer_that_does_not_answer_ends_with_close_timeout),
                                         SCENARIO(http__pipelined_requests_are_all_answered_and_the_last_says_close),
                                         SCENARIO(http__a_drain_asked_for_by_the_first_of_three_answers_all),
                                         SCENARIO(http__requests_over_max_pipelined_are_answered_too),
                                         SCENARIO(http__a_request_that_has_partly_come_is_awaited),
                                         SCENARIO(http__an_answer_that_comes_later_says_close),
                                         SCENARIO(http__answers_given_out_of_order_say_close_at_the_last_only),
                                         SCENARIO(http__a_quiet_keep_alive_ends_without_a_reset),
                                         SCENARIO(http__a_keep_alive_that_asks_again_in_time_is_answered),
                                         SCENARIO(http__a_client_that_always_has_more_behind_ends_with_the_spread),
                                         SCENARIO(http__what_waits_behind_max_pipelined_is_left_after_the_spread),
                                         SCENARIO(raw__an_active_one_is_served_until_it_is_quiet),
                                         SCENARIO(deadline__ends_what_is_left_in_its_way),
                                         SCENARIO(deadline__a_websocket_that_ignores_1012_ends_after_a_grace),
                                         SCENARIO(on_stop__is_called_once_and_at_the_end),
                                         SCENARIO(drain__without_connections_is_over_at_once),
                                         SCENARIO(drain__accepts_nobody_and_listens_no_more),
                                         SCENARIO(drain__leaves_the_file_of_a_unix_socket),
                                         SCENARIO(drain__becomes_a_stop),
                                         SCENARIO(drain__becomes_a_stop_with_the_earlier_deadline),
                                     });
}
