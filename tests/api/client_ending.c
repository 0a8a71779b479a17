/* Clients: closing, coming back, and freeing, inside callbacks too. */
#include "support/client.h"
#include "support/raw_server.h"

/* ---- closing and coming back */

static void close_while_connecting_leaves_nothing(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_equal(wm_conn_send(conn, "data", 4, 0), 0);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
    settle(host);
    assert_string_equal(trace(host, conn), "close(local)");
    assert_int_equal(wm_client_conn(client), 0);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), WM_ECLOSED);
    raw_end(&server);
    host_end(host);
}

/* The host takes back what has failed already, and has not been told: no attempt follows. */
static void a_failure_that_is_due_begins_nothing_after_a_close(void **state)
{
    enum { CLOSE, FREE, DESTROY, WAYS };
    const struct setting *setting = *state;
    if (setting->transport == UNIX)
        return;
    for (int way = 0; way < WAYS; way++) {
        struct host *host = host_begin(setting, NULL);
        settle(host); /* it runs: the attempts begin in the calls */
        wm_client *client = host_client(host, "tcp://127.0.0.1:1");
        assert_int_equal(wm_client_set_str(client, "source_address", "::1"), 0);
        assert_int_equal(wm_client_connect(client), 0);
        if (way == CLOSE)
            wm_client_close(client);
        else if (way == FREE)
            wm_client_free(client);
        else
            wm_conn_destroy(wm_client_conn(client));
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        settle(host);
        settle(host);
        assert_string_equal(trace(host, 0), "close(local)");
        host_end(host);
    }
}

static void close_after_a_reconnect_connects_no_more(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_reconnect(client, 20), 0);
    assert_int_equal(wm_client_conn(client), 0);
    assert_int_equal(wm_client_close(client), 0);
    assert_int_equal(wm_client_reconnect(client, 20), 0);
    assert_int_equal(wm_client_cancel_reconnect(client), 0);
    assert_int_equal(wm_client_reconnect(client, 0), 0); /* connects, and is closed at once */
    assert_int_not_equal(wm_client_conn(client), 0);
    assert_int_equal(wm_client_close(client), 0);
    int64_t end = clock_ms() + 100;
    until(host, clock_ms() > end);
    assert_string_equal(trace(host, 0), "close(local)");
    assert_int_equal(wm_client_reconnect(client, 1), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    raw_end(&server);
    host_end(host);
}

static void reconnect_at_close(struct host *host, const wm_event *event)
{
    wm_client **clients = (wm_client **)host->context;
    if (event->kind != WM_EVENT_CLOSE)
        return;
    wm_client *client = wm_conn_client(event->conn);
    assert_true(client == clients[0] || client == clients[1]);
    assert_int_equal(wm_client_reconnect(client, 0), 0);
    assert_int_not_equal(wm_client_conn(client), event->conn);
}

static void two_clients_that_reconnect_keep_a_connection_each(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    wm_client *clients[] = {host_client(host, server.address), host_client(host, server.address)};
    host->context = clients;
    host->react = reconnect_at_close;
    int fds[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wm_client_connect(clients[i]), 0);
        fds[i] = raw_accept(host, &server);
    }
    for (int round = 1; round <= 5; round++) {
        until(host, count_of(host, WM_EVENT_OPEN) == (size_t)round * 2);
        close(fds[0]);
        close(fds[1]);
        fds[0] = raw_accept(host, &server);
        fds[1] = raw_accept(host, &server);
    }
    settle(host);
    assert_int_equal(accept(server.fd, NULL, NULL), -1);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 10);
    assert_int_equal(count_of(host, WM_EVENT_OPEN), 12);
    close(fds[0]);
    close(fds[1]);
    raw_end(&server);
    host_end(host);
}

static void a_client_comes_back_by_itself(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server;
    raw_bind(&server, host->setting, host->setting->transport == UNIX ? "unix" : "tcp", NULL);
    wm_client *client = host_client(host, server.address);
    wm_client_set_int(client, "reconnect_min_ms", 5);
    wm_client_set_int(client, "reconnect_max_ms", 20);
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_ERROR) >= 3); /* the server is absent */
    raw_listen(&server, 8);
    int fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    close(fd); /* it is killed, and back */
    fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 2);
    assert_int_equal(wm_client_close(client), 0);
    raw_hear_end(host, fd);
    close(fd);
    until(host, count_of(host, WM_EVENT_CLOSE) == count_of(host, WM_EVENT_ERROR) + 2);
    size_t count = host->count;
    int64_t end = clock_ms() + 60;
    until(host, clock_ms() > end);
    assert_int_equal(host->count, count); /* the host has closed it: it stays so */
    raw_end(&server);
    host_end(host);
}

static void a_second_connect_is_refused(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_equal(wm_client_connect(client), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "connects already")); /* read, so the start does not fail with it */
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_int_equal(wm_client_connect(client), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "is connected already"));
    assert_int_equal(wm_client_conn(client), conn);
    int fd = raw_accept(host, &server);
    /* A reconnect replaces it; a connect waits for the end of one that closes. */
    assert_int_equal(wm_client_reconnect(client, 0), 0);
    raw_hear_end(host, fd);
    close(fd);
    fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 2);
    assert_int_equal(wm_conn_close(wm_client_conn(client), 0, NULL, 0), 0);
    assert_int_equal(wm_client_connect(client), 0);
    raw_hear_end(host, fd);
    close(fd);
    fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 3);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 2);
    close(fd);
    raw_end(&server);
    host_end(host);
}

/* ---- any call in any callback */

struct freer {
    uint32_t at;
    wm_client *client;
    int freed;
};

static void free_at(struct host *host, const wm_event *event)
{
    struct freer *freer = (struct freer *)host->context;
    if (event->kind != freer->at || freer->freed)
        return;
    freer->freed = 1;
    wm_client_free(freer->client);
    wm_client_free(freer->client);
    assert_int_equal(wm_client_connect(freer->client), WM_ESTATE);
}

static void a_client_is_freed_in_each_of_its_callbacks(void **state)
{
    const uint32_t kinds[] = {WM_EVENT_CONNECT, WM_EVENT_OPEN, WM_EVENT_MESSAGE, WM_EVENT_ERROR, WM_EVENT_CLOSE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct host *host = host_begin(*state, NULL);
        struct freer freer = {.at = kinds[i]};
        struct raw_server server;
        raw_bind(&server, host->setting, host->setting->transport == UNIX ? "unix" : "tcp", NULL);
        if (kinds[i] != WM_EVENT_ERROR)
            raw_listen(&server, 8);
        int destroyed = 0;
        freer.client = host_client(host, server.address);
        wm_client_set_user(freer.client, &destroyed, count_destroy);
        wm_client_set_int(freer.client, "reconnect_min_ms", 1);
        host->context = &freer;
        host->react = free_at;
        assert_int_equal(wm_client_connect(freer.client), 0);
        int fd = -1;
        if (kinds[i] != WM_EVENT_ERROR) {
            fd = raw_accept(host, &server);
            send(fd, "message", 7, MSG_NOSIGNAL);
            if (kinds[i] == WM_EVENT_CLOSE)
                close(fd);
        }
        until(host, freer.freed && count_of(host, WM_EVENT_CLOSE) == 1);
        settle(host);
        assert_int_equal(destroyed, 1);
        assert_int_equal(count_of(host, WM_EVENT_CLOSE), 1);
        if (fd >= 0 && kinds[i] != WM_EVENT_CLOSE)
            close(fd);
        raw_end(&server);
        host_end(host);
    }
}

static void an_app_is_freed_with_clients_in_every_state(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "raw");
    wm_client *open = host_client(host, server.address);
    assert_int_equal(wm_client_connect(open), 0);
    int fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_int_equal(wm_client_connect(host_client(host, server.address)), 0);
    assert_int_equal(wm_client_connect(host_client(host, "text://no-such-host.invalid:1")), 0);
    assert_int_equal(wm_client_reconnect(host_client(host, server.address), 1000), 0);
    host_client(host, server.address);
    close(fd);
    raw_end(&server);
    host_end(host);
}

static void connects_before_the_app_starts(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "text");
    wm_client *client = host_client(host, server.address);
    wm_client_set_int(client, "connect_timeout_ms", 1);
    assert_int_equal(wm_client_connect(client), 0);
    wm_client_set_int(client, "connect_timeout_ms", 10000);
    assert_int_equal(wm_conn_send(wm_client_conn(client), "hello", 5, 0), 0);
    assert_int_equal(accept(server.fd, NULL, NULL), -1);
    int fd = raw_accept(host, &server);
    raw_hear(host, fd, "hello\n");
    close(fd);
    raw_end(&server);
    host_end(host);
}

static void a_start_that_fails_closes_what_has_begun_to_connect(void **state)
{
    const struct setting *setting = *state;
    struct raw_server server = raw_server(setting, "raw");
    struct host *host = host_begin(setting, NULL);
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    wm_worker *worker = wm_worker_new(host->app, "unix:///nonexistent/socket");
    assert_non_null(worker);
    assert_true(turn(host, 0) < 0);
    wm_worker_free(worker);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1); /* when pulled: in the first poll */
    assert_string_equal(trace(host, conn), "close(stop)");
    raw_end(&server);
    host_end(host);
}

static void a_stop_closes_clients_and_none_comes_back(void **state)
{
    struct host *host = host_begin(*state, NULL);
    struct raw_server server = raw_server(host->setting, "text");
    wm_client *client = host_client(host, server.address);
    wm_client_set_int(client, "reconnect_min_ms", 1);
    wm_client *waiting = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    int fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_int_equal(wm_client_reconnect(waiting, 60000), 0);
    assert_int_equal(wm_conn_send(wm_client_conn(client), "last", 4, 0), 0);
    assert_int_equal(wm_app_stop(host->app), 0);
    int64_t guard = clock_ms() + GUARD_MS;
    char got[16];
    while (turn(host, 5) != WM_ESTOPPED)
        assert_true(clock_ms() < guard);
    assert_string_equal(trace(host, 0), "connect open closing close(stop)");
    assert_int_equal(recv(fd, got, sizeof got, 0), 5);
    assert_int_equal(recv(fd, got, sizeof got, 0), 0);
    assert_int_equal(wm_client_connect(client), WM_ESTOPPED);
    close(fd);
    raw_end(&server);
    host_end(host);
}

/* ---- an attempt in the place of one that is closed for it */

struct impatient {
    wm_client *client;
    int in_turn; /**< close events */
};

static void reconnect_twice(struct host *host, const wm_event *event)
{
    struct impatient *impatient = (struct impatient *)host->context;
    if (event->kind != WM_EVENT_CLOSE || ++impatient->in_turn > 5000)
        return;
    assert_int_equal(wm_client_reconnect(impatient->client, 0), 0);
    assert_int_equal(wm_client_reconnect(impatient->client, 0), 0);
}

/* The second call closes what the first has begun, which is a close event again. */
static void reconnects_in_each_close_event_leave_the_loop_its_turns(void **state)
{
    struct host *host = host_begin((const struct setting *)*state, NULL);
    struct raw_server server;
    raw_bind(&server, host->setting, host->setting->transport == UNIX ? "unix" : "tcp", NULL);
    struct impatient impatient = {.client = host_client(host, server.address)};
    host->context = &impatient;
    host->react = reconnect_twice;
    assert_int_equal(wm_client_connect(impatient.client), 0);
    for (int turns = 0; turns < 20; turns++) {
        impatient.in_turn = 0;
        turn(host, 1);
        assert_in_range(impatient.in_turn, 0, 5000);
    }
    host->react = NULL;
    assert_int_equal(wm_client_close(impatient.client), 0);
    raw_listen(&server, 8);
    assert_int_equal(wm_client_reconnect(impatient.client, 0), 0);
    int fd = raw_accept(host, &server);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    close(fd);
    raw_end(&server);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(close_while_connecting_leaves_nothing),
        SCENARIO_OVER_SOCKETS(a_failure_that_is_due_begins_nothing_after_a_close),
        SCENARIO_OVER_SOCKETS(close_after_a_reconnect_connects_no_more),
        SCENARIO_OVER_SOCKETS(two_clients_that_reconnect_keep_a_connection_each),
        SCENARIO_OVER_SOCKETS(a_client_comes_back_by_itself),
        SCENARIO_OVER_SOCKETS(a_second_connect_is_refused),
        SCENARIO_OVER_SOCKETS(a_client_is_freed_in_each_of_its_callbacks),
        SCENARIO_OVER_SOCKETS(an_app_is_freed_with_clients_in_every_state),
        SCENARIO_OVER_SOCKETS(connects_before_the_app_starts),
        SCENARIO_OVER_SOCKETS(a_start_that_fails_closes_what_has_begun_to_connect),
        SCENARIO_OVER_SOCKETS(a_stop_closes_clients_and_none_comes_back),
        SCENARIO_OVER_SOCKETS(reconnects_in_each_close_event_leave_the_loop_its_turns),
    };
    return RUN_SCENARIOS("client ending", scenarios);
}
