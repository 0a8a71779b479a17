/**
 * @file
 * Websocket handshakes that the host decides: accepted with header lines, rejected, later, never, and peers
 * that disconnect before.
 */
#include "support/ws_client.h"

struct decision {
    enum { ACCEPT, ACCEPT_WITH_FIELDS, REJECT, LATER } kind;
    wm_request request;
    char origin[64];
};

static const char FIELDS[] = "Set-Cookie: a=b\r\nX-Test: 1\r\n";

static void decide(struct host *host, const wm_event *event)
{
    struct decision *decision = host->context;
    if (event->kind != WM_EVENT_HANDSHAKE)
        return;
    const void *value;
    size_t len;
    decision->request = event->id;
    assert_true(event->id > 0 && event->id < 1ull << 53);
    assert_true(wm_request_conn(event->id) == event->conn);
    if (wm_request_header(event->id, "origin", &value, &len) == 1)
        snprintf(decision->origin, sizeof decision->origin, "%.*s", (int)len, (const char *)value);
    assert_int_equal(wm_request_path(event->id, &value, &len), 0);
    assert_int_equal(len, 2);
    assert_memory_equal(value, "/p", 2);
    if (decision->kind == ACCEPT_WITH_FIELDS || (decision->kind == ACCEPT && host->setting->cap != 0))
        assert_int_equal(
            wm_handshake_accept(event->id, decision->kind == ACCEPT ? NULL : FIELDS, decision->kind == ACCEPT ? 0 : strlen(FIELDS)), 0);
    if (decision->kind == REJECT)
        assert_int_equal(wm_handshake_reject(event->id, 401, NULL, 0, "who?", 4), 0);
    host->verdict = decision->kind == LATER ? WM_PENDING : 0;
}

static const char REQUEST[] = "GET /p?q=1 HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://here\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

static struct host *begin(void **state, struct decision *decision)
{
    struct host *host = host_begin(*state, "websocket");
    host_watch_handshakes(host, host->worker);
    host->context = decision;
    host->react = decide;
    return host;
}

static void accept__in_the_callback_is_silent_consent(void **state)
{
    struct decision decision = {ACCEPT, 0, ""};
    struct host *host = begin(state, &decision);
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    assert_int_equal(http_head(host, &client, NULL), 101);
    ws_say(host, &client, "hi");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(decision.origin, "http://here");
    assert_int_equal(wm_handshake_accept(decision.request, NULL, 0), WM_ECLOSED);
    client_end(&client);
    host_end(host);
}

static void accept__adds_header_lines(void **state)
{
    struct decision decision = {ACCEPT_WITH_FIELDS, 0, ""};
    struct host *host = begin(state, &decision);
    struct client client = client_begin(host);
    char head[4096];
    client_say(host, &client, REQUEST);
    assert_int_equal(http_head(host, &client, head), 101);
    assert_non_null(strstr(head, "\r\nSet-Cookie: a=b\r\nX-Test: 1\r\n"));
    assert_non_null(strstr(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    client_end(&client);
    host_end(host);
}

static void reject__answers_and_closes(void **state)
{
    struct decision decision = {REJECT, 0, ""};
    struct host *host = begin(state, &decision);
    struct client client = client_begin(host);
    char head[4096];
    client_say(host, &client, REQUEST);
    assert_int_equal(http_head(host, &client, head), 401);
    assert_non_null(strstr(head, "Content-Length: 4\r\n"));
    client_hear(host, &client, "who?");
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(count_of(host, WM_EVENT_OPEN), 0);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_LOCAL);
    host_end(host);
}

static void refuse__by_a_verdict_below_0_is_403(void **state)
{
    struct decision decision = {LATER, 0, ""};
    struct host *host = begin(state, &decision);
    host->react = NULL;
    host->verdict = -1;
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    until(host, count_of(host, WM_EVENT_HANDSHAKE) == 1);
    if (host->setting->cap != 0) /* a poll has no verdict */
        assert_int_equal(wm_handshake_reject(nth(host, WM_EVENT_HANDSHAKE, 0)->id, 403, NULL, 0, NULL, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 403);
    client_end(&client);
    host_end(host);
}

static void pending__is_accepted_later_with_what_was_sent_meanwhile(void **state)
{
    struct decision decision = {LATER, 0, ""};
    struct host *host = begin(state, &decision);
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    ws_say(host, &client, "early");
    until(host, decision.request != 0);
    wm_conn conn = wm_request_conn(decision.request);
    assert_int_equal(wm_conn_send(conn, "held", 4, 0), 0);
    settle(host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    assert_string_equal(trace(host, 0), "connect handshake");
    assert_int_equal(wm_handshake_accept(decision.request, "Bad\r\n", 5), WM_EINVAL);
    assert_int_equal(wm_handshake_accept(decision.request, NULL, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 101);
    ws_hear(host, &client, WS_TEXT, "held");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 0)->data, "early");
    client_end(&client);
    host_end(host);
}

static void pending__is_rejected_later(void **state)
{
    struct decision decision = {LATER, 0, ""};
    struct host *host = begin(state, &decision);
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    until(host, decision.request != 0);
    static const char bad[] = "Content-Length: 5\r\n", fields[] = "Retry-After: 9\r\ncontent-type: text/html\r\n";
    char head[4096];
    assert_int_equal(wm_handshake_reject(decision.request, 200, NULL, 0, NULL, 0), WM_EINVAL);
    assert_int_equal(wm_handshake_reject(decision.request, 503, bad, strlen(bad), "later", 5), WM_EINVAL);
    assert_int_equal(wm_handshake_reject(decision.request, 503, fields, strlen(fields), "later", 5), 0);
    assert_int_equal(wm_handshake_reject(decision.request, 503, NULL, 0, "later", 5), WM_ECLOSED);
    assert_int_equal(http_head(host, &client, head), 503);
    assert_non_null(strstr(head, "\r\nRetry-After: 9\r\n"));
    assert_non_null(strstr(head, "\r\ncontent-type: text/html\r\n"));
    assert_null(strstr(head, "text/plain"));
    assert_non_null(strstr(head, "\r\nConnection: close\r\n"));
    client_hear(host, &client, "later");
    client_hear_end(host, &client);
    client_end(&client);
    host_end(host);
}

static void reject__with_304_has_no_content(void **state)
{
    struct decision decision = {LATER, 0, ""};
    struct host *host = begin(state, &decision);
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    until(host, decision.request != 0);
    assert_int_equal(wm_handshake_reject(decision.request, 304, "ETag: \"x\"\r\n", 11, "later", 5), 0);
    char head[4096];
    assert_int_equal(http_head(host, &client, head), 304);
    assert_null(strstr(head, "\r\nContent-"));
    client_hear_end(host, &client);
    client_end(&client);
    host_end(host);
}

static void pending__for_ever_ends_by_handshake_timeout(void **state)
{
    struct decision decision = {LATER, 0, ""};
    struct host *host = begin(state, &decision);
    assert_int_equal(wm_worker_set_int(host->worker, "handshake_timeout_ms", 100), 0);
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    assert_int_equal(http_head(host, &client, NULL), 503); /* not 408: the peer was in time */
    until(host, client_ended(&client));
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_TIMEOUT);
    assert_int_equal(wm_handshake_accept(decision.request, NULL, 0), WM_ECLOSED);
    host_end(host);
}

static void accept_late(struct host *host, const wm_event *event)
{
    struct decision *decision = host->context;
    decide(host, event);
    if (event->kind == WM_EVENT_ERROR) {
        assert_int_equal(wm_handshake_accept(decision->request, NULL, 0), WM_ECLOSED);
        assert_int_equal(wm_handshake_reject(decision->request, 403, NULL, 0, NULL, 0), WM_ECLOSED);
    }
}

static void pending__cannot_be_accepted_once_it_is_refused(void **state)
{
    struct decision decision = {LATER, 0, ""};
    struct host *host = begin(state, &decision);
    host->react = accept_late;
    assert_int_equal(wm_worker_set_int(host->worker, "handshake_timeout_ms", 100), 0);
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    assert_int_equal(http_head(host, &client, NULL), 503);
    until(host, client_ended(&client));
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 1);
    assert_int_equal(count_of(host, WM_EVENT_OPEN), 0);
    host_end(host);
}

static void silence__of_a_peer_ends_by_handshake_timeout(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    assert_int_equal(wm_worker_set_int(host->worker, "handshake_timeout_ms", 100), 0);
    struct client client = client_begin(host);
    client_say(host, &client, "GET / HTTP/1.1\r\nHo");
    assert_int_equal(http_head(host, &client, NULL), 408);
    until(host, client_ended(&client));
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_TIMEOUT);
    host_end(host);
}

static void pending__a_connection_that_was_destroyed_meanwhile_is_closed(void **state)
{
    struct decision decision = {LATER, 0, ""};
    struct host *host = begin(state, &decision);
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    until(host, decision.request != 0);
    assert_int_equal(wm_conn_destroy(wm_request_conn(decision.request)), 0);
    assert_int_equal(wm_handshake_accept(decision.request, NULL, 0), WM_ECLOSED);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(wm_handshake_accept(decision.request, NULL, 0), WM_ECLOSED);
    assert_string_equal(trace(host, 0), "connect handshake close(local 1006)");
    client_end(&client);
    host_end(host);
}

static void pending__a_peer_that_left_meanwhile_is_found_at_the_answer(void **state)
{
    struct decision decision = {LATER, 0, ""};
    struct host *host = begin(state, &decision);
    struct client client = client_begin(host);
    client_say(host, &client, REQUEST);
    until(host, decision.request != 0);
    client_reset(&client);
    settle(host);
    wm_handshake_accept(decision.request, NULL, 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 1);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(accept__in_the_callback_is_silent_consent),
        SCENARIO(accept__adds_header_lines),
        SCENARIO(reject__answers_and_closes),
        SCENARIO(refuse__by_a_verdict_below_0_is_403),
        SCENARIO(pending__is_accepted_later_with_what_was_sent_meanwhile),
        SCENARIO(pending__is_rejected_later),
        SCENARIO(reject__with_304_has_no_content),
        SCENARIO(pending__for_ever_ends_by_handshake_timeout),
        SCENARIO(pending__cannot_be_accepted_once_it_is_refused),
        SCENARIO(silence__of_a_peer_ends_by_handshake_timeout),
        SCENARIO(pending__a_connection_that_was_destroyed_meanwhile_is_closed),
        SCENARIO(pending__a_peer_that_left_meanwhile_is_found_at_the_answer),
    };
    return RUN_SCENARIOS("handshake", scenarios);
}
