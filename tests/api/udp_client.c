/* Clients of datagrams: open at once, what they send before, refusals, ends, and options that make no sense for them. */
#include "support/datagrams.h"

/** A client of the worker, watched. */
static wm_client *client_of(struct host *host, const char *address)
{
    wm_client *client = wm_client_new(host->app, address);
    if (!client)
        fail_msg("%s: %s", address, wm_last_error());
    host_watch_client(host, client);
    return client;
}

/** Echoes what a worker gets, and no more. */
static void echo_to_client(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_MESSAGE && event->worker)
        echo(host, event);
}

static void client__opens_at_once_and_is_answered(void **state)
{
    struct host *host = host_begin(*state, "udp");
    host->react = echo_to_client;
    wm_client *client = client_of(host, wm_worker_address(host->worker));
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_true(conn != 0);
    assert_int_equal(wm_conn_send(conn, "before", 6, 0), 0);
    assert_int_equal(host->count, 0);
    until_messages(host, 2);
    assert_string_equal(trace(host, conn), "connect open message(before)");
    char text[128];
    assert_true(wm_conn_remote_address(conn, text, sizeof text) > 0);
    assert_string_equal(text, strstr(wm_worker_address(host->worker), "://") + 3);
    assert_true(wm_conn_local_address(conn, text, sizeof text) > 0);
    assert_int_equal(wm_conn_send(conn, "", 0, 0), 0);
    until_messages(host, 4);
    assert_int_equal(wm_conn_send(conn, "bye", 3, 0), 0);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
    until_messages(host, 5); /* of the worker: what was sent before the close leaves */
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open message(before) message() close(local)");
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 2);
    assert_true(wm_client_conn(client) != conn);
    host_end(host);
}

/** The socket is there, though nothing was told of it. */
static void close__before_the_open_event_lets_leave_what_was_sent(void **state)
{
    struct host *host = host_begin(*state, "udp");
    turn(host, 0); /* there is a loop from here on */
    wm_client *client = client_of(host, wm_worker_address(host->worker));
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_equal(wm_conn_send(conn, "first", 5, 0), 0);
    assert_int_equal(wm_conn_send(conn, "last", 4, 0), 0);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    until_messages(host, 2);
    assert_string_equal(trace(host, conn), "close(local)");
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 0)->data, "first");
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 1)->data, "last");
    host_end(host);
}

static void client__speaks_a_protocol_over_datagrams(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "frame");
    assert_int_equal(wm_worker_set_str(host->worker, "transport", "udp"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    host->react = echo_to_client;
    wm_client *client = client_of(host, wm_worker_address(host->worker));
    assert_int_equal(wm_client_set_str(client, "transport", "udp"), 0);
    assert_int_equal(wm_client_connect(client), 0);
    assert_int_equal(wm_conn_send(wm_client_conn(client), "framed", 6, 0), 0);
    until_messages(host, 2);
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 1)->data, "framed");
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 1)->flags & 255, WM_KIND_BINARY);
    host_end(host);
}

/** Nothing listens: the refusal is an error, and the client stays as it is; what it sends once something listens arrives. */
static void refusal__is_an_error_and_no_end(void **state)
{
    struct host *host = host_begin(*state, "udp");
    char address[128];
    snprintf(address, sizeof address, "%s", wm_worker_address(host->worker));
    wm_client *client = client_of(host, address);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_int_equal(wm_worker_unlisten(host->worker), 0);
    assert_int_equal(wm_conn_send(conn, "lost", 4, 0), 0);
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_string_equal(trace(host, conn), "connect open error(WM_ECONNREFUSED)");
    if (host->setting->transport != UNIX) { /* whose socket is another one then */
        wm_worker *again = wm_worker_new(host->app, address);
        host_watch(host, again);
        assert_int_equal(wm_worker_listen(again), 0);
        assert_int_equal(wm_conn_send(conn, "found", 5, 0), 0);
        until_messages(host, 1);
    }
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    host_end(host);
}

static void unix__without_a_worker_fails_as_others_do(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_client *client = client_of(host, "udp+unix://@libwm-test-nobody");
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn),
                        "error(WM_ECONNREFUSED) close(error 111 cannot connect to udp+unix://@libwm-test-nobody: Connection refused)");
    host_end(host);
}

static void expect_no_connect(wm_client *client, const char *hint)
{
    assert_int_equal(wm_client_connect(client), WM_EINVAL);
    if (!strstr(wm_last_error(), hint))
        fail_msg("\"%s\" does not say \"%s\"", wm_last_error(), hint);
}

static void options__that_make_no_sense_are_refused(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_client *client = client_of(host, "udp://127.0.0.1:9");
    assert_int_equal(wm_client_set_int(client, "reconnect_min_ms", 10), 0);
    expect_no_connect(client, "datagrams have no connection that is lost");
    assert_int_equal(wm_client_set_int(client, "reconnect_min_ms", 0), 0);
    assert_int_equal(wm_client_set_str(client, "proxy", "socks5://127.0.0.1:9"), 0);
    expect_no_connect(client, "no proxy takes datagrams");
    assert_int_equal(wm_client_set_str(client, "proxy", ""), 0);
    assert_int_equal(wm_client_set_str(client, "transport", "ssl"), 0);
    expect_no_connect(client, "no TLS over datagrams");
    assert_int_equal(wm_client_set_str(client, "transport", "tcp"), 0);
    expect_no_connect(client, "is over datagrams");
    assert_int_equal(wm_client_set_str(client, "transport", "udp"), 0);
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    wm_client *page = client_of(host, "ws://127.0.0.1:9");
    assert_int_equal(wm_client_set_str(page, "transport", "udp"), 0);
    expect_no_connect(page, "needs a stream");
    host_end(host);
}

/** A name is looked up as others are, and the socket bound to its source. */
static void client__by_name_and_from_a_source(void **state)
{
    struct host *host = host_begin(*state, "udp");
    host->react = echo_to_client;
    char address[64];
    snprintf(address, sizeof address, "udp://localhost%s", strrchr(wm_worker_address(host->worker), ':'));
    wm_client *client = client_of(host, address);
    assert_int_equal(wm_client_set_str(client, "source_address", "127.0.0.2"), 0);
    assert_int_equal(wm_client_set_int(client, "rcvbuf", 65536), 0);
    assert_int_equal(wm_client_connect(client), 0);
    assert_int_equal(wm_conn_send(wm_client_conn(client), "hi", 2, 0), 0);
    until_messages(host, 2);
    char ip[64];
    assert_true(wm_conn_remote_ip(nth(host, WM_EVENT_MESSAGE, 0)->conn, ip, sizeof ip) > 0);
    assert_string_equal(ip, "127.0.0.2");
    host_end(host);
}

static void stop__closes_it_as_others(void **state)
{
    struct host *host = host_begin(*state, "udp");
    wm_client *client = client_of(host, wm_worker_address(host->worker));
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), 0);
    until_messages(host, 1);
    assert_int_equal(wm_app_stop(host->app), 0);
    int64_t guard = clock_ms() + GUARD_MS;
    while (turn(host, 5) != WM_ESTOPPED && clock_ms() < guard)
        ;
    assert_string_equal(trace(host, conn), "connect open closing close(stop)");
    assert_string_equal(trace(host, nth(host, WM_EVENT_MESSAGE, 0)->conn), "message(x)"); /* the peer goes silently */
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(client__opens_at_once_and_is_answered, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(close__before_the_open_event_lets_leave_what_was_sent, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(client__speaks_a_protocol_over_datagrams, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(refusal__is_an_error_and_no_end, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(unix__without_a_worker_fails_as_others_do, NOT_DATAGRAMS | OVER(TCP) | OVER(TCP6)),
        SCENARIO_NOT_OVER(options__that_make_no_sense_are_refused, NOT_DATAGRAMS | OVER(UNIX)),
        SCENARIO_NOT_OVER(client__by_name_and_from_a_source, NOT_DATAGRAMS | OVER(UNIX) | OVER(TCP6)),
        SCENARIO_NOT_OVER(stop__closes_it_as_others, NOT_DATAGRAMS),
    };
    return RUN_SCENARIOS("udp_client", scenarios);
}
