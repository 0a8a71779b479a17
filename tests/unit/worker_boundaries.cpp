// A drain and a stop of a protocol with boundaries: a connection ends between two messages, and the host is told.
#include "shutdown_rig.h"

#include <algorithm>

namespace {

std::function<void(const Seen &)> echo()
{
    return [](const Seen &event) {
        if (event.kind == WM_EVENT_MESSAGE)
            wm_conn_send(event.conn, event.data.data(), event.data.size(), 0);
    };
}

/// A react that sends "bye" in the closing event.
std::function<void(const Seen &)> echo_and_say_goodbye()
{
    return [back = echo()](const Seen &event) {
        back(event);
        if (event.kind == WM_EVENT_CLOSING)
            wm_conn_send(event.conn, "bye", 3, 0);
    };
}

void wait(Rig &rig, int64_t ms)
{
    for (int64_t end = clock_ms() + ms; clock_ms() < end;)
        rig.turn();
}

constexpr int64_t kQuiet = 450; ///< ms after which a connection counts as idle

// ---- when

void idle__ends_are_spread_over_the_interval(void **state)
{
    constexpr int64_t kSpread = 900;
    Rig rig(state, "text://127.0.0.1:0");
    if (rig.cap() != 0)
        return; // the moments are the same
    std::vector<Client> clients;
    for (int i = 0; i < 24; i++)
        clients.push_back(client_open(rig));
    wait(rig, kQuiet);
    rig.drain(kSpread, kLong);
    int64_t began = clock_ms(), first = 0, last = 0;
    for (size_t ended = 0; ended < clients.size();) {
        rig.turn();
        size_t now = 0;
        for (Client &client : clients)
            now += client.ended();
        if (now > ended)
            last = clock_ms() - began;
        if (ended == 0)
            first = last;
        ended = now;
    }
    assert_true(first < last && last >= kSpread / 4);
    for (Client &client : clients)
        client.hear_end();
    rig.until_stopped();
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).flags, WM_REASON_STOP);
}

void busy__ends_behind_an_answer(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    if (rig.cap() == 1)
        return; // a batch without room for the closing event: the line behind the answer may be lost
    rig.react = echo();
    std::vector<Client> clients;
    for (int i = 0; i < 8; i++)
        clients.push_back(client_open(rig));
    rig.drain(600, kLong);
    size_t left = clients.size();
    for (size_t i = 0; left > 0; i = (i + 1) % clients.size()) {
        if (clients[i].ended())
            continue;
        std::string line = "line " + std::to_string(rig.count(WM_EVENT_MESSAGE)) + "\n";
        clients[i].say(line);
        clients[i].hear(line); // each line has its answer before the end
        left -= clients[i].ended();
    }
    for (Client &client : clients)
        client.hear_end();
    rig.until_stopped();
}

void pipelined__all_that_was_taken_is_answered(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    rig.react = echo();
    Client client = client_open(rig);
    rig.drain(0, kLong);
    std::string lines;
    for (int i = 0; i < 2000; i++)
        lines += std::to_string(i) + "\n";
    std::string sent;
    while (!client.ended()) { // also behind the end: no reset takes answers with it
        std::string part = lines.substr(sent.size() % lines.size(), 777);
        if (!client.try_say(part))
            break;
        sent += part;
        rig.turn(0);
    }
    rig.until([&] { return client.ended(); });
    size_t taken = rig.count(WM_EVENT_MESSAGE);
    assert_true(taken > 0 && sent.starts_with(client.in));
    assert_int_equal(std::count(client.in.begin(), client.in.end(), '\n'), taken);
    client.in.clear();
    client.hear_end();
    rig.until_stopped();
}

void half_a_message__is_waited_for(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    rig.react = echo();
    Client client = client_open(rig);
    client.say("half a l");
    rig.settle();
    rig.drain(kLong / 2, kLong);
    rig.settle();
    client.say("ine\n");
    client.hear("half a line\n");
}

void half_a_message__is_cut_off_with_the_spread(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    rig.react = echo();
    Client client = client_open(rig);
    client.say("half a l");
    rig.settle();
    int64_t began = clock_ms();
    rig.drain(300, kLong);
    client.hear_end();
    assert_true(clock_ms() - began >= 300);
    assert_int_equal(rig.count(WM_EVENT_MESSAGE), 0);
    rig.until_stopped();
}

// ---- a host that answers later

void pause__holds_it_until_the_answer(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    rig.react = [](const Seen &event) {
        if (event.kind == WM_EVENT_MESSAGE)
            wm_conn_pause_recv(event.conn);
    };
    Client client = client_open(rig);
    rig.drain(0, kLong);
    client.say("one\n");
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    wait(rig, 300); // over the time in which all others end
    assert_false(client.ended());
    wm_conn conn = rig.nth(WM_EVENT_MESSAGE, 0).conn;
    wm_conn_send(conn, "later", 5, 0);
    wm_conn_resume_recv(conn);
    client.hear("later\n");
    client.hear_end();
    rig.until_stopped();
}

void closing__a_pause_in_it_holds_the_connection(void **state)
{
    for (bool resume : {true, false}) {
        Rig rig(state, "text://127.0.0.1:0");
        rig.react = [](const Seen &event) {
            if (event.kind == WM_EVENT_CLOSING)
                wm_conn_pause_recv(event.conn);
        };
        Client client = client_open(rig);
        client.say("one\n");
        rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
        rig.drain(0, kLong);
        rig.until([&] { return rig.count(WM_EVENT_CLOSING) == 1; });
        client.say("two\n");
        rig.settle();
        assert_false(client.ended());
        wm_conn conn = rig.nth(WM_EVENT_MESSAGE, 0).conn;
        wm_conn_send(conn, "later", 5, 0);
        assert_int_equal(resume ? wm_conn_resume_recv(conn) : wm_conn_close(conn, 0, nullptr, 0), 0);
        client.hear("later\n");
        client.hear_end();
        assert_int_equal(rig.count(WM_EVENT_MESSAGE), 1);
        assert_int_equal(rig.count(WM_EVENT_CLOSING), 1);
        rig.until_stopped();
    }
}

// ---- the closing event

void closing__what_is_sent_in_it_is_the_last(void **state)
{
    for (bool stop : {false, true}) {
        Rig rig(state, "text://127.0.0.1:0");
        rig.react = echo_and_say_goodbye();
        Client busy = client_open(rig), idle = client_open(rig);
        busy.say("one\n");
        busy.hear("one\n");
        if (stop)
            wm_app_stop(rig.app);
        else
            rig.drain(0, kLong);
        for (Client *client : {&busy, &idle}) {
            client->hear("bye\n");
            client->hear_end();
        }
        rig.until_stopped();
        assert_int_equal(rig.count(WM_EVENT_CLOSING), 2);
        assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).flags, WM_REASON_STOP);
    }
}

void closing__comes_before_the_close_frame(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    rig.react = echo_and_say_goodbye();
    Client client = websocket_client(rig);
    rig.drain(0, kLong);
    client.hear("\x81\3bye");
    client.hear_close(1012);
    rig.until_stopped();
    assert_int_equal(rig.count(WM_EVENT_CLOSING), 1);
}

void closing__none_on_http_nor_for_what_ends_by_itself(void **state)
{
    for (const char *address : {"http://127.0.0.1:0", "text://127.0.0.1:0"}) {
        Rig rig(state, address);
        std::vector<Client> clients;
        clients.push_back(client_open(rig));
        if (address[0] == 't')
            clients.clear();
        rig.until([&] { return address[0] == 'h' || rig.count(WM_EVENT_CLOSE) == 1; });
        rig.drain(0, kLong);
        for (Client &client : clients)
            client.hear_end();
        rig.until_stopped();
        assert_int_equal(rig.count(WM_EVENT_CLOSING), 0);
        assert_int_equal(rig.count(WM_EVENT_CLOSE), 1);
    }
}

void closing__one_in_which_the_host_closes(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    rig.react = [](const Seen &event) {
        if (event.kind == WM_EVENT_CLOSING)
            wm_conn_destroy(event.conn);
    };
    Client client = client_open(rig);
    assert_int_equal(wm_app_stop(rig.app), 0);
    rig.until_stopped();
    assert_true(client.ended());
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).flags, WM_REASON_LOCAL);
}

void stop__one_that_is_held_ends_with_stop_timeout(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "stop_timeout_ms", 300), 0);
    rig.react = [](const Seen &event) {
        if (event.kind == WM_EVENT_CLOSING)
            wm_conn_pause_recv(event.conn);
    };
    Client client = client_open(rig);
    int64_t began = clock_ms();
    assert_int_equal(wm_app_stop(rig.app), 0);
    rig.until_stopped();
    assert_true(clock_ms() - began >= 300);
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 1);
}

void stop__does_not_wait_for_a_pause_of_before(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "stop_timeout_ms", kLong), 0);
    Client client = client_open(rig);
    assert_int_equal(wm_conn_pause_recv(rig.nth(WM_EVENT_OPEN, 0).conn), 0);
    assert_int_equal(wm_app_stop(rig.app), 0);
    client.hear_end();
    rig.until_stopped();
}

} // namespace

int main()
{
#define SCENARIO(function)                                                                                                                 \
    {                                                                                                                                      \
#function, function                                                                                                                \
    }
    return run_scenarios("boundaries", {
                                           SCENARIO(idle__ends_are_spread_over_the_interval),
                                           SCENARIO(busy__ends_behind_an_answer),
                                           SCENARIO(pipelined__all_that_was_taken_is_answered),
                                           SCENARIO(half_a_message__is_waited_for),
                                           SCENARIO(half_a_message__is_cut_off_with_the_spread),
                                           SCENARIO(pause__holds_it_until_the_answer),
                                           SCENARIO(closing__a_pause_in_it_holds_the_connection),
                                           SCENARIO(closing__what_is_sent_in_it_is_the_last),
                                           SCENARIO(closing__comes_before_the_close_frame),
                                           SCENARIO(closing__none_on_http_nor_for_what_ends_by_itself),
                                           SCENARIO(closing__one_in_which_the_host_closes),
                                           SCENARIO(stop__one_that_is_held_ends_with_stop_timeout),
                                           SCENARIO(stop__does_not_wait_for_a_pause_of_before),
                                       });
#undef SCENARIO
}
