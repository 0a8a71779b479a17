/**
 * @file
 * Deadlines of what a peer owes run only while it can be read: the head of an http request, each from its own first
 * octet (handshake_timeout_ms), and silence (idle_timeout_ms), which what the host does not see does not end.
 */
#include "support/ws_client.h"

enum { TIMEOUT_MS = 300 };

#define BEGUN "GET / HTTP/1.1\r\n"
#define REST "Host: a\r\n\r\n"

static void answer(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_MESSAGE)
        assert_true(wm_conn_send(event->conn, "yes", 3, 0) >= 0);
    (void)host;
}

static struct host *timeout_begin(void **state, const char *scheme)
{
    struct host *host = host_begin(*state, scheme);
    assert_int_equal(wm_worker_set_int(host->worker, "handshake_timeout_ms", TIMEOUT_MS), 0);
    host->react = answer;
    return host;
}

static void pass(struct host *host, int64_t ms)
{
    for (int64_t end = clock_ms() + ms; clock_ms() < end;)
        turn(host, 10);
}

/** Takes the next answer, which has a body of that length. */
static void hear_answer(struct host *host, struct client *client, const char *status, size_t body)
{
    char *head_end;
    until(host, client_has(client, 9) && (head_end = strstr(client->in, "\r\n\r\n")) != NULL);
    assert_memory_equal(client->in + 9, status, 3);
    client_drop(client, (size_t)(head_end + 4 - client->in));
    until(host, client_has(client, body));
    client_drop(client, body);
}

static void head__that_begins_in_the_read_that_ends_another_has_its_own_time(void **state)
{
    struct host *host = timeout_begin(state, "http");
    struct client client = client_begin(host);
    client_say(host, &client, BEGUN);
    for (int i = 0; i < 3; i++) {
        pass(host, TIMEOUT_MS / 2);
        int64_t begun = clock_ms();
        client_say(host, &client, REST BEGUN);
        hear_answer(host, &client, "200", 3);
        if (i < 2)
            continue;
        hear_answer(host, &client, "408", 1);
        assert_true(clock_ms() - begun >= TIMEOUT_MS);
    }
    client_end(&client);
    host_end(host);
}

static void head__that_trickles_in_has_no_more_time_than_one_that_waits(void **state)
{
    struct host *host = timeout_begin(state, "http");
    struct client client = client_begin(host);
    int64_t begun = clock_ms();
    client_say(host, &client, BEGUN);
    while (!client_has(&client, 1) && clock_ms() - begun < 10 * TIMEOUT_MS) {
        client_say(host, &client, "X: y\r\n");
        pass(host, TIMEOUT_MS / 8);
    }
    hear_answer(host, &client, "408", 1);
    client_end(&client);
    host_end(host);
}

static void head__has_all_its_time_once_the_host_reads_on(void **state)
{
    struct host *host = timeout_begin(state, "http");
    struct client client = client_begin(host);
    client_say(host, &client, BEGUN);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    settle(host);
    wm_conn conn = nth(host, WM_EVENT_OPEN, 0)->conn;
    assert_int_equal(wm_conn_pause_recv(conn), 0);
    pass(host, 2 * TIMEOUT_MS);
    assert_false(client_has(&client, 1));
    assert_false(client_ended(&client));
    int64_t resumed = clock_ms();
    assert_int_equal(wm_conn_resume_recv(conn), 0);
    hear_answer(host, &client, "408", 1);
    assert_true(clock_ms() - resumed >= TIMEOUT_MS);
    client_end(&client);
    host_end(host);
}

static void silence__counts_only_while_requests_are_read(void **state)
{
    struct host *host = timeout_begin(state, "http");
    host->react = NULL;
    assert_int_equal(wm_worker_set_int(host->worker, "max_pipelined", 1), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "idle_timeout_ms", TIMEOUT_MS), 0);
    struct client client = client_begin(host);
    client_say(host, &client, BEGUN REST);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_say(host, &client, BEGUN REST); /* not read before the first is answered */
    pass(host, 2 * TIMEOUT_MS);
    assert_false(client_ended(&client));
    for (size_t i = 0; i < 2; i++) {
        until(host, count_of(host, WM_EVENT_MESSAGE) > i);
        assert_int_equal(wm_conn_send(nth(host, WM_EVENT_MESSAGE, i)->conn, "yes", 3, 0), 0);
        hear_answer(host, &client, "200", 3);
    }
    until(host, client_ended(&client)); /* now it is silent */
    client_end(&client);
    host_end(host);
}

/* Bytes that a peer sends again and again. */
struct trickle {
    const char *scheme;
    const char *bytes;
    size_t len;
};

#define EMPTY_MASK "\0\0\0\0"
#define TRICKLE(scheme, bytes)                                                                                                             \
    {                                                                                                                                      \
        scheme, bytes, sizeof(bytes) - 1                                                                                                   \
    }

static struct client trickle_begin(struct host *host, const struct trickle *trickle)
{
    assert_int_equal(wm_worker_set_int(host->worker, "idle_timeout_ms", TIMEOUT_MS), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "skip_oversize", 1), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 100), 0);
    struct client client = strcmp(trickle->scheme, "websocket") == 0 ? ws_open(host, NULL) : client_begin(host);
    if (strcmp(trickle->scheme, "text") == 0)
        client_say(host, &client, "a");
    return client;
}

/** Whether the server has ended the connection, or sent a close frame; behind pongs, which have no such byte. */
static int closes(struct client *client)
{
    return client_ended(client) || (client->len > 0 && memchr(client->in, 0x80 | WS_CLOSE, client->len) != NULL);
}

/** Sends the bytes at intervals for as long as that, or until the server closes. All at once, each to a host of its own. */
static void trickle_in(struct host *hosts[], struct client clients[], const struct trickle trickles[], size_t count, int64_t ms)
{
    size_t closed = 0;
    for (int64_t end = clock_ms() + ms; closed < count && clock_ms() < end;) {
        closed = 0;
        for (size_t i = 0; i < count; i++) {
            pass(hosts[i], 10);
            if (closes(&clients[i]))
                closed++;
            else
                client_send(hosts[i], &clients[i], trickles[i].bytes, trickles[i].len);
        }
    }
}

static void trickles_end(struct host *hosts[], struct client clients[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        client_end(&clients[i]);
        host_end(hosts[i]);
    }
}

static void silence__is_not_ended_by_what_the_host_does_not_see(void **state)
{
    static const struct trickle UNSEEN[] = {
        TRICKLE("websocket", "\x89\x80" EMPTY_MASK),                       /* pings */
        TRICKLE("websocket", "\x8a\x80" EMPTY_MASK),                       /* pongs */
        TRICKLE("websocket", "\x00\x80" EMPTY_MASK),                       /* continuations without a byte */
        TRICKLE("websocket", "\x00\x80" EMPTY_MASK "\x89\x80" EMPTY_MASK), /* with pings between */
        TRICKLE("http", "\r\n"),                                           /* empty lines before a request */
        TRICKLE("text", "0123456789012345678901234567890123456789"),       /* more of a line that is skipped */
    };
    enum { COUNT = sizeof UNSEEN / sizeof *UNSEEN };
    struct host *hosts[COUNT];
    struct client clients[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        hosts[i] = host_begin(*state, UNSEEN[i].scheme);
        clients[i] = trickle_begin(hosts[i], &UNSEEN[i]);
        if (UNSEEN[i].bytes[0] == WS_CONTINUATION)
            ws_send(hosts[i], &clients[i], WS_TEXT, "begun", 5);
    }
    trickle_in(hosts, clients, UNSEEN, COUNT, 20 * TIMEOUT_MS);
    for (size_t i = 0; i < COUNT; i++)
        if (!closes(&clients[i]))
            fail_msg("kept open by %zu", i);
    trickles_end(hosts, clients, COUNT);
}

static void silence__is_ended_by_each_part_of_a_message(void **state)
{
    static const struct trickle SEEN[] = {
        TRICKLE("websocket", "\x82\x81" EMPTY_MASK "x"),
        TRICKLE("websocket", "\x00\x81" EMPTY_MASK "x"), /* continuations */
        TRICKLE("text", "x"),
    };
    enum { COUNT = sizeof SEEN / sizeof *SEEN };
    struct host *hosts[COUNT];
    struct client clients[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        hosts[i] = host_begin(*state, SEEN[i].scheme);
        clients[i] = trickle_begin(hosts[i], &SEEN[i]);
        if (SEEN[i].bytes[0] == WS_CONTINUATION)
            ws_send(hosts[i], &clients[i], WS_TEXT, "x", 1);
    }
    trickle_in(hosts, clients, SEEN, COUNT, 3 * TIMEOUT_MS);
    for (size_t i = 0; i < COUNT; i++)
        if (closes(&clients[i]))
            fail_msg("closed in spite of %zu", i);
    for (size_t i = 0; i < COUNT; i++)
        until(hosts[i], closes(&clients[i])); /* now it is silent */
    trickles_end(hosts, clients, COUNT);
}

static void silence__is_not_ended_by_pongs(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    assert_int_equal(wm_worker_set_int(host->worker, "ping_interval_ms", TIMEOUT_MS / 3), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "idle_timeout_ms", 2 * TIMEOUT_MS), 0);
    struct client client = ws_open(host, NULL);
    int64_t begun = clock_ms();
    int pings = 0, opcode = 0;
    while (opcode != WS_CLOSE) {
        char *data;
        size_t len = 0;
        opcode = ws_receive(host, &client, &data, &len);
        free(data);
        if (opcode != WS_PING)
            continue;
        pings++;
        ws_send(host, &client, 0x80 | WS_PONG, "", 0);
        assert_true(clock_ms() - begun < 20 * TIMEOUT_MS);
    }
    assert_true(pings > 0);
    assert_true(clock_ms() - begun >= 2 * TIMEOUT_MS);
    client_end(&client);
    host_end(host);
}

#define IN_BOTH_MODES(test) cmocka_unit_test_prestate(test, (void *)&SETTINGS[0]), cmocka_unit_test_prestate(test, (void *)&SETTINGS[3])

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH_MODES(head__that_begins_in_the_read_that_ends_another_has_its_own_time),
        IN_BOTH_MODES(head__that_trickles_in_has_no_more_time_than_one_that_waits),
        IN_BOTH_MODES(head__has_all_its_time_once_the_host_reads_on),
        IN_BOTH_MODES(silence__counts_only_while_requests_are_read),
        cmocka_unit_test_prestate(silence__is_not_ended_by_pongs, (void *)&SETTINGS[0]),
        IN_BOTH_MODES(silence__is_not_ended_by_what_the_host_does_not_see),
        cmocka_unit_test_prestate(silence__is_ended_by_each_part_of_a_message, (void *)&SETTINGS[3]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
