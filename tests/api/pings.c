/**
 * @file
 * Pings and pongs of websockets: what the host is told of them, what it answers and sends itself, of workers, clients and single
 * connections.
 */
#include "support/ws_client.h"

#include "support/raw_server.h"

static void seen_ping(wm_worker *worker, wm_conn conn, const void *data, size_t len, void *user)
{
    assert_non_null(data);
    wm_event event = {.kind = WM_EVENT_PING, .worker = worker, .conn = conn, .data = data, .len = len};
    deliver((struct host *)user, &event);
}

static void seen_pong(wm_worker *worker, wm_conn conn, const void *data, size_t len, void *user)
{
    assert_non_null(data);
    wm_event event = {.kind = WM_EVENT_PONG, .worker = worker, .conn = conn, .data = data, .len = len};
    deliver((struct host *)user, &event);
}

static struct host *begin(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    if (host->setting->cap == 0) {
        assert_int_equal(wm_worker_on_ping(host->worker, seen_ping, host, NULL), 0);
        assert_int_equal(wm_worker_on_pong(host->worker, seen_pong, host, NULL), 0);
    } else {
        assert_int_equal(wm_worker_set_int(host->worker, "ping_events", 1), 0);
    }
    return host;
}

/** The payloads of all events of a kind, each with a blank behind it. */
static const char *payloads(const struct host *host, uint32_t kind)
{
    static char text[512];
    text[0] = '\0';
    for (size_t i = 0; i < host->count; i++)
        if (host->events[i].kind == kind) {
            assert_int_equal(strlen(host->events[i].data), host->events[i].len);
            strcat(strcat(text, host->events[i].data), " ");
        }
    return text;
}

static void ping__is_answered_and_the_host_hears_it(void **state)
{
    struct host *host = begin(state);
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    ws_send(host, &client, 0x89, "one", 3);
    ws_send(host, &client, 0x89, "", 0);
    ws_send(host, &client, 0x8A, "unasked", 7);
    ws_hear(host, &client, WS_PONG, "one");
    ws_hear(host, &client, WS_PONG, "");
    until(host, count_of(host, WM_EVENT_PONG) == 1);
    assert_string_equal(payloads(host, WM_EVENT_PING), "one  ");
    assert_string_equal(payloads(host, WM_EVENT_PONG), "unasked ");
    assert_int_equal(nth(host, WM_EVENT_PING, 0)->conn, conn);
    assert_ptr_equal(nth(host, WM_EVENT_PONG, 0)->worker, host->worker);
    client_end(&client);
    host_end(host);
}

/** Fragments are joined over the bytes of a ping between them: its payload is as it was also after the poll. */
static void ping__between_fragments_keeps_its_payload(void **state)
{
    struct host *host = begin(state);
    struct client client = ws_open(host, NULL);
    char all[256];
    size_t len = ws_frame(all, 0x01, "first ", 6);
    len += ws_frame(all + len, 0x89, "between", 7);
    len += ws_frame(all + len, 0x00, "second ", 7);
    len += ws_frame(all + len, 0x8A, "again", 5);
    len += ws_frame(all + len, 0x80, "third", 5);
    client_send(host, &client, all, len);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(payloads(host, WM_EVENT_PING), "between ");
    assert_string_equal(payloads(host, WM_EVENT_PONG), "again ");
    assert_string_equal(payloads(host, WM_EVENT_MESSAGE), "first second third ");
    assert_true(nth(host, WM_EVENT_PING, 0) < nth(host, WM_EVENT_MESSAGE, 0));
    ws_hear(host, &client, WS_PONG, "between");
    client_end(&client);
    host_end(host);
}

static void ping__without_events_reaches_no_poll(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct client client = ws_open(host, NULL);
    ws_send(host, &client, 0x89, "one", 3);
    ws_hear(host, &client, WS_PONG, "one");
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_PING), 0);
    client_end(&client);
    host_end(host);
}

static void answer_in_capitals(struct host *host, const wm_event *event)
{
    (void)host;
    char text[8];
    if (event->kind != WM_EVENT_PING)
        return;
    assert_true(event->len < sizeof text);
    for (size_t i = 0; i < event->len; i++)
        text[i] = (char)(((const char *)event->data)[i] - 'a' + 'A');
    assert_int_equal(wm_conn_pong(event->conn, text, event->len), 0);
}

static void auto_pong__0_leaves_the_answer_to_the_host(void **state)
{
    struct host *host = begin(state);
    host->react = answer_in_capitals;
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_set_int(conn, "auto_pong", 0), 0);
    ws_send(host, &client, 0x89, "one", 3);
    ws_hear(host, &client, WS_PONG, "ONE");
    assert_int_equal(wm_conn_set_int(conn, "auto_pong", 1), 0);
    host->react = NULL;
    ws_send(host, &client, 0x89, "two", 3);
    ws_hear(host, &client, WS_PONG, "two");
    client_end(&client);
    host_end(host);
}

static void conn_ping__reaches_the_peer_and_its_pong_the_host(void **state)
{
    char longest[126];
    memset(longest, 'x', sizeof longest);
    longest[125] = '\0';
    struct host *host = begin(state);
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_ping(conn, "are you there", 13), 0);
    ws_hear(host, &client, WS_PING, "are you there");
    assert_int_equal(wm_conn_ping(conn, NULL, 0), 0);
    ws_hear(host, &client, WS_PING, "");
    assert_int_equal(wm_conn_ping(conn, longest, 125), 0);
    ws_hear(host, &client, WS_PING, longest);
    ws_send(host, &client, 0x8A, longest, 125);
    until(host, count_of(host, WM_EVENT_PONG) == 1);
    assert_string_equal(nth(host, WM_EVENT_PONG, 0)->data, longest);
    client_end(&client);
    host_end(host);
}

static void conn_ping__says_what_is_wrong(void **state)
{
    char payload[126] = {0};
    struct host *host = begin(state);
    wm_conn conn;
    struct client client = ws_open(host, &conn), early = client_begin(host);
    assert_int_equal(wm_conn_ping(conn, payload, 126), WM_EMSGSIZE);
    assert_non_null(strstr(wm_last_error(), "at most 125 bytes"));
    assert_int_equal(wm_conn_pong(conn, payload, 126), WM_EMSGSIZE);
    assert_int_equal(wm_conn_ping(conn, NULL, 1), WM_EINVAL);
    assert_int_equal(wm_conn_ping(0, payload, 1), WM_ECLOSED);
    until(host, count_of(host, WM_EVENT_CONNECT) == 2);
    wm_conn unopened = nth(host, WM_EVENT_CONNECT, 1)->conn;
    assert_int_equal(wm_conn_ping(unopened, payload, 1), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "not open yet"));
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
    assert_int_equal(wm_conn_ping(conn, payload, 1), WM_ECLOSED);
    assert_int_equal(wm_conn_pong(conn, payload, 1), WM_ECLOSED);
    client_end(&client);
    client_end(&early);
    host_end(host);
}

static void conn_ping__is_of_websockets_alone(void **state)
{
    for (int http = 0; http < 2; http++) {
        struct host *host = host_begin(*state, http ? "http" : "text");
        struct client client = client_begin(host);
        until(host, count_of(host, WM_EVENT_OPEN) == 1);
        wm_conn conn = nth(host, WM_EVENT_OPEN, 0)->conn;
        assert_int_equal(wm_conn_ping(conn, "x", 1), WM_ESTATE);
        assert_non_null(strstr(wm_last_error(), http ? "protocol http has no pings" : "protocol text has no pings"));
        assert_int_equal(wm_conn_pong(conn, "x", 1), WM_ESTATE);
        client_end(&client);
        host_end(host);
    }
}

/** A peer that does not read gets one pong, the latest, and pings are refused once its queue is full. */
static void a_full_queue_refuses_pings_and_holds_one_pong(void **state)
{
    struct host *host = begin(state);
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    size_t len = 24 << 20;
    char *message = calloc(1, len);
    assert_non_null(message);
    assert_int_equal(wm_conn_set_int(conn, "auto_pong", 0), 0);
    assert_true(wm_conn_send(conn, message, len, WM_SEND_BINARY | WM_SEND_UNCOMPRESSED) >= 0);
    settle(host);
    assert_int_equal(wm_conn_ping(conn, "lost", 4), WM_EFULL);
    char text[8];
    for (int i = 0; i < 1000; i++)
        assert_true(wm_conn_pong(conn, text, (size_t)snprintf(text, sizeof text, "%d", i)) >= 0);
    assert_true(wm_conn_send_queue_size(conn) < (int64_t)len + 1000);
    char *got;
    size_t got_len = 0;
    assert_int_equal(ws_receive(host, &client, &got, &got_len), WS_BINARY);
    assert_int_equal(got_len, len);
    free(got);
    ws_hear(host, &client, WS_PONG, "999");
    free(message);
    client_end(&client);
    host_end(host);
}

static void own_ping(wm_worker *worker, wm_conn conn, const void *data, size_t len, void *user)
{
    (void)worker, (void)conn;
    snprintf((char *)user, 16, "%.*s", (int)len, (const char *)data);
}

static void callbacks_of_a_connection_replace_the_workers(void **state)
{
    struct host *host = begin(state);
    char ping[16] = "", pong[16] = "";
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_on_ping(conn, own_ping, ping, NULL), 0);
    assert_int_equal(wm_conn_on_pong(conn, own_ping, pong, NULL), 0);
    ws_send(host, &client, 0x89, "mine", 4);
    ws_send(host, &client, 0x8A, "too", 3);
    until(host, *pong);
    assert_string_equal(ping, "mine");
    assert_string_equal(pong, "too");
    assert_int_equal(count_of(host, WM_EVENT_PING) + count_of(host, WM_EVENT_PONG), 0);
    assert_int_equal(wm_conn_on_ping(conn, NULL, NULL, NULL), 0);
    ws_send(host, &client, 0x89, "yours", 5);
    until(host, count_of(host, WM_EVENT_PING) == 1);
    client_end(&client);
    host_end(host);
}

static void destroy_at_ping(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_PING && host->verdict++ == 0)
        assert_int_equal(wm_conn_destroy(event->conn), 0);
}

static void a_callback_may_end_the_connection(void **state)
{
    struct host *host = begin(state);
    host->react = destroy_at_ping;
    struct client client = ws_open(host, NULL);
    char all[64];
    size_t len = ws_frame(all, 0x89, "one", 3);
    len += ws_frame(all + len, 0x81, "two", 3);
    client_send(host, &client, all, len);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    if (host->setting->cap == 0)
        assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 0);
    client_end(&client);
    host_end(host);
}

/** A client of the library at the worker's own address. */
static void a_client_hears_and_sends_them_too(void **state)
{
    struct host *host = begin(state);
    wm_client *client = host_ws_client(host);
    if (host->setting->cap == 0) {
        assert_int_equal(wm_client_on_ping(client, seen_ping, host, NULL), 0);
        assert_int_equal(wm_client_on_pong(client, seen_pong, host, NULL), 0);
    } else {
        assert_int_equal(wm_client_set_int(client, "ping_events", 1), 0);
    }
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 2);
    wm_conn mine = wm_client_conn(client), other = wm_worker_next_conn(host->worker, 0);
    assert_int_equal(wm_conn_ping(mine, "up", 2), 0);
    until(host, count_of(host, WM_EVENT_PONG) == 1);
    assert_int_equal(nth(host, WM_EVENT_PING, 0)->conn, other);
    assert_int_equal(nth(host, WM_EVENT_PONG, 0)->conn, mine);
    assert_string_equal(nth(host, WM_EVENT_PONG, 0)->data, "up");
    assert_int_equal(wm_conn_ping(other, "down", 4), 0);
    until(host, count_of(host, WM_EVENT_PONG) == 2);
    assert_int_equal(nth(host, WM_EVENT_PING, 1)->conn, mine);
    assert_null(nth(host, WM_EVENT_PING, 1)->worker);
    assert_string_equal(nth(host, WM_EVENT_PONG, 1)->data, "down");
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(ping__is_answered_and_the_host_hears_it),
        SCENARIO(ping__between_fragments_keeps_its_payload),
        SCENARIO(ping__without_events_reaches_no_poll),
        SCENARIO(auto_pong__0_leaves_the_answer_to_the_host),
        SCENARIO(conn_ping__reaches_the_peer_and_its_pong_the_host),
        SCENARIO(conn_ping__says_what_is_wrong),
        SCENARIO(conn_ping__is_of_websockets_alone),
        SCENARIO_OVER_SOCKETS(a_full_queue_refuses_pings_and_holds_one_pong),
        SCENARIO(callbacks_of_a_connection_replace_the_workers),
        SCENARIO(a_callback_may_end_the_connection),
        SCENARIO(a_client_hears_and_sends_them_too),
    };
    return RUN_SCENARIOS("pings", scenarios);
}
