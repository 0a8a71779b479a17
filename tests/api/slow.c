/**
 * @file
 * Peers that read too slowly: what waits for them, what is replaced and dropped, in which order the rest arrives, and when one is closed.
 * Each scenario fills the kernel's buffers first, so that all that follows depends on the queue alone.
 */
#include "support/slow_peer.h"
#include "support/ws_client.h"

enum { LIMIT = 256 << 10 }; /* fill() needs two messages of FILL bytes in the queue */

static int dropping(wm_conn conn, const char *text)
{
    return wm_conn_send(conn, text, strlen(text), WM_SEND_SLOW_DROP_OLDEST);
}

static void drop_oldest__what_arrives_is_the_newest_in_order_and_the_queue_has_its_limit(void **state)
{
    enum { COUNT = 40000, LEN = 9 };
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "max_send_buffer", LIMIT), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    size_t filled = fill(host, conn);
    int64_t before = wm_conn_send_queue_size(conn);
    char text[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "%08d", i);
        assert_true(dropping(conn, text) >= 0);
        assert_in_range(wm_conn_send_queue_size(conn) - before, LEN, LIMIT);
    }
    until(host, ends_with(&client, "00039999\n"));
    const char *line = client.in + filled * (FILL + 1);
    int first = atoi(line);
    assert_in_range(first, 1, COUNT - 100); /* most are gone, and what is left is more than a handful */
    assert_int_equal(client.in + client.len - line, (COUNT - first) * LEN);
    for (int i = first; i < COUNT; i++, line += LEN)
        assert_int_equal(atoi(line), i);
    client_end(&client);
    host_end(host);
}

static void a_message_that_may_not_be_dropped__takes_the_room_of_those_that_may(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "max_send_buffer", LIMIT), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    size_t filled = fill(host, conn);
    static char large[2000];
    enum { LINE = sizeof large };
    for (int i = 0; i < 200; i++)
        assert_true(dropping(conn, "may go") >= 0);
    memset(large, 'k', sizeof large - 1);
    int kept = 0, result;
    while ((result = sent(conn, large)) >= 0)
        kept++;
    assert_int_equal(result, WM_EFULL);
    assert_in_range(kept, 10, 200);
    assert_int_equal(dropping(conn, large), WM_EFULL); /* finds no room either */
    until(host, client_has(&client, filled * (FILL + 1) + (size_t)kept * LINE) && ends_with(&client, "k\n"));
    const char *at = client.in + filled * (FILL + 1);
    int left = 0;
    for (; strncmp(at, "may go\n", 7) == 0; at += 7)
        left++;
    assert_in_range(left, 0, 150);
    assert_int_equal(client.in + client.len - at, kept * LINE);
    for (; *at; at += LINE)
        assert_memory_equal(at, large, LINE - 1);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 0);
    client_end(&client);
    host_end(host);
}

static void over_the_limit__a_few_latest_messages_still_wait(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    fill(host, conn);
    assert_int_equal(wm_conn_set_int(conn, "max_send_buffer", LIMIT / 16), 0);
    while (sent(conn, "full") >= 0) {
    }
    assert_true(latest(conn, "a", "a 1") >= 0);
    assert_true(latest(conn, "b", "b 1") >= 0);
    assert_true(latest(conn, "a", "a 2") >= 0);
    assert_int_equal(sent(conn, "refused"), WM_EFULL);
    until(host, ends_with(&client, "b 1\na 2\n"));
    client_end(&client);
    host_end(host);
}

static void buffer_events__are_those_of_all_that_is_queued(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    size_t filled = fill(host, conn);
    assert_int_equal(wm_conn_set_int(conn, "send_high_water", wm_conn_send_queue_size(conn) + 40000), 0);
    static char large[30000];
    memset(large, 'l', sizeof large - 1);
    assert_int_equal(wm_conn_send_latest(conn, "l", 1, large, sizeof large - 1, 0), 0);
    assert_int_equal(wm_conn_send_latest(conn, "m", 1, large, sizeof large - 1, 0), WM_BACKPRESSURE);
    assert_int_equal(latest(conn, "l", "end"), 0);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open full");
    until(host, ends_with(&client, "l\nend\n"));
    assert_int_equal(client.len, filled * (FILL + 1) + sizeof large + 4);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open full drain");
    client_end(&client);
    host_end(host);
}

static void close__sends_all_that_waits_first(void **state)
{
    for (int shutdown = 0; shutdown <= 1; shutdown++) {
        struct host *host = host_begin(*state, "text");
        wm_conn conn;
        struct client client = client_open(host, &conn);
        size_t filled = fill(host, conn);
        assert_true(latest(conn, "a", "old") >= 0);
        assert_true(dropping(conn, "one") >= 0);
        assert_true(latest(conn, "a", "two") >= 0);
        assert_int_equal(shutdown ? wm_conn_shutdown(conn) : wm_conn_close(conn, 0, NULL, 0), 0);
        assert_int_equal(latest(conn, "a", "late"), WM_ECLOSED);
        assert_int_equal(dropping(conn, "late"), WM_ECLOSED);
        hear_after_fill(host, &client, filled, "one\ntwo\n");
        client_hear_end(host, &client);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        host_end(host);
    }
}

static void slow_close__is_1013_behind_all_that_was_taken(void **state)
{
    for (int option = 0; option <= 1; option++) {
        struct host *host = host_begin(*state, "websocket");
        assert_int_equal(wm_worker_set_int(host->worker, "slow_policy", option ? WM_SLOW_CLOSE : WM_SLOW_DROP_OLDEST), 0);
        assert_int_equal(wm_worker_set_int(host->worker, "close_timeout_ms", GUARD_MS), 0);
        wm_conn conn;
        struct client client = ws_open(host, &conn);
        static char message[30000];
        memset(message, 'x', sizeof message);
        int flags = option ? 0 : WM_SEND_SLOW_CLOSE, result, taken = 0;
        while ((result = wm_conn_send(conn, message, sizeof message, flags)) >= 0)
            taken++;
        assert_int_equal(result, WM_EFULL);
        assert_int_equal(wm_worker_broadcast(host->worker, message, sizeof message, flags), 0); /* with no error event beside the close */
        settle(host);
        assert_int_equal(wm_conn_send(conn, "late", 4, 0), WM_ECLOSED);
        for (int i = 0; i < taken; i++) {
            char *data;
            size_t len = 0;
            assert_int_equal(ws_receive(host, &client, &data, &len), WS_TEXT);
            assert_int_equal(len, sizeof message);
            free(data);
        }
        ws_hear_close(host, &client, 1013);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags & 255, WM_REASON_LIMIT);
        assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->code, host->setting->cap > 0 ? WM_EFULL : 0); /* of a record */
        assert_string_equal(nth(host, WM_EVENT_CLOSE, 0)->data, "too slow");
        assert_int_equal(count_of(host, WM_EVENT_ERROR), 0);
        host_end(host);
    }
}

static void websocket__frames_are_whole_and_control_frames_pass(void **state)
{
    enum { COUNT = 40000 };
    struct host *host = host_begin(*state, "websocket");
    assert_int_equal(wm_worker_set_int(host->worker, "max_send_buffer", LIMIT), 0);
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    size_t filled = fill(host, conn);
    char text[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_true(wm_conn_send(conn, text, strlen(text), WM_SEND_SLOW_DROP_OLDEST | (i % 2 ? WM_SEND_BINARY : 0)) >= 0);
    }
    ws_send(host, &client, 0x89, "ping", 4);
    settle(host);
    int pongs = 0, last = -1;
    while (last < COUNT - 1) {
        char *data;
        size_t len = 0;
        int opcode = ws_receive(host, &client, &data, &len);
        if (opcode == WS_PONG) {
            pongs++;
        } else if (filled > 0) {
            assert_int_equal(len, FILL);
            filled--;
        } else {
            assert_true(last < 0 ? atoi(data) > 0 : atoi(data) == last + 1); /* the oldest are gone */
            last = atoi(data);
            assert_int_equal(opcode, last % 2 ? WS_BINARY : WS_TEXT);
        }
        free(data);
    }
    assert_int_equal(pongs, 1);
    client_end(&client);
    host_end(host);
}

static void raw__a_send_is_a_message(void **state)
{
    struct host *host = host_begin(*state, "tcp");
    assert_int_equal(wm_worker_set_int(host->worker, "max_send_buffer", LIMIT), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    size_t filled = fill(host, conn);
    for (int i = 0; i < 9999; i++)
        assert_true(dropping(conn, "<whole>") >= 0);
    assert_true(sent(conn, "end") >= 0);
    until(host, ends_with(&client, "end"));
    const char *at = client.in + filled * FILL;
    assert_in_range(client.in + client.len - at, 700, 9000 * 7);
    assert_int_equal((client.in + client.len - at) % 7, 3);
    for (; strcmp(at, "end") != 0; at += 7)
        assert_memory_equal(at, "<whole>", 7);
    client_end(&client);
    host_end(host);
}

static void encoded__messages_are_encoded_once_in_the_call_that_sends_them(void **state)
{
    struct host *host = host_begin(*state, NULL);
    int encoded = 0;
    serve_bracketed(host, &encoded);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    fill(host, conn);
    encoded = 0;
    assert_true(latest(conn, "a", "a1") >= 0);
    assert_true(dropping(conn, "d") >= 0);
    assert_true(latest(conn, "b", "b1") >= 0);
    assert_true(latest(conn, "a", "a2") >= 0);
    assert_true(sent(conn, "s") >= 0);
    assert_int_equal(wm_worker_broadcast(host->worker, "all", 3, 0), 1);
    assert_int_equal(encoded, 6);
    until(host, ends_with(&client, "f]\n[d]\n[b1]\n[a2]\n[s]\n[all]\n"));
    assert_int_equal(client.ended, 0);
    assert_int_equal(encoded, 6);
    client_end(&client);
    host_end(host);
}

static void arguments__are_checked(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char key[256] = {0};
    assert_int_equal(wm_conn_send_latest(conn, key, 255, "a", 1, 0), 0);
    assert_int_equal(wm_conn_send_latest(conn, key, 256, "a", 1, 0), WM_EINVAL);
    assert_string_equal(wm_last_error(), "key has over 255 bytes");
    assert_int_equal(wm_conn_send_latest(conn, key, 0, "a", 1, 0), WM_EINVAL);
    assert_int_equal(wm_conn_send_latest(conn, NULL, 1, "a", 1, 0), WM_EINVAL);
    assert_int_equal(wm_conn_send_latest(conn, key, 1, NULL, 1, 0), WM_EINVAL);
    assert_int_equal(wm_conn_send_latest(conn, key, 1, "a", 1, WM_SEND_SLOW_DROP_OLDEST), WM_EINVAL);
    assert_int_equal(wm_conn_send(conn, "a", 1, WM_SEND_SLOW_CLOSE | WM_SEND_SLOW_LATEST), WM_EINVAL);
    assert_int_equal(wm_conn_send(conn, "a", 1, 32), WM_EINVAL);
    assert_int_equal(wm_conn_send(conn, "b", 1, WM_SEND_SLOW_CLOSE | WM_SEND_NOW), 0);
    assert_int_equal(wm_worker_broadcast(host->worker, "c", 1, WM_SEND_SLOW_DROP_OLDEST), 1);
    assert_int_equal(wm_conn_set_int(conn, "slow_policy", 4), WM_EINVAL);
    assert_int_equal(wm_conn_set_int(conn, "slow_policy", -1), WM_EINVAL);
    client_hear(host, &client, "a\nb\nc\n");
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(wm_conn_send_latest(conn, key, 1, "a", 1, 0), WM_ECLOSED);
    host_end(host);
}

static void http__answers_have_no_policy(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "slow_policy", WM_SLOW_LATEST), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_int_equal(latest(conn, "a", "a"), WM_ESTATE);
    assert_int_equal(wm_request_respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, NULL, 0, "a", 1, WM_SEND_SLOW_LATEST), WM_EINVAL);
    static char large[3 << 20];
    memset(large, 'a', sizeof large);
    assert_true(wm_conn_send(conn, large, sizeof large, 0) >= 0);
    assert_true(wm_conn_send(conn, "b", 1, WM_SEND_SLOW_CLOSE) >= 0 || wm_conn_send_queue_size(conn) > 1 << 20);
    until(host, client_has(&client, sizeof large));
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(drop_oldest__what_arrives_is_the_newest_in_order_and_the_queue_has_its_limit, OVER_PAIRS),
        SCENARIO_NOT_OVER(a_message_that_may_not_be_dropped__takes_the_room_of_those_that_may, OVER_PAIRS),
        SCENARIO_NOT_OVER(over_the_limit__a_few_latest_messages_still_wait, OVER_PAIRS),
        SCENARIO_NOT_OVER(buffer_events__are_those_of_all_that_is_queued, OVER_PAIRS),
        SCENARIO_NOT_OVER(close__sends_all_that_waits_first, OVER_PAIRS),
        SCENARIO_NOT_OVER(slow_close__is_1013_behind_all_that_was_taken, OVER_PAIRS),
        SCENARIO_NOT_OVER(websocket__frames_are_whole_and_control_frames_pass, OVER_PAIRS),
        SCENARIO_NOT_OVER(raw__a_send_is_a_message, OVER_PAIRS),
        SCENARIO_NOT_OVER(encoded__messages_are_encoded_once_in_the_call_that_sends_them, OVER_PAIRS),
        SCENARIO_NOT_OVER(arguments__are_checked, OVER_PAIRS),
        SCENARIO_NOT_OVER(http__answers_have_no_policy, OVER_PAIRS),
    };
    return RUN_SCENARIOS("slow", scenarios);
}
