/**
 * @file
 * Pipes between a connection that was accepted and that of a client: what a proxy does. The server behind it is a raw socket.
 */
#include "support/client.h"
#include "support/raw_server.h"

/** A connection of the worker, joined both ways to that of a client. */
struct proxied {
    struct raw_server server;
    struct client peer;
    wm_conn from, to;
    wm_client *client;
    int fd; /**< of the server; -1: not accepted yet */
};

static struct proxied proxied_begin(struct host *host)
{
    struct proxied proxied = {.server = raw_server(host->setting, "raw"), .fd = -1};
    proxied.peer = client_open(host, &proxied.from);
    proxied.client = host_client(host, proxied.server.address);
    assert_int_equal(wm_client_connect(proxied.client), 0);
    proxied.to = wm_client_conn(proxied.client);
    assert_int_equal(wm_conn_pipe(proxied.from, proxied.to), 0);
    assert_int_equal(wm_conn_pipe(proxied.to, proxied.from), 0);
    return proxied;
}

static void proxied_end(struct host *host, struct proxied *proxied)
{
    if (proxied->fd >= 0)
        close(proxied->fd);
    client_end(&proxied->peer);
    raw_end(&proxied->server);
    host_end(host);
}

static void bytes__wait_for_the_client_to_connect_and_go_both_ways(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = proxied_begin(host);
    client_say(host, &proxied.peer, "early");
    proxied.fd = raw_accept(host, &proxied.server);
    raw_hear(host, proxied.fd, "early");
    raw_say(proxied.fd, "answer");
    client_hear(host, &proxied.peer, "answer");
    client_say(host, &proxied.peer, "more");
    raw_hear(host, proxied.fd, "more");
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 0);
    assert_int_equal(wm_conn_bytes_read(proxied.to), 6);
    assert_int_equal(wm_conn_bytes_written(proxied.to), 9);
    proxied_end(host, &proxied);
}

static void bytes__of_a_server_wait_for_a_slow_peer(void **state)
{
    enum { TOTAL = 12 << 20, HELD = (256 + 512) << 10 };
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = proxied_begin(host);
    proxied.fd = raw_accept(host, &proxied.server);
    char *data = (char *)malloc(TOTAL);
    fill_pattern(data, TOTAL, 11);
    size_t sent = 0, got = 0;
    uint64_t sum = 0;
    int64_t most = 0;
    int64_t guard = clock_ms() + GUARD_MS;
    while (got < TOTAL && clock_ms() < guard) {
        ssize_t taken = sent < TOTAL ? send(proxied.fd, data + sent, TOTAL - sent, MSG_NOSIGNAL) : 0;
        sent += taken > 0 ? (size_t)taken : 0;
        turn(host, 0);
        int64_t queued = wm_conn_send_queue_size(proxied.from);
        most = queued > most ? queued : most;
        client_pump_some(&proxied.peer, 200000);
        sum = checksum(sum, proxied.peer.in, proxied.peer.len);
        got += proxied.peer.len;
        proxied.peer.len = 0;
    }
    assert_int_equal(got, TOTAL);
    assert_true(sum == checksum(0, data, TOTAL));
    assert_in_range(most, 1, HELD);
    free(data);
    proxied_end(host, &proxied);
}

static void end__of_the_peer_reaches_the_server_which_still_answers(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = proxied_begin(host);
    proxied.fd = raw_accept(host, &proxied.server);
    client_say(host, &proxied.peer, "request");
    client_shut(&proxied.peer);
    raw_hear(host, proxied.fd, "request");
    raw_hear_end(host, proxied.fd);
    raw_say(proxied.fd, "answer");
    client_hear(host, &proxied.peer, "answer");
    close(proxied.fd);
    proxied.fd = -1;
    client_hear_end(host, &proxied.peer);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 0);
    proxied_end(host, &proxied);
}

static void end__of_the_peer_before_the_client_has_connected_comes_behind_its_bytes(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = proxied_begin(host);
    client_say(host, &proxied.peer, "all at once");
    client_shut(&proxied.peer);
    proxied.fd = raw_accept(host, &proxied.server);
    raw_hear(host, proxied.fd, "all at once");
    raw_hear_end(host, proxied.fd);
    proxied_end(host, &proxied);
}

static void refusal__of_the_server_resets_the_peer(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = {.fd = -1};
    raw_bind(&proxied.server, host->setting, host->setting->transport == UNIX ? "unix" : "tcp", NULL);
    proxied.peer = client_open(host, &proxied.from);
    proxied.client = host_client(host, proxied.server.address);
    assert_int_equal(wm_client_connect(proxied.client), 0);
    proxied.to = wm_client_conn(proxied.client);
    assert_int_equal(wm_conn_pipe(proxied.from, proxied.to), 0);
    assert_int_equal(wm_conn_pipe(proxied.to, proxied.from), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_ECONNREFUSED);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->conn, proxied.to);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 1)->flags, WM_REASON_PIPE);
    until(host, client_ended(&proxied.peer));
    assert_int_equal(proxied.peer.len, 0);
    proxied_end(host, &proxied);
}

/** Nothing has come, so it is no whole stream. */
static void end__of_the_server_in_the_tls_handshake_resets_the_peer(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = {.server = raw_server(host->setting, "raw"), .fd = -1};
    proxied.peer = client_open(host, &proxied.from);
    proxied.client = host_client(host, proxied.server.address);
    assert_int_equal(wm_client_set_str(proxied.client, "transport", "ssl"), 0);
    assert_int_equal(wm_client_set_str(proxied.client, "tls_server_name", "a.example"), 0);
    assert_int_equal(wm_client_connect(proxied.client), 0);
    assert_int_equal(wm_conn_pipe(proxied.from, wm_client_conn(proxied.client)), 0);
    assert_int_equal(wm_conn_pipe(wm_client_conn(proxied.client), proxied.from), 0);
    proxied.fd = raw_accept(host, &proxied.server);
    char hello[4096];
    until(host, recv(proxied.fd, hello, sizeof hello, MSG_DONTWAIT) > 0);
    close(proxied.fd); /* nothing is unread: an end, not a reset */
    proxied.fd = -1;
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_ETLS);
    until(host, client_ended(&proxied.peer));
    assert_int_equal(proxied.peer.len, 0);
    assert_int_equal(proxied.peer.ended, host->setting->transport == UNIX ? 1 : ECONNRESET);
    proxied_end(host, &proxied);
}

static void loss__of_the_server_resets_the_peer_and_the_client_connects_again(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = proxied_begin(host);
    int lost = raw_accept(host, &proxied.server);
    client_say(host, &proxied.peer, "unread");
    raw_hear(host, lost, "unread");
    client_say(host, &proxied.peer, "unread"); /* on unix sockets what resets */
    settle(host);
    raw_reset(lost);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    until(host, client_ended(&proxied.peer));
    client_end(&proxied.peer);
    /* The client takes another peer. */
    proxied.peer = client_open(host, &proxied.from);
    assert_int_equal(wm_client_connect(proxied.client), 0);
    proxied.to = wm_client_conn(proxied.client);
    assert_int_equal(wm_conn_pipe(proxied.from, proxied.to), 0);
    proxied.fd = raw_accept(host, &proxied.server);
    client_say(host, &proxied.peer, "again");
    raw_hear(host, proxied.fd, "again");
    proxied_end(host, &proxied);
}

static void pipe_at_open(struct host *host, const wm_event *event)
{
    struct proxied *proxied = (struct proxied *)host->context;
    if (event->kind != WM_EVENT_OPEN || event->conn == proxied->to)
        return;
    proxied->from = event->conn;
    assert_int_equal(wm_client_connect(proxied->client), 0);
    proxied->to = wm_client_conn(proxied->client);
    assert_int_equal(wm_conn_pipe(proxied->from, proxied->to), 0);
    assert_int_equal(wm_conn_pipe(proxied->to, proxied->from), 0);
}

/* The kernel has connected both, and the loop has yet to see it: the server must not take the end for that of an empty stream. */
static void loss__of_the_peer_while_the_client_connects_resets_the_server(void **state)
{
    const struct setting *setting = (const struct setting *)*state;
    if (setting->transport != TCP || setting->cap > 0) /* no reset; the loss is there before the host can pipe */
        return;
    struct host *host = host_begin(setting, "raw");
    struct proxied proxied = {.server = raw_server(setting, "raw"), .fd = -1};
    proxied.client = host_client(host, proxied.server.address);
    host->context = &proxied;
    host->react = pipe_at_open;
    proxied.peer = client_begin(host);
    client_reset(&proxied.peer);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->conn, proxied.from);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 1)->flags, WM_REASON_PIPE);
    proxied.fd = raw_accept(host, &proxied.server);
    char byte;
    ssize_t got = -1;
    until(host, (got = recv(proxied.fd, &byte, 1, 0)) >= 0 || errno != EAGAIN);
    assert_int_equal(got, -1);
    assert_int_equal(errno, ECONNRESET);
    proxied_end(host, &proxied);
}

static void leave__of_the_peer_while_the_client_connects_leaves_nothing(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = proxied_begin(host);
    assert_int_equal(wm_conn_destroy(proxied.from), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) >= 1);
    proxied.fd = raw_accept(host, &proxied.server);
    raw_hear_end(host, proxied.fd);
    close(proxied.fd);
    proxied.fd = -1;
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    proxied_end(host, &proxied);
}

static void free_in_close(struct host *host, const wm_event *event)
{
    struct proxied *proxied = (struct proxied *)host->context;
    if (event->kind == WM_EVENT_CLOSE && event->conn == proxied->to) { /* that of the peer may come when the client is gone */
        wm_client_free(proxied->client);
        proxied->client = NULL;
    }
}

/** Outside of the callbacks, and in that of its close. */
static void a_client_may_be_freed_while_it_is_piped(void **state)
{
    for (int in_close = 0; in_close <= 1; in_close++) {
        struct host *host = host_begin(*state, "raw");
        struct proxied proxied = proxied_begin(host);
        proxied.fd = raw_accept(host, &proxied.server);
        client_say(host, &proxied.peer, "bytes");
        raw_hear(host, proxied.fd, "bytes");
        host->context = &proxied;
        if (in_close) {
            host->react = free_in_close;
            assert_int_equal(wm_conn_close(proxied.from, 0, NULL, 0), 0);
        } else {
            wm_client_free(proxied.client);
        }
        client_hear_end(host, &proxied.peer);
        raw_hear_end(host, proxied.fd);
        close(proxied.fd);
        client_end(&proxied.peer);
        until(host, count_of(host, WM_EVENT_CLOSE) == 2);
        assert_true(!in_close || !proxied.client);
        raw_end(&proxied.server);
        host_end(host);
    }
}

static void stop__ends_both_sides(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct proxied proxied = proxied_begin(host);
    proxied.fd = raw_accept(host, &proxied.server);
    client_say(host, &proxied.peer, "last");
    raw_hear(host, proxied.fd, "last");
    assert_int_equal(wm_app_stop(host->app), 0);
    char one;
    int64_t guard = clock_ms() + GUARD_MS;
    while (turn(host, 5) != WM_ESTOPPED)
        assert_true(clock_ms() < guard);
    client_hear_end(host, &proxied.peer);
    assert_int_equal(recv(proxied.fd, &one, 1, 0), 0);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 2);
    proxied_end(host, &proxied);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(bytes__wait_for_the_client_to_connect_and_go_both_ways),
        SCENARIO_NOT_OVER(bytes__of_a_server_wait_for_a_slow_peer, OVER_PAIRS),
        SCENARIO(end__of_the_peer_reaches_the_server_which_still_answers),
        SCENARIO(end__of_the_peer_before_the_client_has_connected_comes_behind_its_bytes),
        SCENARIO(refusal__of_the_server_resets_the_peer),
        SCENARIO_OVER_SOCKETS(end__of_the_server_in_the_tls_handshake_resets_the_peer),
        SCENARIO(loss__of_the_server_resets_the_peer_and_the_client_connects_again),
        SCENARIO(loss__of_the_peer_while_the_client_connects_resets_the_server),
        SCENARIO(leave__of_the_peer_while_the_client_connects_leaves_nothing),
        SCENARIO(a_client_may_be_freed_while_it_is_piped),
        SCENARIO(stop__ends_both_sides),
    };
    return RUN_SCENARIOS("pipe_client", scenarios);
}
