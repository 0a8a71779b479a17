/**
 * @file
 * Receiving: pause and resume in mid-buffer, polls with few records, a full receive arena, pointers in
 * records, limits.
 */
#include "support/ws_client.h"

static void pause_once(struct host *host, const wm_event *event)
{
    size_t *at = host->context;
    if (event->kind == WM_EVENT_MESSAGE && count_of(host, WM_EVENT_MESSAGE) == *at)
        assert_int_equal(wm_conn_pause_recv(event->conn), 0);
}

static void pause__holds_the_rest_of_the_buffer_and_resume_delivers_it_first(void **state)
{
    struct host *host = host_begin(*state, "text");
    size_t at = 2;
    host->context = &at;
    host->react = pause_once;
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "1\n2\n3\n4\n5");
    until(host, count_of(host, WM_EVENT_MESSAGE) >= 2);
    size_t held = count_of(host, WM_EVENT_MESSAGE);
    client_say(host, &client, "\n6\n");
    settle(host);
    if (host->setting->cap == 0)
        assert_int_equal(held, 2); /* a record that is in the batch already stays in it */
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), held);
    assert_int_equal(wm_conn_resume_recv(conn), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 6);
    assert_string_equal(trace(host, conn), "connect open message(1) message(2) message(3) message(4) message(5) message(6)");
    client_end(&client);
    host_end(host);
}

static void pause__an_end_of_the_peer_waits_for_resume(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_pause_recv(conn), 0);
    client_say(host, &client, "last\n");
    client_end(&client);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open");
    assert_int_equal(wm_conn_resume_recv(conn), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open message(last) close(peer)");
    host_end(host);
}

static void pause_every_seventh(struct host *host, const wm_event *event)
{
    size_t *messages = host->context;
    if (event->kind == WM_EVENT_MESSAGE && ++*messages % 7 == 0)
        assert_int_equal(wm_conn_pause_recv(event->conn), 0);
}

static void pause__at_every_seventh_of_10000_lines_loses_nothing(void **state)
{
    enum { LINES = 10000 };
    struct host *host = host_begin(*state, "text");
    size_t messages = 0;
    host->context = &messages;
    host->react = pause_every_seventh;
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char *lines = malloc(LINES * 16);
    size_t len = 0;
    for (int i = 0; i < LINES; i++)
        len += (size_t)sprintf(lines + len, "line %d\n", i);
    size_t sent = 0;
    int64_t guard = clock_ms() + GUARD_MS;
    while (messages < LINES && clock_ms() < guard) {
        ssize_t now = sent < len ? client_write(&client, lines + sent, len - sent) : 0;
        sent += now > 0 ? (size_t)now : 0;
        turn(host, 0);
        assert_int_equal(wm_conn_resume_recv(conn), 0);
    }
    assert_int_equal(messages, LINES);
    size_t line = 0;
    for (size_t i = 0; i < host->count; i++) {
        char expected[16];
        sprintf(expected, "line %zu", line);
        if (host->events[i].kind == WM_EVENT_MESSAGE) {
            assert_string_equal(host->events[i].data, expected);
            line++;
        }
    }
    free(lines);
    client_end(&client);
    host_end(host);
}

/**
 * More connections and bytes than the arena has room for, with any cap: each connection's bytes arrive
 * complete and in order.
 */
static void arena__many_connections_with_more_than_it_holds(void **state)
{
    enum { CONNS = 12, LINES = 90, LINE = 1000 };
    struct host *host = host_begin(*state, "text");
    struct client clients[CONNS];
    wm_conn conns[CONNS];
    char *lines = malloc(LINES * (LINE + 1));
    for (int c = 0; c < CONNS; c++)
        clients[c] = client_open(host, &conns[c]);
    size_t sent[CONNS] = {0};
    for (int c = 0; c < CONNS; c++) {
        for (int i = 0; i < LINES; i++) {
            fill_pattern(lines + i * (LINE + 1), LINE, (uint32_t)(c * 1000 + i));
            lines[i * (LINE + 1) + LINE] = '\n';
        }
        client_send(host, &clients[c], lines, LINES * (LINE + 1));
        sent[c] = LINES * (LINE + 1);
    }
    until(host, count_of(host, WM_EVENT_MESSAGE) == CONNS * LINES);
    for (int c = 0; c < CONNS; c++) {
        char expected[LINE];
        int line = 0;
        for (size_t i = 0; i < host->count; i++) {
            if (host->events[i].kind != WM_EVENT_MESSAGE || host->events[i].conn != conns[c])
                continue;
            fill_pattern(expected, LINE, (uint32_t)(c * 1000 + line++));
            assert_int_equal(host->events[i].len, LINE);
            assert_memory_equal(host->events[i].data, expected, LINE);
        }
        assert_int_equal(line, LINES);
        assert_int_equal(wm_conn_bytes_read(conns[c]), sent[c]);
        client_end(&clients[c]);
    }
    free(lines);
    host_end(host);
}

/** A 3 MiB websocket message in 48 fragments with pings between, beside traffic of other connections. */
static void assembly__a_long_message_in_parts_while_others_talk(void **state)
{
    enum { PART = 65536, PARTS = 48 };
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn, other;
    struct client client = ws_open(host, &conn), talker = ws_open(host, &other);
    char *message = malloc((size_t)PART * PARTS);
    fill_pattern(message, (size_t)PART * PARTS, 3);
    for (int i = 0; i < PARTS; i++) {
        int first = (i == 0 ? WS_BINARY : WS_CONTINUATION) | (i == PARTS - 1 ? 0x80 : 0);
        ws_send(host, &client, first, message + (size_t)i * PART, PART);
        ws_send(host, &client, 0x80 | WS_PING, "p", 1);
        ws_say(host, &talker, "chatter");
        turn(host, 0);
    }
    until(host, count_of(host, WM_EVENT_MESSAGE) == PARTS + 1);
    for (size_t i = 0; i < host->count; i++) {
        if (host->events[i].kind != WM_EVENT_MESSAGE)
            continue;
        if (host->events[i].conn == other) {
            assert_string_equal(host->events[i].data, "chatter");
            continue;
        }
        assert_int_equal(host->events[i].len, (size_t)PART * PARTS);
        assert_memory_equal(host->events[i].data, message, (size_t)PART * PARTS);
    }
    for (int i = 0; i < PARTS; i++)
        ws_hear(host, &client, WS_PONG, "p");
    free(message);
    client_end(&client);
    client_end(&talker);
    host_end(host);
}

/**
 * Keeps the records of a poll, and reads the data that they point to only after the rest of the batch was
 * handled.
 */
static void records__are_all_valid_until_the_next_poll(void **state)
{
    enum { LINES = 101, LINE = 1200 };
    const struct setting *setting = *state;
    if (setting->cap == 0)
        return; /* records are pull mode's */
    struct host *host = host_begin(setting, "text");
    struct client client = client_open(host, NULL);
    char *lines = malloc(LINES * LINE);
    for (int i = 0; i < LINES; i++) {
        fill_pattern(lines + i * LINE, LINE - 1, (uint32_t)i);
        lines[i * LINE + LINE - 1] = '\n';
    }
    assert_int_equal(client_write(&client, lines, 50 * LINE + 600), 50 * LINE + 600); /* the 51st arrives in two pieces */
    int line = 0;
    while (line < LINES) {
        int count = wm_app_poll(host->app, host->batch, setting->cap, 1000);
        assert_true(count >= 0);
        for (int i = 0; i < count; i++) /* sends do not change the records' data */
            assert_int_equal(wm_conn_send(host->batch[i].conn, lines, LINE, 0), 0);
        assert_int_equal(wm_app_flush(host->app), 0);
        if (line < 50 && line + count >= 50)
            client_send(host, &client, lines + 50 * LINE + 600, LINES * LINE - 50 * LINE - 600);
        for (int i = 0; i < count; i++, line++) {
            assert_int_equal(host->batch[i].kind, WM_EVENT_MESSAGE);
            assert_int_equal(host->batch[i].len, LINE - 1);
            assert_memory_equal(host->batch[i].data, lines + line * LINE, LINE - 1);
        }
        client_pump(&client);
    }
    free(lines);
    client_end(&client);
    host_end(host);
}

static void max_message__one_more_ends_the_connection(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 5), 0);
    struct client client = client_open(host, NULL);
    client_say(host, &client, "12345\n12345\r\n123456\n1\n");
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open message(12345) message(12345) error(WM_EMSGSIZE) close(limit)");
    host_end(host);
}

static void max_message__a_line_that_never_ends_is_refused_by_length(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 1000), 0);
    struct client client = client_open(host, NULL);
    char endless[1001];
    memset(endless, 'x', sizeof endless);
    client_send(host, &client, endless, sizeof endless);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open error(WM_EMSGSIZE) close(limit)");
    host_end(host);
}

static void skip_oversize__a_line_too_long_is_skipped_and_told_once(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 5), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "skip_oversize", 1), 0);
    struct client client = client_open(host, NULL);
    client_say(host, &client, "1\n123456");
    settle(host);
    client_say(host, &client, "789012345678901234567890");
    settle(host);
    client_say(host, &client, "7\n2\n1234567\n3\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_string_equal(trace(host, 0), "connect open message(1) error(WM_EMSGSIZE) message(2) error(WM_EMSGSIZE) message(3)");
    client_end(&client);
    host_end(host);
}

static void refuse_http__ends_the_connection_at_such_a_line(void **state)
{
    static const char *const foreign[] = {"POST / HTTP/1.1\r\n", "Host: a\r\n", "\x16\x03"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct host *host = host_begin(*state, "text");
        struct client client = client_open(host, NULL);
        char sent[64];
        snprintf(sent, sizeof sent, "1\n%s2\n", foreign[i]);
        client_say(host, &client, sent);
        until(host, count_of(host, WM_EVENT_ERROR) == 1);
        client_hear_end(host, &client);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        assert_string_equal(trace(host, 0), "connect open message(1) error(WM_EPROTOCOL) close(protocol)");
        host_end(host);
    }
}

static void refuse_http__off_makes_them_messages(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "refuse_http", 0), 0);
    struct client client = client_open(host, NULL);
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\n\x16\x03\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_string_equal(trace(host, 0), "connect open message(GET / HTTP/1.1) message(Host: a) message(\x16\x03)");
    client_end(&client);
    host_end(host);
}

static void max_message__websocket_closes_with_1009(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 5), 0);
    struct client client = ws_open(host, NULL);
    ws_say(host, &client, "12345");
    ws_send(host, &client, 0x01, "123", 3);
    ws_send(host, &client, 0x80, "456", 3);
    ws_hear_close(host, &client, 1009);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EMSGSIZE);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_LIMIT);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->detail, 1009);
    host_end(host);
}

static void max_message__of_one_connection_overrides_the_workers(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn first, second;
    struct client narrow = client_open(host, &first), wide = client_open(host, &second);
    assert_int_equal(wm_conn_set_int(first, "max_message", 3), 0);
    int64_t value = 0;
    assert_int_equal(wm_conn_get_int(first, "max_message", &value), 0);
    assert_int_equal(value, 3);
    assert_int_equal(wm_conn_get_int(second, "max_message", &value), 0);
    assert_int_equal(value, 10 << 20);
    client_say(host, &narrow, "1234\n");
    client_say(host, &wide, "1234\n");
    until(host, count_of(host, WM_EVENT_ERROR) == 1 && count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->conn, first);
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 0)->conn, second);
    client_end(&narrow);
    client_end(&wide);
    host_end(host);
}

static void max_assembly_total__the_one_that_held_longest_is_closed(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_app_set_int(host->app, "max_assembly_total", 150000), 0);
    wm_conn conns[3];
    struct client clients[3];
    char part[40000];
    memset(part, 'x', sizeof part);
    for (int i = 0; i < 3; i++) {
        clients[i] = client_open(host, &conns[i]);
        client_send(host, &clients[i], part, sizeof part);
        until(host, wm_conn_bytes_read(conns[i]) == sizeof part);
        for (int64_t start = clock_ms(); clock_ms() < start + 2;) /* its tail is older than those that come */
            turn(host, 1);
    }
    until(host, count_of(host, WM_EVENT_ERROR) > 0);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EFULL);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->conn, conns[0]);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 1);
    for (int i = 0; i < 3; i++)
        client_end(&clients[i]);
    until(host, count_of(host, WM_EVENT_CLOSE) == 3);
    /* Their memory is free again: a line of that length passes. */
    struct client client = client_open(host, NULL);
    client_send(host, &client, part, sizeof part);
    client_say(host, &client, "\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&client);
    host_end(host);
}

static void stop_on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)conn, (void)data, (void)len, (void)kind;
    ++*(int *)user;
    wm_app_stop(wm_worker_app(worker));
}

/** A poll ends when it has filled the arena; a run after it reads from the front again. */
static void run__after_a_poll_that_filled_the_arena_reads(void **state)
{
    const struct setting *setting = *state;
    if (setting->cap < 256)
        return; /* only so many records fill it in one poll */
    enum { CONNS = 8 };
    struct host *host = host_begin(setting, "raw");
    struct client clients[CONNS];
    static char block[100000];
    for (int i = 0; i < CONNS; i++)
        clients[i] = client_open(host, NULL);
    for (int i = 0; i < CONNS; i++)
        assert_true(client_write(&clients[i], block, sizeof block) > 0);
    assert_true(wm_app_poll(host->app, host->batch, setting->cap, 1000) > 3);
    int got = 0;
    assert_int_equal(wm_worker_on_message(host->worker, stop_on_message, &got, NULL), 0);
    assert_int_equal(wm_app_set_int(host->app, "stop_timeout_ms", 0), 0);
    assert_int_equal(client_write(&clients[0], "x", 1), 1);
    assert_int_equal(wm_app_run(host->app), 0);
    assert_true(got >= 1);
    for (int i = 0; i < CONNS; i++)
        client_end(&clients[i]);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(pause__holds_the_rest_of_the_buffer_and_resume_delivers_it_first),
        SCENARIO(pause__an_end_of_the_peer_waits_for_resume),
        SCENARIO(pause__at_every_seventh_of_10000_lines_loses_nothing),
        SCENARIO(arena__many_connections_with_more_than_it_holds),
        SCENARIO(assembly__a_long_message_in_parts_while_others_talk),
        SCENARIO(records__are_all_valid_until_the_next_poll),
        SCENARIO(run__after_a_poll_that_filled_the_arena_reads),
        SCENARIO(max_message__one_more_ends_the_connection),
        SCENARIO(max_message__a_line_that_never_ends_is_refused_by_length),
        SCENARIO(skip_oversize__a_line_too_long_is_skipped_and_told_once),
        SCENARIO(refuse_http__ends_the_connection_at_such_a_line),
        SCENARIO(refuse_http__off_makes_them_messages),
        SCENARIO(max_message__websocket_closes_with_1009),
        SCENARIO(max_message__of_one_connection_overrides_the_workers),
        SCENARIO(max_assembly_total__the_one_that_held_longest_is_closed),
    };
    return RUN_SCENARIOS("receive", scenarios);
}
