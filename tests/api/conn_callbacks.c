/**
 * @file
 * Callbacks of one connection: in place of the worker's, or of the records of a poll; replaced, restored, and freed with it.
 */
#include "support/ws_client.h"

/** What the callbacks of a connection have seen, in order; its destroy notifier counts. */
struct own {
    char seen[512];
    int destroyed;
    wm_conn conn;
    struct own *next; /**< takes over at the first message */
};

static void note(struct own *own, const char *format, ...)
{
    size_t len = strlen(own->seen);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(own->seen + len, sizeof own->seen - len, format, arguments);
    va_end(arguments);
}

static void forget(void *user)
{
    ((struct own *)user)->destroyed++;
}

static void own_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    struct own *own = user;
    assert_ptr_equal(worker, wm_conn_worker(conn));
    assert_int_equal(kind, WM_KIND_TEXT);
    note(own, "message(%.*s) ", (int)len, (const char *)data);
    if (own->next) {
        assert_int_equal(wm_conn_on_message(conn, own_message, own->next, forget), 0);
        assert_int_equal(own->destroyed, 0); /* at the end of the turn: this callback still runs */
    }
}

static void own_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)text, (void)len;
    note(user, "error(%s) ", wm_error_name(code));
}

static void own_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    struct own *own = user;
    (void)worker, (void)code, (void)text, (void)len;
    note(own, "close(%s) ", reason_name(reason));
    assert_int_equal(own->destroyed, 0);
    assert_int_equal(wm_conn_on_close(conn, NULL, NULL, NULL), 0); /* legal, and nothing follows */
}

static void own_full(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn;
    note(user, "full ");
}

static void own_drain(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn;
    note(user, "drain ");
}

static void own_closing(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    note(user, "closing ");
    wm_conn_send(conn, "farewell", 8, 0);
}

static void own_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn;
    note(user, "open ");
}

static void set_all(wm_conn conn, struct own *own)
{
    assert_int_equal(wm_conn_on_message(conn, own_message, own, forget), 0);
    assert_int_equal(wm_conn_on_error(conn, own_error, own, forget), 0);
    assert_int_equal(wm_conn_on_close(conn, own_close, own, forget), 0);
    assert_int_equal(wm_conn_on_buffer_full(conn, own_full, own, forget), 0);
    assert_int_equal(wm_conn_on_buffer_drain(conn, own_drain, own, forget), 0);
    assert_int_equal(wm_conn_on_closing(conn, own_closing, own, forget), 0);
}

static void message__of_one_connection_goes_to_its_own_callback(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct own own = {0};
    wm_conn one, other;
    struct client client = client_open(host, &one), neighbour = client_open(host, &other);
    assert_int_equal(wm_conn_on_message(one, own_message, &own, forget), 0);
    client_say(host, &client, "a\nb\n");
    client_say(host, &neighbour, "c\n");
    until(host, strlen(own.seen) == strlen("message(a) message(b) ") && count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(own.seen, "message(a) message(b) ");
    assert_string_equal(trace(host, one), "connect open");
    assert_string_equal(trace(host, other), "connect open message(c)");
    assert_int_equal(own.destroyed, 0);

    assert_int_equal(wm_conn_on_message(one, NULL, NULL, NULL), 0); /* the worker's again, or a record */
    client_say(host, &client, "d\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_string_equal(trace(host, one), "connect open message(d)");
    assert_int_equal(own.destroyed, 1);
    client_end(&client);
    client_end(&neighbour);
    host_end(host);
    assert_int_equal(own.destroyed, 1);
}

static void poll__of_few_records_has_room_for_all_that_goes_to_callbacks(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct own own = {0};
    wm_conn conn;
    struct client client = client_open(host, &conn);
    set_all(conn, &own);
    client_say(host, &client, "1\n2\n3\n4\n5\n");
    until(host, own.seen[0]);
    assert_string_equal(own.seen, "message(1) message(2) message(3) message(4) message(5) ");
    client_end(&client);
    until(host, own.destroyed == 6);
    assert_string_equal(trace(host, conn), "connect open");
    host_end(host);
}

static void own__full_drain_error_and_close_come_to_it_alone(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct own own = {0};
    wm_conn conn;
    struct client client = client_open(host, &conn);
    set_all(conn, &own);
    assert_int_equal(wm_conn_set_int(conn, "send_high_water", 1000), 0);
    char block[2000];
    memset(block, 'x', sizeof block);
    int result = 0;
    while (result == 0) { /* until the kernel takes no more */
        result = wm_conn_send(conn, block, sizeof block, WM_SEND_NOW);
        turn(host, 0);
    }
    assert_int_equal(result, WM_BACKPRESSURE);
    until(host, (client_pump(&client), strstr(own.seen, "drain") != NULL));
    assert_string_equal(own.seen, "full drain ");
    assert_int_equal(wm_conn_set_int(conn, "max_message", 3), 0);
    client_say(host, &client, "12345\n");
    until(host, own.destroyed == 6 || client_ended(&client));
    client_end(&client);
    until(host, own.destroyed == 6);
    assert_string_equal(own.seen, "full drain error(WM_EMSGSIZE) close(limit) ");
    assert_string_equal(trace(host, conn), "connect open");
    assert_int_equal(wm_conn_on_message(conn, own_message, &own, forget), WM_ECLOSED);
    assert_int_equal(own.destroyed, 6);
    host_end(host);
}

static void message__replaced_inside_its_own_callback(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct own second = {0}, first = {.next = &second};
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_on_message(conn, own_message, &first, forget), 0);
    client_say(host, &client, "a\nb\nc\n");
    until(host, strstr(second.seen, "(c)") != NULL);
    assert_string_equal(first.seen, "message(a) ");
    assert_string_equal(second.seen, "message(b) message(c) ");
    until(host, first.destroyed == 1);
    assert_int_equal(second.destroyed, 0);
    client_end(&client);
    until(host, second.destroyed == 1);
    host_end(host);
    assert_int_equal(first.destroyed + second.destroyed, 2);
}

static void own__are_freed_with_the_app(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct own own = {0};
    wm_conn conn;
    struct client client = client_open(host, &conn);
    set_all(conn, &own);
    host_end(host);
    assert_string_equal(own.seen, "close(stop) ");
    assert_int_equal(own.destroyed, 6);
    client_end(&client);
}

static void closing__of_one_connection_says_its_own_farewell(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct own own = {0};
    wm_conn conn;
    struct client client = client_open(host, &conn);
    set_all(conn, &own);
    assert_int_equal(wm_app_stop(host->app), 0);
    client_hear(host, &client, "farewell\n");
    client_hear_end(host, &client);
    client_end(&client);
    int64_t guard = clock_ms() + GUARD_MS;
    while (turn(host, 5) != WM_ESTOPPED)
        assert_true(clock_ms() < guard);
    assert_string_equal(own.seen, "closing close(stop) ");
    host_end(host);
    assert_int_equal(own.destroyed, 6);
}

static int32_t own_handshake(wm_worker *worker, wm_conn conn, wm_request request, void *user)
{
    const void *path = NULL;
    size_t len = 0;
    (void)worker, (void)conn;
    assert_int_equal(wm_request_path(request, &path, &len), 0);
    note(user, "handshake(%.*s) ", (int)len, (const char *)path);
    return 0;
}

static void watch_handshake(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_CONNECT)
        return;
    assert_int_equal(wm_conn_on_handshake(event->conn, own_handshake, host->context, forget), 0);
    assert_int_equal(wm_conn_on_open(event->conn, own_open, host->context, forget), 0);
}

static void handshake__and_open_of_one_connection_set_when_it_connects(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct own own = {0};
    host_watch_handshakes(host, host->worker);
    host->context = &own;
    host->react = watch_handshake;
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    client_say(host, &client,
               "GET /room HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    client_hear(host, &client, "HTTP/1.1 101 ");
    until(host, strstr(own.seen, "open") != NULL);
    assert_string_equal(own.seen, "handshake(/room) open ");
    assert_string_equal(trace(host, 0), "connect");
    host->react = NULL;
    client_end(&client);
    until(host, own.destroyed == 2);
    host_end(host);
}

static void answer(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)data, (void)len;
    assert_int_equal(kind, WM_KIND_HTTP);
    note(user, "request ");
    assert_int_equal(wm_request_respond(wm_message_request(conn), 200, NULL, 0, "own", 3, 0), 0);
}

static void message__of_an_http_connection_is_answered_in_its_own_callback(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct own own = {0};
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_on_message(conn, answer, &own, forget), 0);
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    until(host, client_ended(&client));
    assert_non_null(strstr(client.in, "\r\n\r\nownHTTP/1.1 200 OK"));
    assert_string_equal(own.seen, "request request ");
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 0);
    client_end(&client);
    host_end(host);
}

static void nothing__is_kept_of_a_callback_that_restores_what_is_there(void **state)
{
    struct host *host = host_begin(*state, "text");
    int destroyed = 0;
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_on_message(conn, NULL, NULL, NULL), 0);
    assert_int_equal(wm_conn_on_close(conn, NULL, &destroyed, count_destroy), 0);
    client_say(host, &client, "a\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1 && destroyed == 1);
    assert_string_equal(trace(host, conn), "connect open message(a) close(peer)");
    assert_int_equal(wm_conn_on_open(0, own_open, NULL, NULL), WM_ECLOSED);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(message__of_one_connection_goes_to_its_own_callback),
        SCENARIO(poll__of_few_records_has_room_for_all_that_goes_to_callbacks),
        SCENARIO(own__full_drain_error_and_close_come_to_it_alone),
        SCENARIO(message__replaced_inside_its_own_callback),
        SCENARIO(own__are_freed_with_the_app),
        SCENARIO(closing__of_one_connection_says_its_own_farewell),
        SCENARIO(handshake__and_open_of_one_connection_set_when_it_connects),
        SCENARIO(message__of_an_http_connection_is_answered_in_its_own_callback),
        SCENARIO(nothing__is_kept_of_a_callback_that_restores_what_is_there),
    };
    return RUN_SCENARIOS("conn_callbacks", scenarios);
}
