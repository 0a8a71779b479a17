/**
 * @file
 * Deadlines of what a peer owes run only while it can be read: the head of an http request, each from its own first
 * octet (handshake_timeout_ms), and silence (idle_timeout_ms).
 */
#include "support/client.h"

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

#define IN_BOTH_MODES(test) cmocka_unit_test_prestate(test, (void *)&SETTINGS[0]), cmocka_unit_test_prestate(test, (void *)&SETTINGS[3])

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH_MODES(head__that_begins_in_the_read_that_ends_another_has_its_own_time),
        IN_BOTH_MODES(head__that_trickles_in_has_no_more_time_than_one_that_waits),
        IN_BOTH_MODES(head__has_all_its_time_once_the_host_reads_on),
        IN_BOTH_MODES(silence__counts_only_while_requests_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
