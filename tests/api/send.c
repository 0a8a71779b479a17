/**
 * @file
 * Sending: all or nothing, backpressure, limits, sends before open, slow readers.
 */
#include "support/ws_client.h"

static void send_in_connect(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_CONNECT) {
        assert_int_equal(wm_conn_send(event->conn, "first", 5, 0), 0);
        assert_int_equal(wm_conn_send(event->conn, "second", 6, 0), 0);
    }
    if (event->kind == WM_EVENT_OPEN)
        assert_int_equal(wm_conn_send(event->conn, "third", 5, 0), 0);
}

static void before_open__sends_are_held_and_follow_the_handshake_in_order(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    host->react = send_in_connect;
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    settle(host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    client_say(host, &client, WS_REQUEST);
    assert_int_equal(http_head(host, &client, NULL), 101);
    ws_hear(host, &client, WS_TEXT, "first");
    ws_hear(host, &client, WS_TEXT, "second");
    ws_hear(host, &client, WS_TEXT, "third");
    client_end(&client);
    host_end(host);
}

static void before_open__what_is_held_has_the_limit_of_the_queue(void **state)
{
    enum { LEN = 1000, FRAME = LEN + 4 };
    struct host *host = host_begin(*state, "websocket");
    assert_int_equal(wm_worker_set_int(host->worker, "send_high_water", FRAME), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_send_buffer", 10 * FRAME), 0);
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    wm_conn conn = nth(host, WM_EVENT_CONNECT, 0)->conn;
    char message[LEN + 1] = {0};
    memset(message, 'm', LEN);
    int taken = 0, result;
    while ((result = wm_conn_send(conn, message, LEN, 0)) >= 0)
        assert_int_equal(result, taken++ == 0 ? 0 : WM_BACKPRESSURE);
    assert_int_equal(result, WM_EFULL);
    assert_in_range(taken, 5, 11); /* at least half of the memory is theirs; what was queued before the last was not over the limit */
    assert_int_equal(wm_conn_send_queue_size(conn), taken * FRAME);
    client_say(host, &client, WS_REQUEST);
    assert_int_equal(http_head(host, &client, NULL), 101);
    while (taken-- > 0)
        ws_hear(host, &client, WS_TEXT, message);
    client_end(&client);
    host_end(host);
}

/**
 * Fills the kernel's buffers for a peer that does not read, in messages of `len`; returns how many it took to
 * get bytes into the queue.
 */
static size_t fill(struct host *host, wm_conn conn, const char *message, size_t len, int *result)
{
    for (size_t taken = 1; taken < 100000; taken++) {
        *result = wm_conn_send(conn, message, len, WM_SEND_NOW);
        assert_true(*result >= 0);
        wm_app_flush(host->app);
        if (wm_conn_send_queue_size(conn) > 0)
            return taken;
    }
    fail_msg("the kernel takes everything");
    return 0;
}

static void backpressure__steps_and_events_are_exact(void **state)
{
    enum { LEN = 60000 };
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char *message = malloc(LEN);
    fill_pattern(message, LEN, 1);
    int result;
    size_t taken = fill(host, conn, message, LEN, &result);
    /* From here on the kernel takes nothing: the results depend on the size of the queue alone. */
    for (int i = 0; i < 100; i++) {
        int64_t before = wm_conn_send_queue_size(conn);
        result = wm_conn_send(conn, message, LEN, 0);
        int64_t after = wm_conn_send_queue_size(conn);
        if (result == WM_EFULL) {
            assert_in_range(before, (1 << 20) - (20 << 10), 1 << 20); /* the rest is room in the last piece, and the pieces' heads */
            assert_int_equal(after, before);
            break;
        }
        assert_int_equal(after, before + LEN + 1);
        assert_int_equal(result, after > 256 << 10 ? WM_BACKPRESSURE : 0);
        taken++;
    }
    assert_int_equal(result, WM_EFULL);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open full");
    /* A slow reader then drains the queue: one drain event. */
    size_t total = taken * (LEN + 1), got = 0;
    uint64_t sum = 0, expected = 0;
    int64_t guard = clock_ms() + GUARD_MS;
    while (got < total && clock_ms() < guard) {
        client_pump_some(&client, 7777);
        sum = checksum(sum, client.in, client.len);
        got += client.len;
        client.len = 0;
        turn(host, 0);
    }
    assert_int_equal(got, total);
    for (size_t i = 0; i < taken; i++) {
        expected = checksum(expected, message, LEN);
        expected = checksum(expected, "\n", 1);
    }
    assert_true(sum == expected);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open full drain");
    assert_int_equal(wm_conn_send_queue_size(conn), 0);
    assert_int_equal(wm_conn_bytes_written(conn), total);
    free(message);
    client_end(&client);
    host_end(host);
}

static void backpressure__fires_again_after_a_drain(void **state)
{
    enum { LEN = 100000 };
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char *message = malloc(LEN);
    fill_pattern(message, LEN, 1);
    for (size_t round = 1; round <= 2; round++) {
        while (wm_conn_send(conn, message, LEN, 0) != WM_BACKPRESSURE)
            wm_app_flush(host->app);
        int64_t guard = clock_ms() + GUARD_MS;
        while (count_of(host, WM_EVENT_BUFFER_DRAIN) < round && clock_ms() < guard) {
            turn(host, 0);
            client_pump(&client);
            client.len = 0;
        }
    }
    assert_string_equal(trace(host, conn), "connect open full drain full drain");
    free(message);
    client_end(&client);
    host_end(host);
}

static void backpressure__that_comes_back_before_the_drain_is_told_goes_on(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_set_int(conn, "send_high_water", 3), 0);
    char *message = malloc(10000);
    fill_pattern(message, 10000, 1);
    int result;
    fill(host, conn, message, 10000, &result); /* full and drained again each time, until the kernel takes no more */
    settle(host);
    assert_string_equal(trace(host, conn), "connect open full");
    int64_t guard = clock_ms() + GUARD_MS;
    while (count_of(host, WM_EVENT_BUFFER_DRAIN) == 0 && clock_ms() < guard) {
        client_pump(&client);
        client.len = 0;
        turn(host, 0);
    }
    settle(host);
    assert_string_equal(trace(host, conn), "connect open full drain");
    free(message);
    client_end(&client);
    host_end(host);
}

static void empty_queue__takes_one_message_of_any_size(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    size_t len = (10 << 20) + 1; // max_message is the peer's limit
    char *message = malloc(len);
    fill_pattern(message, len, 9);
    assert_int_equal(wm_conn_send(conn, message, len, 0), WM_BACKPRESSURE);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_EFULL);
    until(host, client_has(&client, len + 1));
    assert_memory_equal(client.in, message, len);
    assert_int_equal(client.in[len], '\n');
    free(message);
    client_end(&client);
    host_end(host);
}

static void limits__of_one_connection_override_the_workers(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn narrow, wide;
    struct client one = client_open(host, &narrow), two = client_open(host, &wide);
    assert_int_equal(wm_conn_set_int(narrow, "send_high_water", 3), 0);
    assert_int_equal(wm_conn_set_int(narrow, "max_send_buffer", 4), 0);
    assert_int_equal(wm_conn_send(narrow, "12", 2, 0), 0);
    assert_int_equal(wm_conn_send(narrow, "3", 1, 0), WM_BACKPRESSURE);
    assert_int_equal(wm_conn_send(narrow, "4", 1, 0), WM_EFULL);
    assert_int_equal(wm_conn_send(wide, "1234", 4, 0), 0);
    assert_int_equal(wm_conn_send(wide, "1234", 4, 0), 0);
    client_hear(host, &one, "12\n3\n");
    client_hear(host, &two, "1234\n1234\n");
    client_end(&one);
    client_end(&two);
    host_end(host);
}

static void max_queue_total__bounds_the_sum_over_connections(void **state)
{
    enum { LEN = 50000 };
    struct host *host = host_begin(*state, "text");
    wm_conn first, second, third;
    struct client one = client_open(host, &first), two = client_open(host, &second), three = client_open(host, &third);
    char *message = malloc(LEN);
    fill_pattern(message, LEN, 4);
    int result;
    fill(host, first, message, LEN, &result);
    fill(host, second, message, LEN, &result);
    assert_int_equal(wm_app_set_int(host->app, "max_queue_total", LEN), 0);
    while ((result = wm_conn_send(first, message, LEN, 0)) >= 0) {
    }
    assert_int_equal(result, WM_EFULL);
    assert_true(wm_conn_send_queue_size(first) < 1 << 20);
    assert_non_null(strstr(wm_last_error(), "max_queue_total"));
    assert_int_equal(wm_conn_send(third, message, LEN, 0), WM_EFULL);
    int64_t guard = clock_ms() + GUARD_MS;
    while (wm_conn_send_queue_size(first) + wm_conn_send_queue_size(second) > 0 && clock_ms() < guard) {
        client_pump(&one);
        client_pump(&two);
        turn(host, 0);
    }
    assert_int_equal(wm_conn_send(third, "x", 1, 0), 0);
    client_hear(host, &three, "x\n");
    free(message);
    client_end(&one);
    client_end(&two);
    client_end(&three);
    host_end(host);
}

static void control_frames__are_exempt_from_the_limits(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_set_int(conn, "send_high_water", 0), 0);
    assert_int_equal(wm_conn_set_int(conn, "max_send_buffer", 0), 0);
    assert_int_equal(wm_conn_send(conn, "a", 1, 0), WM_BACKPRESSURE);
    assert_int_equal(wm_conn_send(conn, "b", 1, 0), WM_EFULL);
    assert_int_equal(wm_conn_close(conn, 1001, NULL, 0), 0);
    ws_hear(host, &client, WS_TEXT, "a");
    ws_hear_close(host, &client, 1001);
    client_end(&client);
    host_end(host);
}

static void close__waits_until_a_slow_reader_has_everything(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    size_t len = 5 << 20;
    char *message = malloc(len);
    fill_pattern(message, len, 5);
    assert_int_equal(wm_conn_send(conn, message, len, 0), WM_BACKPRESSURE);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    until(host, client_ended(&client));
    assert_int_equal(client.len, len + 1);
    assert_memory_equal(client.in, message, len);
    free(message);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_LOCAL);
    host_end(host);
}

static void many_sizes__arrive_in_order_through_arena_queue_and_directly(void **state)
{
    enum { MESSAGES = 600 };
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    static char pattern[70000];
    fill_pattern(pattern, sizeof pattern, 11);
    uint32_t random = 12345;
    int sent = 0, heard = 0;
    static size_t sizes[MESSAGES];
    for (int i = 0; i < MESSAGES; i++) {
        random = random * 1103515245 + 12345;
        sizes[i] = (random >> 16) % 4 == 0 ? (random >> 8) % sizeof pattern : (random >> 8) % 300;
    }
    int64_t guard = clock_ms() + GUARD_MS;
    while (heard < MESSAGES && clock_ms() < guard) {
        for (int burst = 0; burst < 25 && sent < MESSAGES; burst++) {
            int result = wm_conn_send(conn, pattern, sizes[sent], WM_SEND_BINARY);
            if (result == WM_EFULL)
                break;
            assert_true(result >= 0);
            sent++;
        }
        turn(host, 0);
        size_t len;
        for (; ws_whole(&client, &len) != 0; heard++) {
            char *data;
            assert_int_equal(ws_receive(host, &client, &data, &len), WS_BINARY);
            assert_int_equal(len, sizes[heard]);
            assert_memory_equal(data, pattern, len);
            free(data);
        }
    }
    assert_int_equal(heard, MESSAGES);
    client_end(&client);
    host_end(host);
}

static void broadcast__reaches_the_open_ones_and_counts_them(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct client pages[3], waiting = client_begin(host);
    wm_conn conns[3];
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    for (int i = 0; i < 3; i++)
        pages[i] = ws_open(host, &conns[i]);
    static char block[3000];
    fill_pattern(block, sizeof block - 1, 2);
    assert_int_equal(wm_worker_broadcast(host->worker, "short", 5, 0), 3);
    assert_int_equal(wm_worker_broadcast(host->worker, block, sizeof block - 1, 0), 3);
    assert_int_equal(wm_conn_close(conns[1], 0, NULL, 0), 0);
    assert_int_equal(wm_worker_broadcast(host->worker, "two", 3, 0), 2);
    for (int i = 0; i < 3; i++) {
        ws_hear(host, &pages[i], WS_TEXT, "short");
        ws_hear(host, &pages[i], WS_TEXT, block);
        if (i == 1)
            ws_hear_close(host, &pages[i], 1000);
        else
            ws_hear(host, &pages[i], WS_TEXT, "two");
        client_end(&pages[i]);
    }
    client_end(&waiting);
    host_end(host);
}

static void broadcast__a_full_queue_is_told_as_error_and_not_counted(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn slow, quick;
    struct client one = client_open(host, &slow), two = client_open(host, &quick);
    assert_int_equal(wm_conn_set_int(slow, "max_send_buffer", 0), 0);
    assert_int_equal(wm_worker_broadcast(host->worker, "a", 1, 0), 2);
    assert_int_equal(wm_worker_broadcast(host->worker, "b", 1, 0), 1);
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->conn, slow);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EFULL);
    client_hear(host, &one, "a\n");
    client_hear(host, &two, "a\nb\n");
    client_end(&one);
    client_end(&two);
    host_end(host);
}

static void send_raw__leaves_without_framing(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "a", 1, WM_SEND_RAW), 0);
    assert_int_equal(wm_conn_send(conn, NULL, 0, 0), 0);
    assert_int_equal(wm_conn_send(conn, NULL, 1, 0), WM_EINVAL);
    client_hear(host, &client, "a\n");
    client_end(&client);
    host_end(host);
}

static void reset_by_the_peer__during_sends_and_broadcast_raises_no_signal(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct client clients[4];
    static char block[40000];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 4; i++)
        clients[i] = client_open(host, NULL);
    for (int round = 0; round < 50; round++) {
        if (round % 10 == 5)
            client_reset(&clients[round / 10 % 4]);
        wm_worker_broadcast(host->worker, block, round % 2 ? sizeof block : 5, 0);
        for (wm_conn conn = 0; (conn = wm_worker_next_conn(host->worker, conn)) != 0;)
            wm_conn_send(conn, block, 100, WM_SEND_NOW);
        turn(host, 0);
    }
    until(host, count_of(host, WM_EVENT_CLOSE) == 4);
    assert_int_equal(wm_worker_conn_count(host->worker), 0);
    host_end(host);
}

static void send_many__is_as_many_sends(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conns[2];
    struct client first = client_open(host, &conns[0]), second = client_open(host, &conns[1]);
    int32_t results[5] = {9, 9, 9, 9, 9};
    int64_t sends[] = {(int64_t)conns[0], 3, 0, (int64_t)conns[1], 2, WM_SEND_RAW, (int64_t)conns[0], 0, 0, (int64_t)conns[0] + 5, 1, 0,
                       (int64_t)conns[1], 4, 0};
    assert_int_equal(wm_conn_send_many("onetwxfour", 10, sends, 5, results), 1);
    assert_int_equal(results[0], 0);
    assert_int_equal(results[1], 0);
    assert_int_equal(results[2], 0);
    assert_int_equal(results[3], WM_ECLOSED);
    assert_int_equal(results[4], 0);
    client_hear(host, &first, "one\n\n");
    client_hear(host, &second, "twfour\n");
    assert_int_equal(wm_conn_send_many(NULL, 0, NULL, 0, NULL), 0);
    client_end(&first);
    client_end(&second);
    host_end(host);
}

static void send_many__takes_none_when_the_lengths_are_wrong(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    int64_t sends[] = {(int64_t)conn, 3, 0, (int64_t)conn, 3, 0};
    assert_int_equal(wm_conn_send_many("abcde", 5, sends, 2, NULL), WM_EINVAL); /* ends behind the data */
    assert_int_equal(wm_conn_send_many("abcdefg", 7, sends, 2, NULL), WM_EINVAL);
    sends[1] = -1;
    assert_int_equal(wm_conn_send_many("ab", 2, sends, 2, NULL), WM_EINVAL);
    sends[1] = INT64_MIN;
    assert_int_equal(wm_conn_send_many("abc", 3, sends, 2, NULL), WM_EINVAL);
    assert_int_equal(wm_conn_send_many(NULL, 3, sends, 2, NULL), WM_EINVAL);
    assert_int_equal(wm_conn_send_many("abc", 3, NULL, 2, NULL), WM_EINVAL);
    assert_int_equal(wm_conn_send(conn, "end", 3, 0), 0);
    client_hear(host, &client, "end\n");
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(before_open__sends_are_held_and_follow_the_handshake_in_order),
        SCENARIO(before_open__what_is_held_has_the_limit_of_the_queue),
        SCENARIO_NOT_OVER(backpressure__steps_and_events_are_exact, OVER_TLS),
        SCENARIO(backpressure__fires_again_after_a_drain),
        SCENARIO(backpressure__that_comes_back_before_the_drain_is_told_goes_on),
        SCENARIO(empty_queue__takes_one_message_of_any_size),
        SCENARIO(limits__of_one_connection_override_the_workers),
        SCENARIO(max_queue_total__bounds_the_sum_over_connections),
        SCENARIO(control_frames__are_exempt_from_the_limits),
        SCENARIO(close__waits_until_a_slow_reader_has_everything),
        SCENARIO(many_sizes__arrive_in_order_through_arena_queue_and_directly),
        SCENARIO(broadcast__reaches_the_open_ones_and_counts_them),
        SCENARIO(broadcast__a_full_queue_is_told_as_error_and_not_counted),
        SCENARIO(send_raw__leaves_without_framing),
        SCENARIO(send_many__is_as_many_sends),
        SCENARIO(send_many__takes_none_when_the_lengths_are_wrong),
        SCENARIO(reset_by_the_peer__during_sends_and_broadcast_raises_no_signal),
    };
    return RUN_SCENARIOS("send", scenarios);
}
