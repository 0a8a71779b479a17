/* Clients: an attempt is a connection with one close event, whatever becomes of it. The servers are raw sockets. */
#include "support/raw_server.h"

static const struct setting *setting_of(void **state)
{
    return (const struct setting *)*state;
}

/* ---- an attempt that succeeds */

static void connects_and_exchanges_bytes(void **state)
{
    struct host *host = host_begin(setting_of(state), NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_conn(client), 0);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_not_equal(conn, 0);
    assert_ptr_equal(wm_conn_client(conn), client);
    assert_null(wm_conn_worker(conn));
    int fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_int_equal(wm_conn_send(conn, "ping", 4, 0), 0);
    raw_hear(host, fd, "ping");
    raw_say(fd, "pong");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    close(fd);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open message(pong) close(peer)");
    assert_string_equal(trace(host, conn), "connect open message(pong) close(peer)");
    settle(host);
    assert_int_equal(wm_client_conn(client), 0);
    assert_string_equal(wm_client_error(client), "");
    raw_end(&server);
    host_end(host);
}

static void sends_before_open_are_held(void **state)
{
    struct host *host = host_begin(setting_of(state), NULL);
    struct raw_server server = raw_server(host->setting, "text");
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_equal(wm_conn_send(conn, "first", 5, 0), 0);
    assert_int_equal(wm_conn_send(conn, "second", 6, 0), 0);
    int fd = raw_accept(host, &server);
    raw_hear(host, fd, "first\nsecond\n");
    raw_say(fd, "one\r\ntwo\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_string_equal(trace(host, conn), "connect open message(one) message(two)");
    close(fd);
    raw_end(&server);
    host_end(host);
}

static void a_send_over_the_limit_before_open_is_refused(void **state)
{
    struct host *host = host_begin(setting_of(state), NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_set_int(client, "max_send_buffer", 100), 0);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    char bytes[200] = {0};
    assert_int_equal(wm_conn_send(conn, bytes, sizeof bytes, 0), 0);
    assert_int_equal(wm_conn_send(conn, bytes, 1, 0), WM_EFULL);
    raw_end(&server);
    host_end(host);
}

/* ---- attempts that fail */

static void a_refused_connection_is_an_error_and_a_close(void **state)
{
    struct host *host = host_begin(setting_of(state), NULL);
    struct raw_server server;
    raw_bind(&server, host->setting, host->setting->transport == UNIX ? "unix" : "tcp", NULL);
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    assert_int_equal(host->count, 0); /* nothing inside the call */
    wm_conn conn = wm_client_conn(client);
    assert_int_not_equal(conn, 0);
    assert_int_equal(wm_conn_send(conn, "lost", 4, 0), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    char expected[64];
    snprintf(expected, sizeof expected, "error(WM_ECONNREFUSED) close(error %d ", ECONNREFUSED);
    assert_memory_equal(trace(host, conn), expected, strlen(expected));
    const struct seen *error = nth(host, WM_EVENT_ERROR, 0);
    assert_non_null(strstr(error->data, server.address));
    assert_non_null(strstr(error->data, "Connection refused"));
    assert_string_equal(wm_client_error(client), error->data);
    settle(host);
    assert_int_equal(host->count, 2);
    assert_int_equal(wm_client_conn(client), 0);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ECLOSED);
    raw_end(&server);
    host_end(host);
}

static const struct scenario SCENARIOS[] = {
    SCENARIO(connects_and_exchanges_bytes),
    SCENARIO(sends_before_open_are_held),
    SCENARIO(a_send_over_the_limit_before_open_is_refused),
    SCENARIO(a_refused_connection_is_an_error_and_a_close),
};

int main(void)
{
    return RUN_SCENARIOS("client", SCENARIOS);
}
