/**
 * @file
 * A client that comes back by itself, and that its host closes in one of the last callbacks of a connection: it stays away.
 */
#include "support/client.h"
#include "support/raw_server.h"

static int by_client(wm_client *client, wm_conn conn)
{
    (void)conn;
    return wm_client_close(client);
}

static int by_cancel(wm_client *client, wm_conn conn)
{
    (void)conn;
    return wm_client_cancel_reconnect(client);
}

static int by_close(wm_client *client, wm_conn conn)
{
    (void)client;
    return wm_conn_close(conn, 0, NULL, 0);
}

static int by_destroy(wm_client *client, wm_conn conn)
{
    (void)client;
    return wm_conn_destroy(conn);
}

struct leaver {
    uint32_t at; /**< the kind of the event */
    int (*leave)(wm_client *client, wm_conn conn);
    wm_client *client;
    int left;
};

static void leave_at(struct host *host, const wm_event *event)
{
    struct leaver *leaver = (struct leaver *)host->context;
    if (event->kind != leaver->at || leaver->left)
        return;
    leaver->left = 1;
    assert_int_equal(leaver->leave(leaver->client, event->conn), 0);
}

/** Runs one attempt, and looks whether another follows. */
static void attempt(struct host *host, struct leaver *leaver, struct raw_server *server, int listens)
{
    wm_client_set_int(leaver->client, "reconnect_min_ms", 1);
    wm_client_set_int(leaver->client, "reconnect_max_ms", 1);
    host->context = leaver;
    host->react = leave_at;
    assert_int_equal(wm_client_connect(leaver->client), 0);
    if (listens)
        close(raw_accept(host, server));
    until(host, leaver->left && count_of(host, WM_EVENT_CLOSE) == 1);
    int64_t end = clock_ms() + 30;
    until(host, clock_ms() > end);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 1);
    assert_int_equal(wm_client_conn(leaver->client), 0);
    /* It was asked to: once more it comes back. */
    assert_int_equal(wm_client_connect(leaver->client), 0);
    if (listens)
        close(raw_accept(host, server));
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    if (listens)
        close(raw_accept(host, server));
    until(host, count_of(host, WM_EVENT_CLOSE) >= 3);
}

static void leaves(const struct setting *setting, uint32_t at, int (*leave)(wm_client *, wm_conn))
{
    int listens = at == WM_EVENT_CLOSE;
    struct host *host = host_begin(setting, NULL);
    struct raw_server server;
    raw_bind(&server, setting, setting->transport == UNIX ? "unix" : "tcp", NULL);
    if (listens)
        raw_listen(&server, 8);
    struct leaver leaver = {.at = at, .leave = leave, .client = host_client(host, server.address)};
    attempt(host, &leaver, &server, listens);
    raw_end(&server);
    host_end(host);
}

static void error__of_an_attempt(void **state)
{
    const struct setting *setting = (const struct setting *)*state;
    leaves(setting, WM_EVENT_ERROR, by_client);
    if (setting->cap > 0) /* the records of the error and of the close come together: the connection is over */
        return;
    leaves(setting, WM_EVENT_ERROR, by_close);
    leaves(setting, WM_EVENT_ERROR, by_destroy);
}

static void close__by_the_server(void **state)
{
    const struct setting *setting = (const struct setting *)*state;
    leaves(setting, WM_EVENT_CLOSE, by_client);
    leaves(setting, WM_EVENT_CLOSE, by_cancel);
    if (setting->cap > 0)
        return;
    leaves(setting, WM_EVENT_CLOSE, by_close);
    leaves(setting, WM_EVENT_CLOSE, by_destroy);
}

int main(void)
{
    static const struct scenario SCENARIOS[] = {
        SCENARIO_OVER_SOCKETS(error__of_an_attempt),
        SCENARIO_OVER_SOCKETS(close__by_the_server),
    };
    return RUN_SCENARIOS("client_stays_away", SCENARIOS);
}
