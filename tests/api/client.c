/* Clients: an attempt is a connection with one close event, whatever becomes of it. The servers are raw sockets. */
#include "support/client.h"
#include "support/raw_server.h"

#include <sys/resource.h>

/* ---- an attempt that succeeds */

static void connects_and_exchanges_bytes(void **state)
{
    struct host *host = host_begin(*state, NULL);
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
    struct host *host = host_begin(*state, NULL);
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
    struct host *host = host_begin(*state, NULL);
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
    struct host *host = host_begin(*state, NULL);
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

static void a_peer_that_accepts_nothing_times_out(void **state)
{
    const struct setting *setting = *state;
    if (setting->transport != UNIX) /* on TCP the kernel answers for a backlog that is full */
        return;
    struct host *host = host_begin(setting, NULL);
    struct raw_server server;
    raw_bind(&server, setting, "unix", NULL);
    raw_listen(&server, 0);
    int first = connect_to(server.address);
    assert_true(first >= 0);
    wm_client *client = host_client(host, server.address);
    wm_client_set_int(client, "connect_timeout_ms", 200);
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "error(WM_ETIMEDOUT) close(timeout)");
    assert_non_null(strstr(nth(host, WM_EVENT_ERROR, 0)->data, "within 200 ms (connect_timeout_ms)"));
    close(first);
    raw_end(&server);
    host_end(host);
}

static void a_full_backlog_is_waited_for(void **state)
{
    const struct setting *setting = *state;
    if (setting->transport != UNIX)
        return;
    struct host *host = host_begin(setting, NULL);
    struct raw_server server;
    raw_bind(&server, setting, "unix", NULL);
    raw_listen(&server, 0);
    int first = connect_to(server.address);
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    settle(host);
    assert_int_equal(host->count, 0);
    close(raw_accept(host, &server)); /* makes room */
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    close(first);
    raw_end(&server);
    host_end(host);
}

static void a_reset_is_a_close_with_its_errno_and_the_peer_is_known(void **state)
{
    const struct setting *setting = *state;
    if (setting->transport == UNIX)
        return;
    struct host *host = host_begin(setting, NULL);
    struct raw_server server = raw_server(setting, "raw");
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    int fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    raw_reset(fd);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    char expected[64];
    snprintf(expected, sizeof expected, "connect open close(error %d)", ECONNRESET);
    assert_string_equal(trace(host, conn), expected);
    raw_end(&server);
    host_end(host);
}

/* ---- what a connection that has closed still answers */

struct known {
    wm_client *client;
    int asked;
};

static void ask_the_closed(struct host *host, const wm_event *event)
{
    struct known *known = (struct known *)host->context;
    if (event->kind != WM_EVENT_CLOSE)
        return;
    known->asked++;
    assert_ptr_equal(wm_conn_client(event->conn), known->client);
    assert_null(wm_conn_worker(event->conn));
    assert_ptr_equal(wm_conn_user(event->conn), known);
    char address[160];
    int len = wm_conn_remote_address(event->conn, address, sizeof address);
    assert_true(len > 0);
    assert_non_null(strstr(wm_client_address(known->client), address));
    if (host->setting->transport != UNIX)
        assert_true(wm_conn_remote_port(event->conn) > 0);
}

static void a_closed_connection_still_answers(void **state)
{
    for (int reset = 0; reset < 2; reset++) {
        struct host *host = host_begin(*state, NULL);
        struct known known = {0};
        struct raw_server server = raw_server(host->setting, "raw");
        known.client = host_client(host, server.address);
        host->context = &known;
        host->react = ask_the_closed;
        assert_int_equal(wm_client_connect(known.client), 0);
        wm_conn conn = wm_client_conn(known.client);
        assert_int_equal(wm_conn_set_user(conn, &known, NULL), 0);
        int fd = raw_accept(host, &server);
        until(host, count_of(host, WM_EVENT_OPEN) == 1);
        if (reset)
            raw_reset(fd);
        else
            close(fd);
        until(host, known.asked == 1);
        settle(host);
        assert_null(wm_conn_client(conn));
        assert_null(wm_conn_user(conn));
        raw_end(&server);
        host_end(host);
    }
}

/* ---- addresses and options */

static void addresses_have_their_errors(void **state)
{
    struct host *host = host_begin(*state, NULL);
    static const struct {
        const char *address, *text;
    } rows[] = {
        {"tcp://127.0.0.1", "no port in tcp://127.0.0.1: the right form is tcp://127.0.0.1:1234"},
        {"tcp://127.0.0.1:0", "port 0"},
        {"websocket://127.0.0.1:80", "the scheme of a websocket client is ws: ws://127.0.0.1:80"},
        {"http://127.0.0.1:80", "there is no HTTP client yet"},
        {"https://127.0.0.1:443", "there is no HTTP client yet"},
        {"127.0.0.1:80", "no scheme in '127.0.0.1:80': the right form is ws://127.0.0.1:80"},
        {"txt://127.0.0.1:80", "did you mean text://?"},
    };
    assert_null(wm_client_new(host->app, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(wm_client_new(host->app, rows[i].address));
        if (!strstr(wm_last_error(), rows[i].text))
            fail_msg("%s: %s", rows[i].address, wm_last_error());
    }
    host_end(host);
}

static void a_source_address_is_bound(void **state)
{
    const struct setting *setting = *state;
    if (setting->transport != TCP)
        return;
    struct host *host = host_begin(setting, NULL);
    struct raw_server server = raw_server(setting, "raw");
    wm_client *client = host_client(host, server.address);
    const char *bad[] = {"127.0.0", "[127.0.0.1]:1", "127.0.0.1:", "127.0.0.1:65536", "::1:x", "[::1", "host"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(wm_client_set_str(client, "source_address", bad[i]), WM_EINVAL);
    const char *good[] = {"::1", "[::1]", "[::1]:1", "127.0.0.1:1", "", "127.0.0.2"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(wm_client_set_str(client, "source_address", good[i]), 0);
    assert_int_equal(wm_client_connect(client), 0);
    int fd = raw_accept(host, &server);
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    assert_int_equal(getpeername(fd, (struct sockaddr *)&peer, &len), 0);
    assert_int_equal(peer.sin_addr.s_addr, htonl(0x7f000002));
    int on = 0;
    len = sizeof on;
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    char ip[64];
    assert_int_equal(wm_conn_local_ip(wm_client_conn(client), ip, sizeof ip), 9);
    assert_string_equal(ip, "127.0.0.2");
    /* Of another family it cannot be. */
    assert_int_equal(wm_client_set_str(client, "source_address", "::1"), 0);
    assert_int_equal(wm_client_reconnect(client, 0), 0);
    close(fd);
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_non_null(strstr(wm_client_error(client), "source_address is ::1"));
    raw_end(&server);
    host_end(host);
}

static void a_name_is_looked_up(void **state)
{
    const struct setting *setting = *state;
    if (setting->transport != TCP)
        return;
    struct host *host = host_begin(setting, NULL);
    struct raw_server server = raw_server(setting, "raw");
    char address[64];
    snprintf(address, sizeof address, "tcp://localhost:%s", strrchr(server.address, ':') + 1);
    wm_client *client = host_client(host, address);
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 1); /* also where ::1 comes first, and refuses */
    raw_end(&server);
    host_end(host);
}

/* Both ends are this process's, so it needs a descriptor for each. */
static void a_thousand_clients_connect_at_once(void **state)
{
    enum { MANY = 1000 };
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(files.rlim_cur >= 2 * MANY + 400);
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    assert_int_equal(listen(server.fd, MANY), 0);
    static int fds[MANY];
    int accepted = 0;
    for (int i = 0; i < MANY; i++)
        assert_int_equal(wm_client_connect(host_client(host, server.address)), 0);
    while (accepted < MANY || count_of(host, WM_EVENT_OPEN) < MANY) {
        int fd = accept(server.fd, NULL, NULL);
        if (fd >= 0)
            fds[accepted++] = fd;
        else
            assert_int_equal(turn(host, 5), 0);
    }
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    until(host, count_of(host, WM_EVENT_CLOSE) == MANY);
    raw_end(&server);
    host_end(host);
}

/* ---- room for clients */

static void clients_and_reservations_have_to_fit_together(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    assert_int_equal(wm_app_set_int(host->app, "max_connections", 4), 0);
    wm_worker *worker = host_worker(host, "text");
    assert_int_equal(wm_worker_set_int(worker, "reserve_connections", 3), 0);
    wm_client *first = host_client(host, server.address), *second = host_client(host, server.address);
    assert_int_equal(turn(host, 0), WM_EINVAL);
    assert_string_equal(wm_last_error(),
                        "the workers reserve 3 connections (reserve_connections), and there are 2 clients: the limit is 4");
    wm_client_free(second);
    settle(host);
    assert_int_equal(turn(host, 0), 0);
    second = host_client(host, server.address);
    assert_int_equal(wm_client_connect(first), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_int_equal(wm_client_connect(second), 0); /* the room that is left is the worker's */
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    const struct seen *error = nth(host, WM_EVENT_ERROR, 0);
    assert_int_equal(error->code, WM_EMFILE);
    assert_non_null(strstr(error->data, "max_connections of the app, less reserve_connections of workers is 1"));
    raw_end(&server);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(connects_and_exchanges_bytes),
        SCENARIO_OVER_SOCKETS(sends_before_open_are_held),
        SCENARIO_OVER_SOCKETS(a_send_over_the_limit_before_open_is_refused),
        SCENARIO_OVER_SOCKETS(a_refused_connection_is_an_error_and_a_close),
        SCENARIO_OVER_SOCKETS(a_peer_that_accepts_nothing_times_out),
        SCENARIO_OVER_SOCKETS(a_full_backlog_is_waited_for),
        SCENARIO_OVER_SOCKETS(a_reset_is_a_close_with_its_errno_and_the_peer_is_known),
        SCENARIO_OVER_SOCKETS(a_closed_connection_still_answers),
        SCENARIO_OVER_SOCKETS(addresses_have_their_errors),
        SCENARIO_OVER_SOCKETS(a_source_address_is_bound),
        SCENARIO_OVER_SOCKETS(a_name_is_looked_up),
        SCENARIO_OVER_SOCKETS(a_thousand_clients_connect_at_once),
        SCENARIO_OVER_SOCKETS(clients_and_reservations_have_to_fit_together),
    };
    return RUN_SCENARIOS("client", scenarios);
}
