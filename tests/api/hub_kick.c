/**
 * @file
 * wm_hub_kick: the connections of a uid are closed with a code and a reason, and counted.
 */
#include "support/ws_client.h"

static int64_t kick(wm_hub *hub, const char *uid, int32_t code, const char *text)
{
    int64_t connections = -1;
    assert_int_equal(wm_hub_kick(hub, uid, strlen(uid), code, text, text ? strlen(text) : 0, &connections, NULL, NULL, NULL), 0);
    return connections;
}

static int64_t online(wm_hub *hub, const char *uid)
{
    int64_t connections = -1;
    assert_int_equal(wm_hub_online(hub, uid, strlen(uid), &connections, NULL, NULL, NULL), 0);
    return connections;
}

/* The page answers the close frame, and its connection ends. */
static void end_kicked(struct host *host, struct client *page, int code)
{
    ws_hear_close(host, page, code);
    ws_say_close(host, page, code);
    client_hear_end(host, page);
    client_end(page);
}

static void kick__closes_all_of_the_uid_and_no_other(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[3];
    struct client pages[3];
    for (int i = 0; i < 3; i++) {
        pages[i] = ws_open(host, &conns[i]);
        assert_int_equal(wm_hub_bind(hub, i < 2 ? "out" : "in", i < 2 ? 3 : 2, conns[i]), 0);
    }
    assert_int_equal(wm_hub_send(hub, "out", 3, "last words", 10, 0, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(kick(hub, "out", 4001, "signed out"), 2);
    assert_int_equal(online(hub, "out"), 0);
    assert_int_equal(kick(hub, "out", 4001, "signed out"), 0); /* they are closing */
    assert_int_equal(kick(hub, "unknown", 4001, NULL), 0);
    for (int i = 0; i < 2; i++) {
        ws_hear(host, &pages[i], WS_TEXT, "last words");
        end_kicked(host, &pages[i], 4001);
    }
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    for (int i = 0; i < 2; i++)
        assert_string_equal(trace(host, conns[i]), "connect open close(local 4001 signed out)");
    assert_int_equal(online(hub, "in"), 1);
    assert_int_equal(wm_hub_send(hub, "in", 2, "here", 4, 0, NULL, NULL, NULL, NULL), 0);
    ws_hear(host, &pages[2], WS_TEXT, "here");
    client_end(&pages[2]);
    host_end(host);
}

static void code__0_is_1008_and_each_that_can_be_sent_is(void **state)
{
    static const int32_t CODES[] = {0, 1000, 1001, 1003, 1007, 1014, 3000, 4999};
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
        wm_conn conn;
        struct client page = ws_open(host, NULL);
        conn = nth(host, WM_EVENT_CONNECT, i)->conn;
        assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
        assert_int_equal(kick(hub, "u", CODES[i], NULL), 1);
        end_kicked(host, &page, CODES[i] ? CODES[i] : 1008);
        until(host, count_of(host, WM_EVENT_CLOSE) == i + 1);
    }
    host_end(host);
}

static void what_cannot_be_sent__is_refused_and_closes_nothing(void **state)
{
    static const int32_t CODES[] = {-1, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, INT32_MAX, INT32_MIN};
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conn;
    char text[125];
    memset(text, 'x', sizeof text);
    struct client page = ws_open(host, &conn);
    assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
        assert_int_equal(wm_hub_kick(hub, "u", 1, CODES[i], NULL, 0, NULL, NULL, NULL, NULL), WM_EINVAL);
        assert_non_null(strstr(wm_last_error(), "3000-4999"));
    }
    assert_int_equal(wm_hub_kick(hub, "u", 1, 0, text, 124, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "at most 123 bytes"));
    assert_int_equal(wm_hub_kick(hub, "u", 1, 0, "\xff", 1, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_kick(hub, "u", 1, 0, NULL, 1, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_kick(hub, "u", 0, 0, NULL, 0, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(online(hub, "u"), 1);
    text[123] = '\0';
    assert_int_equal(kick(hub, "u", 0, text), 1);
    end_kicked(host, &page, 1008);
    host_end(host);
}

static void protocol_without_close_frames__ends_after_what_is_queued(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
    assert_int_equal(wm_conn_send(conn, "bye", 3, 0), 0);
    assert_int_equal(kick(hub, "u", 4000, "why"), 1);
    client_hear(host, &client, "bye\n");
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags & 255, WM_REASON_LOCAL);
    assert_string_equal(nth(host, WM_EVENT_CLOSE, 0)->data, "why");
    host_end(host);
}

/* One before its handshake, and one whose host has closed it already. */
static void before_open_and_closing__count_as_they_are(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[2];
    struct client page = ws_open(host, &conns[0]), early = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 2);
    conns[1] = nth(host, WM_EVENT_CONNECT, 1)->conn;
    for (int i = 0; i < 2; i++)
        assert_int_equal(wm_hub_bind(hub, "u", 1, conns[i]), 0);
    assert_int_equal(wm_conn_close(conns[0], 1001, NULL, 0), 0);
    assert_int_equal(kick(hub, "u", 4000, NULL), 1);
    until(host, client_ended(&early));
    client_end(&early);
    end_kicked(host, &page, 1001);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    host_end(host);
}

static void kick_self(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_MESSAGE)
        assert_int_equal(kick(host->context, "u", 4002, "inside"), 2);
}

static void kick__inside_a_callback_of_the_kicked(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    host->context = hub;
    host->react = kick_self;
    wm_conn conns[2];
    struct client pages[2];
    for (int i = 0; i < 2; i++) {
        pages[i] = ws_open(host, &conns[i]);
        assert_int_equal(wm_hub_bind(hub, "u", 1, conns[i]), 0);
    }
    ws_say(host, &pages[0], "go");
    for (int i = 0; i < 2; i++)
        end_kicked(host, &pages[i], 4002);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    assert_string_equal(trace(host, conns[0]), "connect open message(go) close(local 4002 inside)");
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(kick__closes_all_of_the_uid_and_no_other),           SCENARIO(code__0_is_1008_and_each_that_can_be_sent_is),
        SCENARIO(what_cannot_be_sent__is_refused_and_closes_nothing), SCENARIO(protocol_without_close_frames__ends_after_what_is_queued),
        SCENARIO(before_open_and_closing__count_as_they_are),         SCENARIO(kick__inside_a_callback_of_the_kicked),
    };
    return RUN_SCENARIOS("hub_kick", scenarios);
}
