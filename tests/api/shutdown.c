/**
 * @file
 * Half a connection: wm_conn_shutdown ends our side, while the peer goes on to send.
 */
#include "support/ws_client.h"

static void shutdown__the_peer_reads_the_end_and_may_still_send(void **state)
{
    struct host *host = host_begin(*state, "raw");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "last", 4, 0), 0);
    assert_int_equal(wm_conn_shutdown(conn), 0);
    assert_int_equal(wm_conn_shutdown(conn), 0);
    assert_int_equal(wm_conn_send(conn, "more", 4, 0), WM_ECLOSED);
    assert_int_equal(wm_worker_broadcast(host->worker, "more", 4, 0), 0);
    until(host, client_ended(&client));
    client_hear(host, &client, "last");
    assert_int_equal(client.ended, 1);
    client_say(host, &client, "answer");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(trace(host, conn), "connect open message(answer)");
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open message(answer) close(peer)");
    assert_int_equal(wm_conn_shutdown(conn), WM_ECLOSED);
    host_end(host);
}

/** What a slow peer has not read yet comes before the end. */
static void shutdown__waits_for_what_is_queued(void **state)
{
    enum { LEN = 8 << 20 };
    struct host *host = host_begin(*state, "raw");
    assert_int_equal(wm_worker_set_int(host->worker, "max_send_buffer", 2 * LEN), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char *data = (char *)malloc(LEN);
    fill_pattern(data, LEN, 1);
    assert_int_equal(wm_conn_send(conn, data, LEN, 0), WM_BACKPRESSURE);
    assert_int_equal(wm_conn_shutdown(conn), 0);
    assert_int_equal(wm_conn_send(conn, "more", 4, 0), WM_ECLOSED);
    until(host, client_ended(&client));
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.len, LEN);
    assert_memory_equal(client.in, data, LEN);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    free(data);
    host_end(host);
}

/** A peer that has ended its side gets the answer, and the end of ours closes. */
static void shutdown__ends_what_is_half_open(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "half_open", 1), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "question\n");
    shutdown(client.fd, SHUT_WR);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    assert_int_equal(wm_conn_send(conn, "answer", 6, 0), 0);
    assert_int_equal(wm_conn_shutdown(conn), 0);
    client_hear(host, &client, "answer\n");
    client_hear_end(host, &client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open message(question) close(peer)");
    client_end(&client);
    host_end(host);
}

static void shut_down_in_connect(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_CONNECT)
        return;
    assert_int_equal(wm_conn_send(event->conn, "hello", 5, 0), 0);
    assert_int_equal(wm_conn_shutdown(event->conn), 0);
}

static void shutdown__of_a_connection_that_is_not_open_yet_follows_what_is_held(void **state)
{
    struct host *host = host_begin(*state, "raw");
    host->react = shut_down_in_connect;
    struct client client = client_begin(host);
    until(host, client_ended(&client));
    client_hear(host, &client, "hello");
    assert_int_equal(client.ended, 1);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open close(peer)");
    host_end(host);
}

static void shutdown__then_close_ends_the_connection_once(void **state)
{
    struct host *host = host_begin(*state, "raw");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_shutdown(conn), 0);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
    assert_int_equal(wm_conn_shutdown(conn), WM_ECLOSED);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open close(local)");
    host_end(host);
}

static void shutdown__is_refused_where_the_protocol_has_no_such_end(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_shutdown(conn), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "wm_conn_close"));
    assert_int_equal(wm_conn_send(conn, "on", 2, 0), 0);
    ws_hear(host, &client, WS_TEXT, "on");
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(shutdown__the_peer_reads_the_end_and_may_still_send, OVER_PAIRS),
        SCENARIO(shutdown__waits_for_what_is_queued),
        SCENARIO(shutdown__ends_what_is_half_open),
        SCENARIO(shutdown__of_a_connection_that_is_not_open_yet_follows_what_is_held),
        SCENARIO(shutdown__then_close_ends_the_connection_once),
        SCENARIO(shutdown__is_refused_where_the_protocol_has_no_such_end),
    };
    return RUN_SCENARIOS("shutdown", scenarios);
}
