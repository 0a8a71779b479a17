/**
 * @file
 * Subprotocols of websockets: chosen from what a client offers, by option or by the host, and read back on both ends.
 */
#include "support/ws_client.h"

#include "support/raw_server.h"

#include <strings.h>

static const char HEAD[] = "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/** Shakes hands with those header lines; the status, and the whole head of the answer in `head` (of 4096). */
static int shake(struct host *host, struct client *client, const char *lines, char *head)
{
    char request[1024];
    snprintf(request, sizeof request, "%s%s\r\n", HEAD, lines);
    *client = client_begin(host);
    client_say(host, client, request);
    return http_head(host, client, head);
}

static const char *subprotocol(wm_conn conn)
{
    static char text[64];
    int len = wm_conn_ws_subprotocol(conn, text, sizeof text);
    assert_true(len >= 0);
    assert_int_equal(strlen(text), len);
    return text;
}

static void choice__is_by_the_servers_preference(void **state)
{
    static const struct {
        const char *offer, *chosen;
    } rows[] = {
        {"Sec-WebSocket-Protocol: chat, v2.chat\r\n", "v2.chat"},
        {"Sec-WebSocket-Protocol: chat\r\n", "chat"},
        {"Sec-WebSocket-Protocol: other\r\nsec-websocket-protocol:  x ,\tchat,y\r\n", "chat"},
        {"Sec-WebSocket-Protocol: Chat, CHAT, chatter\r\n", ""},
        {"Sec-WebSocket-Protocol: ,, ,\r\n", ""},
        {"Sec-WebSocket-Protocol:\r\n", ""},
        {"", ""},
    };
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(host->worker, "ws_subprotocols", "v2.chat, chat"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client;
        char head[4096], line[64];
        assert_int_equal(shake(host, &client, rows[i].offer, head), 101);
        snprintf(line, sizeof line, "\r\nSec-WebSocket-Protocol: %s\r\n", rows[i].chosen);
        assert_int_equal(strstr(head, "Sec-WebSocket-Protocol") != NULL, *rows[i].chosen != '\0');
        assert_int_equal(strstr(head, line) != NULL, *rows[i].chosen != '\0');
        until(host, count_of(host, WM_EVENT_OPEN) == i + 1);
        wm_conn conn = nth(host, WM_EVENT_OPEN, i)->conn;
        assert_string_equal(subprotocol(conn), rows[i].chosen);
        assert_int_equal(wm_conn_send(conn, "hi", 2, 0), 0);
        ws_hear(host, &client, WS_TEXT, "hi");
        assert_string_equal(subprotocol(conn), rows[i].chosen);
        client_end(&client);
    }
    host_end(host);
}

static void required__refuses_what_offers_none(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(host->worker, "ws_subprotocols", "chat"), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "ws_subprotocol_required", 1), 0);
    host_watch_handshakes(host, host->worker);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    struct client client;
    assert_int_equal(shake(host, &client, "Sec-WebSocket-Protocol: other\r\n", NULL), 400);
    client_end(&client);
    assert_int_equal(shake(host, &client, "", NULL), 400);
    client_end(&client);
    assert_int_equal(count_of(host, WM_EVENT_HANDSHAKE), 0);
    host_end(host);
}

static int protocol_lines(const char *head)
{
    int lines = 0;
    for (const char *at = strstr(head, "\r\n"); at; at = strstr(at + 2, "\r\n"))
        lines += strncasecmp(at + 2, "Sec-WebSocket-Protocol:", 23) == 0;
    return lines;
}

struct decision {
    const char *lines;
    int later, expected;
    wm_request request;
    char offered[64];
};

static void decide(struct host *host, const wm_event *event)
{
    struct decision *decision = host->context;
    if (event->kind != WM_EVENT_HANDSHAKE)
        return;
    decision->request = event->id;
    wm_conn_ws_subprotocol(event->conn, decision->offered, sizeof decision->offered);
    host->verdict = decision->later ? WM_PENDING : 0;
    if (!decision->later && (decision->lines || host->setting->cap != 0))
        assert_int_equal(wm_handshake_accept(event->id, decision->lines, decision->lines ? strlen(decision->lines) : 0),
                         decision->expected);
    if (decision->expected < 0)
        host->verdict = -1;
    if (decision->expected < 0 && host->setting->cap != 0)
        assert_int_equal(wm_handshake_reject(event->id, 403, NULL, 0, NULL, 0), 0);
}

static struct host *begin(void **state, struct decision *decision)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(host->worker, "ws_subprotocols", "chat"), 0);
    host_watch_handshakes(host, host->worker);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    host->context = decision;
    host->react = decide;
    return host;
}

static void the_host__may_choose_another_or_later(void **state)
{
    static const struct {
        const char *lines, *chosen;
        int later;
    } rows[] = {
        {NULL, "chat", 0},
        {"X-Test: 1\r\n", "chat", 0},
        {"sec-websocket-protocol: superchat\r\n", "superchat", 0},
        {"Sec-WebSocket-Protocol: superchat\r\nX: y\r\n", "superchat", 1},
        {NULL, "chat", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decision decision = {rows[i].lines, rows[i].later, 0, 0, ""};
        struct host *host = begin(state, &decision);
        struct client client = client_begin(host);
        char request[1024], head[4096];
        snprintf(request, sizeof request, "%sSec-WebSocket-Protocol: chat, superchat\r\n\r\n", HEAD);
        client_say(host, &client, request);
        until(host, decision.request != 0);
        assert_string_equal(decision.offered, "chat");
        if (rows[i].later) {
            settle(host);
            assert_int_equal(wm_handshake_accept(decision.request, rows[i].lines, rows[i].lines ? strlen(rows[i].lines) : 0), 0);
        }
        assert_int_equal(http_head(host, &client, head), 101);
        assert_non_null(strstr(head, strcmp(rows[i].chosen, "chat") == 0 ? "-Protocol: chat\r\n" : "rotocol: superchat\r\n"));
        assert_int_equal(protocol_lines(head), 1);
        until(host, count_of(host, WM_EVENT_OPEN) == 1);
        assert_string_equal(subprotocol(nth(host, WM_EVENT_OPEN, 0)->conn), rows[i].chosen);
        client_end(&client);
        host_end(host);
    }
}

static void bad_lines__are_refused(void **state)
{
    static const char *const rows[] = {
        "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n",
        "Sec-WebSocket-Protocol: a, b\r\n",
        "Sec-WebSocket-Protocol:\r\n",
        "Sec-WebSocket-Accept: x\r\n",
        "Upgrade: h2c\r\n",
        "Connection: close\r\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct decision decision = {rows[i], 0, WM_EINVAL, 0, ""};
        struct host *host = begin(state, &decision);
        struct client client;
        assert_int_equal(shake(host, &client, "", NULL), 403);
        client_end(&client);
        host_end(host);
    }
}

static void option__has_to_be_a_list_of_tokens(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_worker *worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(worker, "ws_subprotocols", "a b"), WM_EINVAL);
    assert_int_equal(wm_worker_set_str(worker, "ws_subprotocols", "a, a"), WM_EINVAL);
    assert_int_equal(wm_worker_set_str(worker, "ws_subprotocols", "a,"), WM_EINVAL);
    assert_int_equal(wm_worker_set_str(worker, "ws_subprotocols", "a"), 0);
    assert_int_equal(wm_worker_set_str(worker, "ws_subprotocols", ""), 0);
    host_end(host);
}

static void upgrade_it(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_MESSAGE && (event->flags & 255) == WM_KIND_HTTP)
        host->verdict = wm_request_upgrade(event->id, NULL, 0);
}

static void upgrade__of_http_chooses_too(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "http");
    assert_int_equal(wm_worker_set_str(host->worker, "ws_subprotocols", "chat"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    host->react = upgrade_it;
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    wm_conn conn = nth(host, WM_EVENT_OPEN, 0)->conn;
    char out[8], request[1024], head[4096];
    assert_int_equal(wm_conn_ws_subprotocol(conn, out, sizeof out), WM_ESTATE);
    assert_int_equal(wm_conn_ws_subprotocol(0, out, sizeof out), WM_ECLOSED);
    snprintf(request, sizeof request, "%sSec-WebSocket-Protocol: chat\r\n\r\n", HEAD);
    client_say(host, &client, request);
    assert_int_equal(http_head(host, &client, head), 101);
    assert_int_equal(host->verdict, 0);
    assert_non_null(strstr(head, "Sec-WebSocket-Protocol: chat\r\n"));
    assert_int_equal(wm_conn_ws_subprotocol(conn, out, 4), WM_EMSGSIZE);
    assert_int_equal(wm_conn_ws_subprotocol(conn, out, 5), 4);
    assert_string_equal(out, "chat");
    client_end(&client);
    host_end(host);
}

static void a_client__reads_what_the_server_chose(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(host->worker, "ws_subprotocols", "b"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    wm_client *client = host_ws_client(host);
    assert_int_equal(wm_client_set_str(client, "ws_subprotocol", "a, b"), 0);
    assert_int_equal(wm_client_connect(client), 0);
    assert_string_equal(subprotocol(wm_client_conn(client)), "");
    until(host, count_of(host, WM_EVENT_OPEN) == 2);
    assert_string_equal(subprotocol(wm_client_conn(client)), "b");
    assert_string_equal(subprotocol(wm_worker_next_conn(host->worker, 0)), "b");
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(choice__is_by_the_servers_preference),  SCENARIO(required__refuses_what_offers_none),
        SCENARIO(the_host__may_choose_another_or_later), SCENARIO(bad_lines__are_refused),
        SCENARIO(option__has_to_be_a_list_of_tokens),    SCENARIO(upgrade__of_http_chooses_too),
        SCENARIO(a_client__reads_what_the_server_chose),
    };
    return RUN_SCENARIOS("subprotocol", scenarios);
}
