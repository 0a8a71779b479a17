/**
 * @file
 * A request of an http worker that becomes a websocket: at once, later, with frames behind it, refused, and what a request must not be.
 */
#include "support/ws_client.h"

struct upgrade {
    int later;  /**< the host keeps the request and upgrades it outside of the event */
    int result; /**< of wm_request_upgrade */
    wm_request kept;
};

static const char FIELDS[] = "Sec-WebSocket-Protocol: chat\r\n";

static void upgrade(struct host *host, const wm_event *event)
{
    struct upgrade *given = host->context;
    if (event->kind != WM_EVENT_MESSAGE || event->flags != WM_KIND_HTTP)
        return;
    const void *path;
    size_t len;
    assert_int_equal(wm_request_path(event->id, &path, &len), 0);
    if (len == 5 && memcmp(path, "/page", 5) == 0) {
        assert_int_equal(wm_request_respond(event->id, 200, NULL, 0, "page", 4, 0), 0);
        return;
    }
    if (given->later) {
        assert_int_equal(wm_request_keep(event->id), 0);
        given->kept = event->id;
        return;
    }
    given->kept = event->id;
    given->result = wm_request_upgrade(event->id, FIELDS, strlen(FIELDS));
    if (given->result == WM_EPROTOCOL)
        assert_int_equal(wm_request_respond(event->id, 400, NULL, 0, NULL, 0, 0), 0);
}

static struct host *begin(void **state, struct upgrade *given)
{
    struct host *host = host_begin(*state, "http");
    host->context = given;
    host->react = upgrade;
    return host;
}

static const char PAGE[] = "GET /page HTTP/1.1\r\nHost: test\r\n\r\n";

/** A page, and then its websocket, on one connection. */
static void upgrade__behind_other_requests_is_a_websocket(void **state)
{
    struct upgrade given = {0};
    struct host *host = begin(state, &given);
    struct client client = client_begin(host);
    char head[4096];
    client_say(host, &client, PAGE);
    assert_int_equal(http_head(host, &client, NULL), 200);
    client_hear(host, &client, "page");
    client_say(host, &client, WS_REQUEST);
    assert_int_equal(http_head(host, &client, head), 101);
    assert_non_null(strstr(head, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                 "Sec-WebSocket-Protocol: chat\r\n"));
    assert_int_equal(given.result, 0);
    wm_conn conn = nth(host, WM_EVENT_OPEN, 0)->conn;
    assert_int_equal(wm_request_upgrade(given.kept, NULL, 0), WM_ECLOSED);
    ws_say(host, &client, "hi");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 2)->flags, WM_KIND_TEXT);
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 2)->data, "hi");
    assert_true(nth(host, WM_EVENT_MESSAGE, 2)->conn == conn);
    assert_int_equal(wm_conn_send(conn, "there", 5, 0), 0);
    ws_hear(host, &client, WS_TEXT, "there");
    ws_send(host, &client, 0x89, "ping", 4);
    ws_hear(host, &client, WS_PONG, "ping");
    ws_say_close(host, &client, 1000);
    ws_hear_close(host, &client, 1000);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(count_of(host, WM_EVENT_OPEN), 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->detail, 1000);
    host_end(host);
}

static void upgrade__outside_of_the_event(void **state)
{
    struct upgrade given = {.later = 1};
    struct host *host = begin(state, &given);
    struct client client = client_begin(host);
    client_say(host, &client, WS_REQUEST);
    until(host, given.kept != 0);
    settle(host);
    assert_int_equal(wm_request_upgrade(given.kept, "Bad\r\n", 5), WM_EINVAL);
    assert_int_equal(wm_request_upgrade(given.kept, "Connection: close\r\n", 19), WM_EINVAL);
    assert_int_equal(wm_request_upgrade(given.kept, NULL, 0), 0);
    assert_int_equal(wm_conn_send(nth(host, WM_EVENT_OPEN, 0)->conn, "first", 5, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 101);
    ws_hear(host, &client, WS_TEXT, "first");
    ws_say(host, &client, "hi");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 1)->data, "hi");
    client_end(&client);
    host_end(host);
}

/** A client that does not wait for 101, where the host can answer before the next byte is parsed. */
static void upgrade__with_frames_right_behind(void **state)
{
    struct upgrade given = {0};
    struct host *host = begin(state, &given);
    if (host->setting->cap == 0) {
        char all[1024], *end = all + sizeof WS_REQUEST - 1;
        memcpy(all, WS_REQUEST, sizeof WS_REQUEST - 1);
        end += ws_frame(end, 0x81, "one", 3);
        end += ws_frame(end, 0x81, "two", 3);
        end += ws_frame(end, 0x81, "three", 5) - 2; /* its end comes later */
        struct client client = client_begin(host);
        client_send(host, &client, all, (size_t)(end - all));
        until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
        assert_string_equal(nth(host, WM_EVENT_MESSAGE, 1)->data, "one");
        assert_string_equal(nth(host, WM_EVENT_MESSAGE, 2)->data, "two");
        client_send(host, &client, end, 2);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 4);
        assert_string_equal(nth(host, WM_EVENT_MESSAGE, 3)->data, "three");
        assert_int_equal(http_head(host, &client, NULL), 101);
        client_end(&client);
    }
    host_end(host);
}

static void upgrade__with_another_request_unanswered_is_refused(void **state)
{
    struct upgrade given = {.later = 1};
    struct host *host = begin(state, &given);
    struct client client = client_begin(host);
    client_say(host, &client, "GET /first HTTP/1.1\r\nHost: test\r\n\r\n");
    until(host, given.kept != 0);
    wm_request first = given.kept;
    client_say(host, &client, WS_REQUEST);
    until(host, given.kept != first);
    assert_int_equal(wm_request_upgrade(given.kept, NULL, 0), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "1 other"));
    assert_int_equal(wm_request_respond(first, 200, NULL, 0, "one", 3, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 200);
    client_hear(host, &client, "one");
    assert_int_equal(wm_request_upgrade(given.kept, NULL, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 101);
    client_end(&client);
    host_end(host);
}

static void upgrade__of_what_is_no_handshake_is_refused(void **state)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 2\r\n\r\nhi",
        "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: short\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: keep-alive\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    };
    struct upgrade given = {0};
    struct host *host = begin(state, &given);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct client client = client_begin(host);
        given.result = 0;
        client_say(host, &client, requests[i]);
        assert_int_equal(http_head(host, &client, NULL), 400);
        assert_int_equal(given.result, WM_EPROTOCOL);
        client_end(&client);
    }
    host_end(host);
}

static void upgrade__of_expired_slices_is_refused(void **state)
{
    struct upgrade given = {0};
    struct host *host = begin(state, &given);
    host->react = NULL;
    struct client client = client_begin(host);
    client_say(host, &client, WS_REQUEST);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    settle(host);
    assert_int_equal(wm_request_upgrade(nth(host, WM_EVENT_MESSAGE, 0)->id, NULL, 0), WM_ESTATE);
    client_end(&client);
    host_end(host);
}

/** A peer that ends its side could not answer a close frame. */
static void upgrade__of_a_peer_that_has_ended_is_refused(void **state)
{
    struct upgrade given = {.later = 1};
    struct host *host = begin(state, &given);
    if (!has_tls(host->setting)) {
        struct client client = client_begin(host);
        client_say(host, &client, WS_REQUEST);
        until(host, given.kept != 0);
        client_shut(&client);
        settle(host);
        assert_int_equal(wm_request_upgrade(given.kept, NULL, 0), WM_ECLOSED);
        assert_int_equal(wm_request_respond(given.kept, 400, NULL, 0, NULL, 0, 0), 0);
        assert_int_equal(http_head(host, &client, NULL), 400);
        client_end(&client);
    }
    host_end(host);
}

static void broadcast__reaches_the_upgraded_alone(void **state)
{
    struct upgrade given = {0};
    struct host *host = begin(state, &given);
    assert_int_equal(wm_worker_broadcast(host->worker, "nobody", 6, 0), 0);
    struct client plain = client_begin(host), socket = client_begin(host);
    client_say(host, &plain, PAGE);
    assert_int_equal(http_head(host, &plain, NULL), 200);
    client_hear(host, &plain, "page");
    client_say(host, &socket, WS_REQUEST);
    assert_int_equal(http_head(host, &socket, NULL), 101);
    assert_int_equal(wm_worker_broadcast(host->worker, "all", 3, 0), 1);
    ws_hear(host, &socket, WS_TEXT, "all");
    client_say(host, &plain, PAGE);
    assert_int_equal(http_head(host, &plain, NULL), 200);
    client_end(&plain);
    client_end(&socket);
    host_end(host);
}

/** What waits in the queue for a peer that reads slowly stays before the 101. */
static void upgrade__leaves_behind_what_is_queued(void **state)
{
    struct upgrade given = {.later = 1};
    struct host *host = begin(state, &given);
    struct client client = client_begin(host);
    client_say(host, &client, "GET /big HTTP/1.1\r\nHost: test\r\n\r\n");
    until(host, given.kept != 0);
    wm_request big = given.kept;
    const size_t len = 8 << 20;
    char *body = calloc(1, len);
    assert_non_null(body);
    assert_true(wm_request_respond(big, 200, NULL, 0, body, len, 0) >= 0);
    free(body);
    client_say(host, &client, WS_REQUEST);
    size_t taken = 0;
    assert_int_equal(http_head(host, &client, NULL), 200);
    while (taken < len) {
        until(host, client_has(&client, 1));
        size_t part = client.len < len - taken ? client.len : len - taken;
        assert_true(memchr(client.in, 'H', part) == NULL);
        client_drop(&client, part);
        taken += part;
    }
    until(host, given.kept != big);
    assert_int_equal(wm_request_upgrade(given.kept, NULL, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 101);
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(upgrade__behind_other_requests_is_a_websocket),
        SCENARIO(upgrade__outside_of_the_event),
        SCENARIO(upgrade__with_frames_right_behind),
        SCENARIO(upgrade__with_another_request_unanswered_is_refused),
        SCENARIO(upgrade__of_what_is_no_handshake_is_refused),
        SCENARIO(upgrade__of_expired_slices_is_refused),
        SCENARIO(upgrade__of_a_peer_that_has_ended_is_refused),
        SCENARIO(broadcast__reaches_the_upgraded_alone),
        SCENARIO(upgrade__leaves_behind_what_is_queued),
    };
    return RUN_SCENARIOS("upgrade", scenarios);
}
