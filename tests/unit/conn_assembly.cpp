// Memory of incomplete messages: tails grow, an announced length reserves nothing, and at max_assembly_total the
// connection that has held most for longest is turned away, not the one that needs room.
#include "shutdown_rig.h"

#include "core/buffer.h"

namespace {

constexpr size_t kMessage = 1 << 20;

/// The header of a masked binary frame of that length, over 125, its mask of zeros.
std::string frame_header(size_t len)
{
    bool medium = len < 65536;
    std::string header = medium ? "\x82\xfe" : "\x82\xff";
    for (int shift = medium ? 8 : 56; shift >= 0; shift -= 8)
        header += static_cast<char>(static_cast<uint64_t>(len) >> shift);
    return header + std::string(4, '\0');
}

size_t tail_capacity(wm_worker *worker)
{
    size_t sum = 0;
    for (const wm::Connection *conn : wm::object(worker)->connections())
        sum += conn->tail ? conn->tail->capacity : 0;
    return sum;
}

void say_all(Rig &rig, Client &client, const std::string &bytes)
{
    for (size_t at = 0; at < bytes.size(); at += 32768) {
        client.say(bytes.substr(at, 32768));
        rig.settle();
    }
}

void a_long_message_reserves_its_length(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    Client client = websocket_client(rig);
    say_all(rig, client, frame_header(kMessage) + std::string(kMessage / 10 * 9, 'x'));
    size_t capacity = tail_capacity(rig.worker);
    assert_in_range(capacity, kMessage, kMessage + 14);
    say_all(rig, client, std::string(kMessage - kMessage / 10 * 9, 'x'));
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    assert_int_equal(rig.nth(WM_EVENT_MESSAGE, 0).data.size(), kMessage);
    rig.settle();
    assert_int_equal(tail_capacity(rig.worker), 0);
}

void what_is_only_announced_reserves_nothing(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    Client client = websocket_client(rig);
    client.say(frame_header(10 << 20) + "x");
    rig.until([&] { return tail_capacity(rig.worker) > 0; });
    assert_in_range(tail_capacity(rig.worker), 1, 1024);
}

void the_total_holds_as_many_as_fit(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", 256 * (kMessage / 10)), 0);
    std::vector<Client> clients;
    for (size_t i = 0; i < 25; i++) {
        clients.push_back(websocket_client(rig));
        say_all(rig, clients.back(), frame_header(kMessage) + std::string(kMessage / 10 * 9, 'x'));
    }
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 0);
    for (Client &client : clients)
        say_all(rig, client, std::string(kMessage - kMessage / 10 * 9, 'x'));
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 25; });
}

// ---- at the limit

constexpr size_t kTotal = 100000;
constexpr size_t kPart = 60000;
constexpr const char *kTurnedAway = "the server has no room for incomplete messages: try again later";

/// Begins a message of 2 * kPart bytes, which fits into the total only once.
void begin_message(Rig &rig, Client &client)
{
    say_all(rig, client, frame_header(2 * kPart) + std::string(kPart - 14, 'x'));
}

void hear_turned_away(Rig &rig, Client &client)
{
    rig.until([&] { return client.close_code() != 0 || client.ended(); });
    assert_int_equal(client.close_code(), 1013);
    assert_string_equal(client.in.substr(4).c_str(), kTurnedAway);
}

/// Requests with a body of that length, the latter half of it missing.
std::string half_a_request(size_t len)
{
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(len) + "\r\n\r\n" + std::string(len / 2, 'x');
}

void a_newcomer_finds_room_and_the_holder_is_turned_away(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", kTotal), 0);
    Client holder = websocket_client(rig), newcomer = websocket_client(rig);
    begin_message(rig, holder);
    say_all(rig, newcomer, frame_header(kPart) + std::string(kPart - 1, 'x'));
    hear_turned_away(rig, holder);
    newcomer.say("x");
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    assert_int_equal(rig.nth(WM_EVENT_MESSAGE, 0).data.size(), kPart);
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 0); // the holder's answer to the close frame is awaited
}

void of_many_holders_those_of_most_bytes_for_longest_go(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", kTotal), 0);
    Client small = websocket_client(rig), first = websocket_client(rig), second = websocket_client(rig), third = websocket_client(rig);
    small.say(frame_header(200) + "x");
    rig.settle();
    for (Client *client : {&first, &second, &third}) {
        say_all(rig, *client, frame_header(2 * kTotal / 5) + std::string(2 * kTotal / 5 - 1, 'x'));
        rig.turn(20);
    }
    hear_turned_away(rig, first);
    for (Client *client : {&second, &third})
        client->say("x");
    small.say(std::string(199, 'x'));
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 3; });
}

void one_peer_that_holds_everything_keeps_nobody_out(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", kTotal), 0);
    std::vector<Client> holders;
    for (size_t i = 0; i < 50; i++) {
        holders.push_back(websocket_client(rig));
        holders.back().say(frame_header(kTotal) + std::string(4000, 'x'));
        rig.settle();
    }
    for (size_t i = 0; i < 20; i++) {
        Client client = websocket_client(rig);
        client.say(frame_header(2000) + std::string(1000, 'x'));
        rig.settle();
        client.say(std::string(1000, 'x'));
        rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == i + 1 || client.ended(); });
        assert_int_equal(rig.count(WM_EVENT_MESSAGE), i + 1);
    }
}

void one_alone_that_needs_more_than_the_total_is_turned_away(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", kTotal), 0);
    Client client = websocket_client(rig);
    client.say(frame_header(2 * kTotal));
    for (size_t at = 0; at < kTotal + 65536 && client.close_code() == 0; at += 16384) {
        client.say(std::string(16384, 'x'));
        rig.settle();
    }
    hear_turned_away(rig, client);
    rig.settle();
    assert_int_equal(tail_capacity(rig.worker), 0);
}

void a_worker_loses_nothing_below_its_share(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", kTotal), 0);
    Client inner = websocket_client(rig);
    say_all(rig, inner, frame_header(40000) + std::string(39999, 'x'));
    rig.turn(20);
    wm_worker *first = rig.worker;
    rig.worker = wm_worker_new(rig.app, "text://127.0.0.1:0");
    assert_int_equal(wm_worker_listen(rig.worker), 0);
    std::vector<Client> pages;
    for (size_t i = 0; i < 30; i++) {
        pages.emplace_back(rig);
        pages.back().say(std::string(6000, 'x'));
        rig.settle();
    }
    rig.worker = first;
    assert_int_equal(tail_capacity(first) > 0, 1);
    inner.say("x");
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
    assert_int_equal(rig.nth(WM_EVENT_MESSAGE, 0).data.size(), 40000);
    assert_true(pages.front().ended());
    assert_false(pages.back().ended());
}

void http_hears_503(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", kTotal), 0);
    Client holder(rig), newcomer(rig);
    say_all(rig, holder, half_a_request(2 * kPart));
    say_all(rig, newcomer, half_a_request(80000));
    rig.until([&] { return holder.has("\r\n\r\n") || holder.ended(); });
    assert_true(holder.in.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    assert_true(holder.has("\r\nConnection: close\r\n"));
    assert_true(holder.has(kTurnedAway));
    newcomer.say(std::string(40000, 'x'));
    rig.until([&] { return rig.count(WM_EVENT_MESSAGE) == 1; });
}

/// Its end has come, but is not yet read, when another needs the room: the limit is why it ends.
void one_that_has_ended_its_side_hears_503(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", kTotal), 0);
    Client holder(rig), newcomer(rig);
    say_all(rig, holder, half_a_request(2 * kPart));
    newcomer.say(half_a_request(80000));
    holder.end_writing();
    rig.until([&] { return rig.count(WM_EVENT_CLOSE) == 1; });
    assert_int_equal(rig.nth(WM_EVENT_CLOSE, 0).flags & 255, WM_REASON_LIMIT);
    assert_true(holder.has("\r\n\r\n") && holder.in.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
}

void a_head_request_hears_503_without_content(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    Client client(rig);
    client.say("HEAD / HTTP/1.1\r\nHost: a\r\n");
    rig.settle();
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", 400), 0);
    Client newcomer(rig);
    newcomer.say("GET / HTTP/1.1\r\n");
    rig.until([&] { return client.has("\r\n\r\n") || client.ended(); });
    assert_true(client.in.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    assert_true(client.in.ends_with("\r\n\r\n"));
}

void a_handshake_hears_503(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", 10), 0);
    Client client(rig);
    client.say(std::string(Client::handshake()).substr(0, 40));
    rig.until([&] { return client.has("\r\n\r\n") || client.ended(); });
    assert_true(client.in.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
}

void requests_before_it_are_answered_before_503(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    uint64_t request = 0;
    rig.react = [&](const Seen &event) {
        if (event.kind == WM_EVENT_MESSAGE) {
            request = event.id;
            assert_int_equal(wm_request_keep(request), 0);
        }
    };
    Client client(rig);
    client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + half_a_request(2000));
    rig.until([&] { return request != 0; });
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", 400), 0);
    Client newcomer(rig);
    newcomer.say("GET / HTTP/1.1\r\n");
    rig.settle();
    assert_int_equal(wm_request_respond(request, 200, nullptr, 0, "first", 5, 0), 0);
    assert_false(client.hear_answer("first"));
    rig.until([&] { return client.has("\r\n\r\n") || client.ended(); });
    assert_true(client.in.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
}

void a_request_that_waits_behind_head_hears_503_with_content(void **state)
{
    Rig rig(state, "http://127.0.0.1:0");
    assert_int_equal(wm_worker_set_int(rig.worker, "max_pipelined", 1), 0);
    uint64_t request = 0;
    rig.react = [&](const Seen &event) { request = event.kind == WM_EVENT_MESSAGE ? event.id : request; };
    Client client(rig);
    client.say("HEAD / HTTP/1.1\r\n");
    rig.settle();
    client.say("Host: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig.until([&] { return request != 0; });
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", 400), 0);
    Client newcomer(rig);
    newcomer.say("GET / HTTP/1.1\r\n");
    rig.settle();
    assert_int_equal(wm_request_respond(request, 200, nullptr, 0, nullptr, 0, 0), 0);
    rig.until([&] { return client.ended(); });
    assert_true(client.has("HTTP/1.1 503 Service Unavailable\r\n"));
    assert_true(client.has(kTurnedAway));
}

/// A host's close in the error callback does not replace the reason that the peer hears.
void the_peer_hears_the_limit_whatever_the_error_callback_does(void **state)
{
    Rig rig(state, "websocket://127.0.0.1:0");
    auto close = [](wm_worker *, wm_conn conn, int32_t, const void *, size_t, void *) { wm_conn_close(conn, 4000, "mine", 4); };
    assert_int_equal(wm_worker_on_error(rig.worker, close, nullptr, nullptr), 0);
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", 10), 0);
    Client client = websocket_client(rig);
    client.say(frame_header(2000) + "x");
    hear_turned_away(rig, client);
}

std::vector<std::string> lines;

void the_log_names_the_limit_once_a_second(void **state)
{
    Rig rig(state, "text://127.0.0.1:0");
    lines.clear();
    auto take = [](int32_t, const void *text, size_t len, void *) { lines.emplace_back(static_cast<const char *>(text), len); };
    assert_int_equal(wm_log_set(take, nullptr, nullptr), 0);
    assert_int_equal(wm_app_set_int(rig.app, "max_assembly_total", 10), 0);
    for (int i = 0; i < 20; i++) {
        Client client(rig);
        client.say("x");
        rig.until([&] { return client.ended(); });
    }
    wm_log_set(nullptr, nullptr, nullptr);
    assert_in_range(lines.size(), 1, 10);
    assert_true(lines[0].find("max_assembly_total (10)") != std::string::npos);
}

} // namespace

int main()
{
    return run_scenarios(
        "assembly",
        {
            {"a long message reserves its length", a_long_message_reserves_its_length},
            {"what is only announced reserves nothing", what_is_only_announced_reserves_nothing},
            {"the total holds as many as fit", the_total_holds_as_many_as_fit},
            {"a newcomer finds room, and the holder is turned away", a_newcomer_finds_room_and_the_holder_is_turned_away},
            {"of many holders those of most bytes for longest go", of_many_holders_those_of_most_bytes_for_longest_go},
            {"one peer that holds everything keeps nobody out", one_peer_that_holds_everything_keeps_nobody_out},
            {"one alone that needs more than the total is turned away", one_alone_that_needs_more_than_the_total_is_turned_away},
            {"a worker loses nothing below its share", a_worker_loses_nothing_below_its_share},
            {"http hears 503", http_hears_503},
            {"one that has ended its side hears 503", one_that_has_ended_its_side_hears_503},
            {"a HEAD request hears 503 without content", a_head_request_hears_503_without_content},
            {"a handshake hears 503", a_handshake_hears_503},
            {"requests before it are answered before 503", requests_before_it_are_answered_before_503},
            {"a request that waits behind HEAD hears 503 with content", a_request_that_waits_behind_head_hears_503_with_content},
            {"the peer hears the limit whatever the error callback does", the_peer_hears_the_limit_whatever_the_error_callback_does},
            {"the log names the limit once a second", the_log_names_the_limit_once_a_second},
        });
}
