/* Pipes: bytes and messages of one connection that go to another, backpressure, beginning and unpiping. */
#include "support/pair.h"

static void bytes__go_both_ways_and_not_to_the_host(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = duplex_begin(host);
    client_say(host, &pair.a_peer, "question");
    client_hear(host, &pair.b_peer, "question");
    client_say(host, &pair.b_peer, "answer");
    client_hear(host, &pair.a_peer, "answer");
    assert_int_equal(wm_conn_bytes_read(pair.a), 8);
    assert_int_equal(wm_conn_bytes_written(pair.a), 6);
    assert_int_equal(wm_conn_send(pair.b, "host", 4, 0), 0);
    client_hear(host, &pair.b_peer, "host");
    assert_string_equal(trace(host, 0), "connect open connect open");
    pair_end(host, &pair);
}

/** 50 MiB in each direction at once, to readers that take a part at a time: each byte, once, in order, and no more memory than is said. */
static void bytes__arrive_whole_and_in_order_within_the_limit_of_memory(void **state)
{
    enum { TOTAL = 50 << 20, PART = 1 << 20, HELD = (256 + 512) << 10 };
    struct host *host = host_begin(*state, "raw");
    struct pair pair = duplex_begin(host);
    struct client *peers[2] = {&pair.a_peer, &pair.b_peer};
    wm_conn conns[2] = {pair.a, pair.b};
    char *data = (char *)malloc(PART);
    fill_pattern(data, PART, 7);
    size_t sent[2] = {0, 0}, got[2] = {0, 0};
    uint64_t wanted = 0, sums[2] = {0, 0};
    for (size_t at = 0; at < TOTAL; at += PART)
        wanted = checksum(wanted, data, PART);
    int64_t guard = clock_ms() + GUARD_MS, most = 0;
    while ((got[0] < TOTAL || got[1] < TOTAL) && clock_ms() < guard) {
        for (int i = 0; i < 2; i++) {
            while (sent[i] < TOTAL) {
                size_t at = sent[i] % PART;
                ssize_t taken = send(peers[i]->fd, data + at, PART - at, MSG_NOSIGNAL);
                if (taken < 0)
                    break;
                sent[i] += (size_t)taken;
            }
            turn(host, 0);
            int64_t queued = wm_conn_send_queue_size(conns[i]);
            most = queued > most ? queued : most;
            client_pump_some(peers[i], i == 0 ? 300000 : 777777);
            sums[i] = checksum(sums[i], peers[i]->in, peers[i]->len);
            got[i] += peers[i]->len;
            peers[i]->len = 0;
        }
    }
    assert_int_equal(got[0], TOTAL);
    assert_int_equal(got[1], TOTAL);
    assert_true(sums[0] == wanted && sums[1] == wanted);
    assert_in_range(most, 1, HELD);
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 0);
    free(data);
    pair_end(host, &pair);
}

/** A reader that takes nothing stops the writer, in the kernel's buffers and one queue. */
static void bytes__wait_for_a_reader_that_stands_still(void **state)
{
    enum { PART = 256 << 10, HELD = (256 + 512) << 10 };
    struct host *host = host_begin(*state, "raw");
    struct pair pair = pair_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    char *data = (char *)malloc(PART);
    fill_pattern(data, PART, 3);
    size_t sent = 0;
    int idle = 0;
    while (idle < 20) {
        ssize_t taken = client_write(&pair.a_peer, data, PART);
        idle = taken > 0 ? 0 : idle + 1;
        sent += taken > 0 ? (size_t)taken : 0;
        settle(host);
    }
    assert_true(sent < 64 << 20);
    assert_in_range(wm_conn_send_queue_size(pair.b), 1, HELD);
    int64_t read = wm_conn_bytes_read(pair.a);
    settle(host);
    assert_int_equal(wm_conn_bytes_read(pair.a), read);
    assert_string_equal(trace(host, pair.b), "connect open full");
    size_t got = 0;
    until(host, (client_pump(&pair.b_peer), got += pair.b_peer.len, pair.b_peer.len = 0, got == sent));
    until(host, count_of(host, WM_EVENT_BUFFER_DRAIN) >= 1);
    client_say(host, &pair.a_peer, "on");
    client_hear(host, &pair.b_peer, "on");
    free(data);
    pair_end(host, &pair);
}

static void messages__stay_messages(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_worker *pages = listening(host, "websocket");
    wm_conn line, page;
    struct client line_peer = client_open(host, &line);
    wm_worker *lines = host->worker;
    host->worker = pages;
    struct client page_peer = ws_open(host, &page);
    host->worker = lines;
    assert_int_equal(wm_conn_pipe(line, page), 0);
    assert_int_equal(wm_conn_pipe(page, line), 0);
    client_say(host, &line_peer, "one\ntwo\nthr");
    ws_hear(host, &page_peer, WS_TEXT, "one");
    ws_hear(host, &page_peer, WS_TEXT, "two");
    client_say(host, &line_peer, "ee\n");
    ws_hear(host, &page_peer, WS_TEXT, "three");
    ws_say(host, &page_peer, "four");
    ws_send(host, &page_peer, 0x82, "five", 4);
    client_hear(host, &line_peer, "four\nfive\n");
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 0);
    /* The close frame of one side is the end of the other's output. */
    ws_say_close(host, &page_peer, 1000);
    ws_hear_close(host, &page_peer, 1000);
    client_end(&page_peer);
    client_hear_end(host, &line_peer);
    client_end(&line_peer);
    until_closed(host, 2);
    host_end(host);
}

/** As websockify does. */
static void bytes__to_a_websocket_are_binary_messages(void **state)
{
    struct host *host = host_begin(*state, "raw");
    wm_worker *pages = listening(host, "websocket"), *streams = host->worker;
    wm_conn stream, page;
    struct client stream_peer = client_open(host, &stream);
    host->worker = pages;
    struct client page_peer = ws_open(host, &page);
    host->worker = streams;
    assert_int_equal(wm_conn_pipe(stream, page), 0);
    assert_int_equal(wm_conn_pipe(page, stream), 0);
    client_say(host, &stream_peer, "bytes");
    ws_hear(host, &page_peer, WS_BINARY, "bytes");
    ws_send(host, &page_peer, 0x82, "message", 7);
    client_hear(host, &stream_peer, "message");
    shutdown(stream_peer.fd, SHUT_WR); /* a websocket has no half of an end */
    ws_hear_close(host, &page_peer, 1000);
    ws_say_close(host, &page_peer, 1000);
    client_end(&page_peer);
    client_hear_end(host, &stream_peer);
    client_end(&stream_peer);
    until_closed(host, 2);
    host_end(host);
}

/** Held between two lines, by the target's queue, and by the host besides. */
static void messages__wait_for_the_target_between_two(void **state)
{
    enum { LINE = 1000, LINES = 20000, LEN = (LINE + 1) * LINES };
    struct host *host = host_begin(*state, "text");
    struct pair pair = pair_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    char *data = (char *)malloc(LEN);
    for (size_t i = 0; i < LINES; i++) {
        fill_pattern(data + i * (LINE + 1), LINE, (uint32_t)i);
        data[i * (LINE + 1) + LINE] = '\n';
    }
    int small = 64 << 10;
    assert_int_equal(setsockopt(pair.b_peer.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    size_t sent = 0, rounds = 0;
    int64_t most = 0;
    int64_t guard = clock_ms() + GUARD_MS;
    while (pair.b_peer.len < LEN) {
        assert_true(clock_ms() < guard);
        feed(&pair.a_peer, data, LEN, &sent);
        client_pump_some(&pair.b_peer, most > 0 ? 300000 : 0);
        int64_t queued = wm_conn_send_queue_size(pair.b);
        most = queued > most ? queued : most;
        assert_int_equal((rounds++ % 2 ? wm_conn_pause_recv : wm_conn_resume_recv)(pair.a), 0);
        turn(host, 0);
    }
    assert_memory_equal(pair.b_peer.in, data, LEN);
    assert_in_range(most, 1, (256 << 10) + 2 * LINE);
    free(data);
    pair_end(host, &pair);
}

/* An echo. */

static void echo__of_a_connection_piped_to_itself(void **state)
{
    enum { LEN = 4 << 20 };
    struct host *host = host_begin(*state, "raw");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_pipe(conn, conn), 0);
    char *data = (char *)malloc(LEN);
    fill_pattern(data, LEN, 5);
    size_t sent = 0;
    until(host, (feed(&client, data, LEN, &sent), client_pump_some(&client, 100000), sent == LEN));
    client_shut(&client);
    until(host, client_ended(&client));
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.len, LEN);
    assert_memory_equal(client.in, data, LEN);
    until_closed(host, 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_PEER);
    client_end(&client);
    free(data);
    host_end(host);
}

/* Ends. */

static void unpipe__gives_the_messages_back_to_the_host(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = duplex_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0); /* as it is */
    client_say(host, &pair.a_peer, "first");
    client_hear(host, &pair.b_peer, "first");
    assert_int_equal(wm_conn_pipe(pair.a, 0), 0);
    assert_int_equal(wm_conn_pipe(pair.a, 0), 0);
    client_say(host, &pair.a_peer, "second");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(trace(host, pair.a), "connect open message(second)");
    client_say(host, &pair.b_peer, "third");
    client_hear(host, &pair.a_peer, "third");
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    client_say(host, &pair.a_peer, "fourth");
    client_hear(host, &pair.b_peer, "fourth");
    pair_end(host, &pair);
}

/** What the pipe has held back comes to the host, and a peer whose end the pipe has kept half open closes. */
static void unpipe__goes_on_with_what_was_held(void **state)
{
    enum { PART = 256 << 10 };
    struct host *host = host_begin(*state, "raw");
    struct pair pair = duplex_begin(host);
    client_shut(&pair.b_peer);
    client_hear_end(host, &pair.a_peer);
    char *data = (char *)calloc(1, PART);
    int idle = 0;
    while (idle < 20) {
        idle = client_write(&pair.a_peer, data, PART) > 0 ? 0 : idle + 1;
        settle(host);
    }
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    assert_int_equal(wm_conn_pipe(pair.a, 0), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) >= 1);
    until(host, (client_pump(&pair.b_peer), pair.b_peer.len = 0, count_of(host, WM_EVENT_CLOSE) == 1));
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->conn, pair.b);
    free(data);
    pair_end(host, &pair);
}

static void begin__refuses_what_makes_no_sense(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = duplex_begin(host);
    wm_conn third, line, request;
    struct client third_peer = client_open(host, &third);
    struct client line_peer = open_at(host, listening(host, "text"), &line);
    struct client request_peer = open_at(host, listening(host, "http"), &request);
    assert_int_equal(wm_conn_pipe(pair.a, third), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "wm_conn_pipe(source, 0)"));
    assert_int_equal(wm_conn_pipe(third, pair.a), WM_ESTATE);
    assert_int_equal(wm_conn_pipe(third, line), WM_ESTATE);
    assert_int_equal(wm_conn_pipe(third, request), WM_ESTATE);
    assert_int_equal(wm_conn_pipe(request, third), WM_ESTATE);
    assert_int_equal(wm_conn_pipe(0, third), WM_ECLOSED);
    assert_int_equal(wm_conn_pipe(third, 12345), WM_ECLOSED);
    struct host *other = host_begin(*state, "raw");
    wm_conn foreign;
    struct client foreign_peer = client_open(other, &foreign);
    assert_int_equal(wm_conn_pipe(third, foreign), WM_EINVAL);
    client_end(&foreign_peer);
    host_end(other);
    assert_int_equal(wm_conn_shutdown(third), 0);
    assert_int_equal(wm_conn_pipe(line, third), WM_ECLOSED);
    assert_int_equal(wm_conn_pipe(third, third), WM_ECLOSED);
    client_say(host, &pair.a_peer, "still");
    client_hear(host, &pair.b_peer, "still");
    client_end(&third_peer);
    client_end(&line_peer);
    client_end(&request_peer);
    pair_end(host, &pair);
}

static wm_conn first_connection;

static void pipe_in_connect(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_CONNECT)
        return;
    if (first_connection == 0) {
        first_connection = event->conn;
        return;
    }
    assert_int_equal(wm_conn_pipe(event->conn, first_connection), 0);
    assert_int_equal(wm_conn_pipe(first_connection, event->conn), 0);
}

/** Before the handshake of the target, the bytes are held; the source is read no further than its limits. */
static void begin__to_a_connection_that_is_not_open_yet(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_worker *streams = listening(host, "raw"), *pages = host->worker;
    first_connection = 0;
    host->react = pipe_in_connect;
    struct client page_peer = client_begin(host);
    until(host, first_connection != 0);
    host->worker = streams;
    struct client stream_peer = client_open(host, NULL);
    host->worker = pages;
    client_say(host, &stream_peer, "early");
    settle(host);
    client_pump(&page_peer);
    assert_int_equal(page_peer.len, 0);
    client_say(host, &page_peer, WS_REQUEST);
    assert_int_equal(http_head(host, &page_peer, NULL), 101);
    ws_hear(host, &page_peer, WS_BINARY, "early");
    client_end(&page_peer);
    client_end(&stream_peer);
    until_closed(host, 2);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(bytes__go_both_ways_and_not_to_the_host),
        SCENARIO_OVER_SOCKETS(bytes__wait_for_a_reader_that_stands_still),
        SCENARIO(messages__stay_messages),
        SCENARIO_NOT_OVER(bytes__to_a_websocket_are_binary_messages, OVER_PAIRS),
        SCENARIO_NOT_OVER(messages__wait_for_the_target_between_two, OVER_PAIRS),
        SCENARIO(echo__of_a_connection_piped_to_itself),
        SCENARIO(unpipe__gives_the_messages_back_to_the_host),
        SCENARIO_OVER_SOCKETS(unpipe__goes_on_with_what_was_held),
        SCENARIO_NOT_OVER(begin__refuses_what_makes_no_sense, OVER_PAIRS), /* of which the second host ends all */
        SCENARIO_NOT_OVER(begin__to_a_connection_that_is_not_open_yet, OVER_PAIRS),
    };
    /* 50 MiB both ways, once for each mode. */
    static const struct CMUnitTest whole[] = {
        {"bytes__arrive_whole_and_in_order_within_the_limit_of_memory [callbacks]",
         bytes__arrive_whole_and_in_order_within_the_limit_of_memory, NULL, NULL, (void *)(uintptr_t)&SETTINGS[0]},
        {"bytes__arrive_whole_and_in_order_within_the_limit_of_memory [poll]", bytes__arrive_whole_and_in_order_within_the_limit_of_memory,
         NULL, NULL, (void *)(uintptr_t)&SETTINGS[6]},
    };
    int failed = RUN_SCENARIOS("pipe", scenarios);
    return failed + cmocka_run_group_tests(whole, NULL, NULL);
}
