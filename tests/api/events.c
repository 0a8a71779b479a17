/**
 * @file
 * The order of a connection's events, and the arguments of a close.
 */
#include "support/ws_client.h"

static void event_order__text_connect_open_message_close(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "hello\nworld\r\n\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open message(hello) message(world) message() close(peer)");
    assert_int_equal(host->count, 6);
    host_end(host);
}

static void event_order__websocket_opens_after_the_handshake(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    settle(host);
    assert_string_equal(trace(host, 0), "connect");
    client_say(host, &client, WS_REQUEST);
    assert_int_equal(http_head(host, &client, NULL), 101);
    ws_say(host, &client, "hi");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 0)->flags, WM_KIND_TEXT);
    ws_send(host, &client, 0x82, "\0\1", 2);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 1)->flags, WM_KIND_BINARY);
    ws_say_close(host, &client, 1000);
    ws_hear_close(host, &client, 1000);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_string_equal(trace(host, 0), "connect open message(hi) message() close(peer 1000)"); /* the second begins with NUL */
    host_end(host);
}

static void event_order__a_peer_that_only_connects_has_one_close(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_string_equal(trace(host, 0), "connect close(peer 1006)");
    host_end(host);
}

static void event_order__raw_bytes_arrive_in_order(void **state)
{
    struct host *host = host_begin(*state, "raw");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    enum { LEN = 300000 };
    char *sent = malloc(LEN);
    fill_pattern(sent, LEN, 7);
    client_send(host, &client, sent, LEN);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    size_t at = 0;
    for (size_t i = 0; i < host->count; i++) {
        const struct seen *event = &host->events[i];
        if (event->kind != WM_EVENT_MESSAGE)
            continue;
        assert_int_equal(event->flags, WM_KIND_RAW);
        assert_true(event->len > 0 && at + event->len <= LEN);
        assert_memory_equal(event->data, sent + at, event->len);
        at += event->len;
    }
    assert_int_equal(at, LEN);
    free(sent);
    host_end(host);
}

static void close__tells_reason_code_and_text_of_the_peer(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct client client = ws_open(host, NULL);
    ws_send(host, &client, 0x88,
            "\x0f\xa1"
            "gone home",
            11);
    ws_hear_close(host, &client, 4001);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open close(peer 4001 gone home)");
    host_end(host);
}

static void close__by_the_host_leaves_after_what_was_sent(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "one", 3, 0), 0);
    assert_int_equal(wm_conn_send(conn, "two", 3, 0), 0);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
    assert_int_equal(wm_conn_send(conn, "late", 4, 0), WM_ECLOSED);
    client_hear(host, &client, "one\ntwo\n");
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open close(local)");
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ECLOSED);
    host_end(host);
}

static void close__websocket_sends_code_and_text_and_waits_for_the_peer(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_close(conn, 4000, "bye", 3), 0);
    char *data;
    size_t len = 0;
    assert_int_equal(ws_receive(host, &client, &data, &len), WS_CLOSE);
    assert_int_equal(len, 5);
    assert_memory_equal(data,
                        "\x0f\xa0"
                        "bye",
                        5);
    free(data);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    ws_say(host, &client, "not delivered any more");
    ws_say_close(host, &client, 4000);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open close(local 4000 bye)");
    host_end(host);
}

/** RFC 6455 §7.1.1: the server ends TCP. */
static void close__websocket_ends_with_the_second_close_frame(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct client theirs = ws_open(host, NULL);
    ws_send(host, &theirs, 0x88, "\x03\xe8", 2);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1); /* while the peer has its side open */
    ws_hear_close(host, &theirs, 1000);
    client_hear_end(host, &theirs);
    client_end(&theirs);

    wm_conn conn;
    struct client ours = ws_open(host, &conn);
    assert_int_equal(wm_conn_close(conn, 1000, NULL, 0), 0);
    ws_hear_close(host, &ours, 1000);
    ws_say_close(host, &ours, 1000);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    client_hear_end(host, &ours);
    client_end(&ours);
    host_end(host);
}

static void close__what_may_not_be_sent_is_refused(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    char text[124];
    memset(text, 'x', sizeof text);
    assert_int_equal(wm_conn_close(conn, 1005, NULL, 0), WM_EINVAL);
    assert_int_equal(wm_conn_close(conn, 1006, NULL, 0), WM_EINVAL);
    assert_int_equal(wm_conn_close(conn, 999, NULL, 0), WM_EINVAL);
    assert_int_equal(wm_conn_close(conn, 5000, NULL, 0), WM_EINVAL);
    assert_int_equal(wm_conn_close(conn, 1000, text, sizeof text), WM_EINVAL);
    assert_int_equal(wm_conn_close(conn, 1000, "\xff", 1), WM_EINVAL);
    assert_int_equal(wm_conn_close(conn, 1000, NULL, 1), WM_EINVAL);
    assert_int_equal(wm_conn_close(conn, 1000, text, 123), 0);
    ws_hear_close(host, &client, 1000);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->len, 123);
    host_end(host);
}

static void destroy__drops_what_is_queued_and_closes_once(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "never", 5, 0), 0);
    assert_int_equal(wm_conn_destroy(conn), 0);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ECLOSED);
    assert_int_equal(wm_conn_destroy(conn), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    client_hear_end(host, &client);
    client_end(&client);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open close(local)");
    assert_int_equal(wm_conn_destroy(conn), WM_ECLOSED);
    host_end(host);
}

static void half_close__all_lines_are_answered(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    struct client client = client_begin(host);
    client_say(host, &client, "a\nb\nc\n");
    client_shut(&client);
    client_hear(host, &client, "a\nb\nc\n");
    client_hear_end(host, &client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open message(a) message(b) message(c) close(peer)");
    client_end(&client);
    host_end(host);
}

/* A CLOSE record has the reason in flags, the error in code and the close code in detail. */
static void close_record__has_reason_error_and_close_code(void **state)
{
    const struct setting *setting = *state;
    if (setting->cap == 0)
        return; /* a callback has them as arguments */
    struct host *host = host_begin(setting, "websocket");
    struct client client = ws_open(host, NULL);
    ws_send(host, &client, 0x83, "x", 1); /* a reserved opcode */
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    const struct seen *event = nth(host, WM_EVENT_CLOSE, 0);
    assert_int_equal(event->flags & 255, WM_REASON_PROTOCOL);
    assert_int_equal(event->code, WM_EPROTOCOL);
    assert_int_equal(event->detail, 1002);
    client_end(&client);
    host_end(host);
}

static void send_much_at_connect(struct host *host, const wm_event *event)
{
    static char block[300000];
    (void)host;
    if (event->kind == WM_EVENT_CONNECT)
        assert_int_equal(wm_conn_send(event->conn, block, sizeof block, 0), WM_BACKPRESSURE);
}

/* No buffer_full was told, so no buffer_drain is. */
static void buffer_drain__none_when_the_handshake_is_refused(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    host->react = send_much_at_connect;
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, client_ended(&client));
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(count_of(host, WM_EVENT_BUFFER_FULL), 0);
    assert_int_equal(count_of(host, WM_EVENT_BUFFER_DRAIN), 0);
    host_end(host);
}

static void send_much_and_close_at_connect(struct host *host, const wm_event *event)
{
    enum { MORE_THAN_THE_KERNEL_TAKES = 20000000 };
    (void)host;
    if (event->kind != WM_EVENT_CONNECT)
        return;
    char *block = calloc(1, MORE_THAN_THE_KERNEL_TAKES);
    assert_int_equal(wm_conn_send(event->conn, block, MORE_THAN_THE_KERNEL_TAKES, 0), WM_BACKPRESSURE);
    free(block);
    assert_int_equal(wm_conn_close(event->conn, 0, NULL, 0), 0);
}

/* Where a full array holds the open event back, a close leaves it out, and buffer_full and buffer_drain with it. */
static void buffer_full__none_without_an_open_event(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = send_much_and_close_at_connect;
    struct client client = client_begin(host);
    until(host, client_ended(&client));
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_true(count_of(host, WM_EVENT_BUFFER_FULL) <= count_of(host, WM_EVENT_OPEN));
    assert_true(count_of(host, WM_EVENT_BUFFER_DRAIN) <= count_of(host, WM_EVENT_BUFFER_FULL));
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(event_order__text_connect_open_message_close),
        SCENARIO(event_order__websocket_opens_after_the_handshake),
        SCENARIO(event_order__a_peer_that_only_connects_has_one_close),
        SCENARIO(event_order__raw_bytes_arrive_in_order),
        SCENARIO(close__tells_reason_code_and_text_of_the_peer),
        SCENARIO(close__by_the_host_leaves_after_what_was_sent),
        SCENARIO(close__websocket_sends_code_and_text_and_waits_for_the_peer),
        SCENARIO_OVER_SOCKETS(close__websocket_ends_with_the_second_close_frame),
        SCENARIO(close__what_may_not_be_sent_is_refused),
        SCENARIO_NOT_OVER(destroy__drops_what_is_queued_and_closes_once, OVER_TLS),
        SCENARIO_NOT_OVER(half_close__all_lines_are_answered, OVER_PAIRS),
        SCENARIO(buffer_drain__none_when_the_handshake_is_refused),
        SCENARIO(buffer_full__none_without_an_open_event),
        SCENARIO_OVER_SOCKETS(close_record__has_reason_error_and_close_code),
    };
    return RUN_SCENARIOS("events", scenarios);
}
