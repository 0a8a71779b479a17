/**
 * @file
 * send_timeout_ms of what a peer does not take. Over TLS what is unsent may be encrypted, with nothing behind it.
 */
#include "support/client.h"

enum { TIMEOUT_MS = 300 };

/** A client that does not read, up to the first bytes that the kernel has refused. */
static struct client client_unread(struct host *host, wm_conn *conn)
{
    static char line[8000];
    struct client client = client_open(host, conn);
    memset(line, 'x', sizeof line);
    while (wm_conn_send_queue_size(*conn) == 0) {
        assert_int_equal(wm_conn_send(*conn, line, sizeof line, 0), 0);
        assert_int_equal(wm_app_flush(host->app), 0);
    }
    assert_true(wm_conn_send_queue_size(*conn) < 2 * (int64_t)sizeof line);
    return client;
}

static void unread__bytes_are_timed_also_when_they_are_the_last(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "send_timeout_ms", TIMEOUT_MS), 0);
    wm_conn read, unread;
    struct client reader = client_unread(host, &read);
    assert_int_equal(wm_conn_set_int(read, "max_message", 1000), 0); /* it has options of its own, which outlive its queue */
    until(host, client_has(&reader, 1) && wm_conn_send_queue_size(read) == 0);
    struct client other = client_unread(host, &unread);
    int64_t begun = clock_ms();
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_true(clock_ms() - begun >= TIMEOUT_MS);
    while (clock_ms() - begun < 4 * TIMEOUT_MS)
        turn(host, 10);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 1); /* not of the reader */
    assert_true(nth(host, WM_EVENT_CLOSE, 0)->conn == unread);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags & 255, WM_REASON_TIMEOUT);
    client_end(&reader);
    client_end(&other);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(unread__bytes_are_timed_also_when_they_are_the_last, OVER(TCP6) | OVER_PAIRS),
    };
    return RUN_SCENARIOS("unread", scenarios);
}
