/**
 * @file
 * Groups of a hub: joining and leaving, by connection and by uid, what a group's message reaches and what it counts, limits.
 */
#include "support/ws_client.h"

static int join(wm_hub *hub, const char *group, wm_conn conn)
{
    return wm_hub_join(hub, group, strlen(group), conn);
}

static int leave(wm_hub *hub, const char *group, wm_conn conn)
{
    return wm_hub_leave(hub, group, strlen(group), conn);
}

static int64_t send_to_all_but(wm_hub *hub, const char *group, const char *except, const char *text)
{
    int64_t connections = -1;
    size_t except_len = except ? strlen(except) : 0;
    assert_int_equal(
        wm_hub_group_send(hub, group, strlen(group), except, except_len, text, strlen(text), 0, &connections, NULL, NULL, NULL), 0);
    return connections;
}

static int64_t send_to(wm_hub *hub, const char *group, const char *text)
{
    return send_to_all_but(hub, group, NULL, text);
}

static int64_t join_uid(wm_hub *hub, const char *uid, const char *group)
{
    int64_t connections = -1;
    int result = wm_hub_join_uid(hub, uid, strlen(uid), group, strlen(group), &connections, NULL, NULL, NULL);
    return result == 0 ? connections : result;
}

static int64_t leave_uid(wm_hub *hub, const char *uid, const char *group)
{
    int64_t connections = -1;
    assert_int_equal(wm_hub_leave_uid(hub, uid, strlen(uid), group, strlen(group), &connections, NULL, NULL, NULL), 0);
    return connections;
}

static void join__reaches_members_alone_and_a_close_leaves_all_groups(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[3];
    struct client clients[3];
    for (int i = 0; i < 3; i++)
        clients[i] = client_open(host, &conns[i]);
    assert_int_equal(send_to(hub, "red", "x"), 0);
    assert_int_equal(join(hub, "red", conns[0]), 0);
    assert_int_equal(join(hub, "red", conns[1]), 0);
    assert_int_equal(join(hub, "blue", conns[1]), 0);
    assert_int_equal(join(hub, "blue", conns[2]), 0);
    assert_int_equal(join(hub, "red", conns[1]), 0); /* again: it gets one copy */
    assert_int_equal(send_to(hub, "red", "to red"), 2);
    assert_int_equal(send_to(hub, "blue", "to blue"), 2);
    client_hear(host, &clients[0], "to red\n");
    client_hear(host, &clients[1], "to red\nto blue\n");
    client_hear(host, &clients[2], "to blue\n");
    client_end(&clients[1]);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(send_to(hub, "red", "still"), 1);
    assert_int_equal(send_to(hub, "blue", "still"), 1);
    client_hear(host, &clients[0], "still\n");
    client_hear(host, &clients[2], "still\n");
    assert_int_equal(join(hub, "red", conns[1]), WM_ECLOSED);
    assert_int_equal(leave(hub, "red", conns[1]), WM_ECLOSED);
    client_end(&clients[0]);
    client_end(&clients[2]);
    host_end(host);
}

static void leave__ends_one_membership(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(leave(hub, "a", conn), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "not in that group"));
    assert_int_equal(join(hub, "a", conn), 0);
    assert_int_equal(join(hub, "b", conn), 0);
    assert_int_equal(leave(hub, "a", conn), 0);
    assert_int_equal(leave(hub, "a", conn), WM_ESTATE);
    assert_int_equal(send_to(hub, "a", "x"), 0);
    assert_int_equal(send_to(hub, "b", "stays"), 1);
    assert_int_equal(join(hub, "a", conn), 0);
    assert_int_equal(send_to(hub, "a", "again"), 1);
    client_hear(host, &client, "stays\nagain\n");
    client_end(&client);
    host_end(host);
}

static void group__needs_no_uid_and_a_broadcast_does(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conn;
    int64_t connections = -1;
    struct client client = client_open(host, &conn);
    assert_int_equal(join(hub, "g", conn), 0);
    assert_int_equal(wm_hub_broadcast(hub, "all", 3, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 0);
    assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
    assert_int_equal(wm_hub_bind(hub, "v", 1, conn), 0);
    assert_int_equal(wm_hub_unbind(hub, conn), 0);
    assert_int_equal(send_to(hub, "g", "stays"), 1);
    client_hear(host, &client, "stays\n");
    client_end(&client);
    host_end(host);
}

static void except__leaves_out_all_connections_of_a_uid(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[4];
    struct client clients[4];
    for (int i = 0; i < 4; i++) {
        clients[i] = client_open(host, &conns[i]);
        assert_int_equal(join(hub, "g", conns[i]), 0);
    }
    assert_int_equal(wm_hub_bind(hub, "tabs", 4, conns[0]), 0);
    assert_int_equal(wm_hub_bind(hub, "tabs", 4, conns[1]), 0);
    assert_int_equal(wm_hub_bind(hub, "other", 5, conns[2]), 0);
    assert_int_equal(send_to_all_but(hub, "g", "tabs", "not to tabs"), 2);
    assert_int_equal(send_to_all_but(hub, "g", "unknown", "to all"), 4);
    assert_int_equal(send_to_all_but(hub, "g", "", "to all"), 4);
    for (int i = 0; i < 4; i++) {
        client_hear(host, &clients[i], i < 2 ? "to all\nto all\n" : "not to tabs\nto all\nto all\n");
        client_end(&clients[i]);
    }
    host_end(host);
}

static void join_uid__takes_those_that_there_are(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[4];
    struct client clients[4];
    for (int i = 0; i < 4; i++)
        clients[i] = client_open(host, &conns[i]);
    assert_int_equal(join_uid(hub, "u", "g"), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(wm_hub_bind(hub, i < 2 ? "u" : "v", 1, conns[i]), 0);
    assert_int_equal(join(hub, "g", conns[0]), 0);
    assert_int_equal(join_uid(hub, "u", "g"), 2); /* one was in it */
    assert_int_equal(wm_hub_bind(hub, "u", 1, conns[3]), 0);
    assert_int_equal(send_to(hub, "g", "two"), 2);
    assert_int_equal(join_uid(hub, "v", "g"), 1);
    assert_int_equal(send_to(hub, "g", "three"), 3);
    assert_int_equal(leave_uid(hub, "u", "g"), 2); /* one was not in it */
    assert_int_equal(leave_uid(hub, "u", "g"), 0);
    assert_int_equal(leave_uid(hub, "u", "unknown"), 0);
    assert_int_equal(leave_uid(hub, "unknown", "g"), 0);
    assert_int_equal(send_to(hub, "g", "one"), 1);
    client_hear(host, &clients[0], "two\nthree\n");
    client_hear(host, &clients[1], "two\nthree\n");
    client_hear(host, &clients[2], "three\none\n");
    for (int i = 0; i < 4; i++)
        client_end(&clients[i]);
    host_end(host);
}

static void max_groups__is_how_many_a_connection_is_in(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    int64_t limit = 0;
    wm_conn conns[2];
    struct client clients[2];
    char group[32];
    for (int i = 0; i < 2; i++) {
        clients[i] = client_open(host, &conns[i]);
        assert_int_equal(wm_hub_bind(hub, "u", 1, conns[i]), 0);
    }
    assert_int_equal(wm_hub_get_int(hub, "max_groups", &limit), 0);
    assert_int_equal(limit, 128);
    for (int i = 0; i < limit; i++) {
        snprintf(group, sizeof group, "group %d", i);
        assert_int_equal(join(hub, group, conns[0]), 0);
    }
    assert_int_equal(join(hub, "more", conns[0]), WM_EFULL);
    assert_non_null(strstr(wm_last_error(), "max_groups"));
    assert_int_equal(send_to(hub, "more", "x"), 0);
    assert_int_equal(join(hub, "group 5", conns[0]), 0); /* it is in that one */
    assert_int_equal(join_uid(hub, "u", "more"), 1);     /* the other can */
    assert_int_equal(leave(hub, "more", conns[1]), 0);
    assert_int_equal(wm_hub_unbind(hub, conns[1]), 0);
    assert_int_equal(join_uid(hub, "u", "more"), WM_EFULL);
    assert_int_equal(leave(hub, "group 5", conns[0]), 0);
    assert_int_equal(join(hub, "more", conns[0]), 0);
    assert_int_equal(wm_hub_set_int(hub, "max_groups", 2), 0);
    assert_int_equal(leave(hub, "more", conns[0]), 0);
    assert_int_equal(join(hub, "more", conns[0]), WM_EFULL);
    assert_int_equal(send_to(hub, "group 127", "last"), 1);
    client_hear(host, &clients[0], "last\n");
    client_end(&clients[0]);
    client_end(&clients[1]);
    host_end(host);
}

static void group__is_any_bytes_of_1_to_255(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conn;
    int64_t connections = -1;
    char longest[256];
    memset(longest, 'g', sizeof longest);
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_hub_join(hub, "a\0b", 3, conn), 0);
    assert_int_equal(send_to(hub, "a", "x"), 0);
    assert_int_equal(wm_hub_group_send(hub, "a\0b", 3, NULL, 0, "nul", 3, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 1);
    assert_int_equal(wm_hub_join(hub, longest, 255, conn), 0);
    assert_int_equal(wm_hub_join(hub, longest, 256, conn), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "group has over 255 bytes"));
    assert_int_equal(wm_hub_join(hub, "", 0, conn), WM_EINVAL);
    assert_int_equal(wm_hub_join_uid(hub, "u", 1, longest, 256, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_leave_uid(hub, "u", 1, longest, 256, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_group_send(hub, longest, 256, NULL, 0, "x", 1, 0, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_leave(hub, longest, 255, conn), 0);
    client_hear(host, &client, "nul\n");
    client_end(&client);
    host_end(host);
}

static void group_send__counts_as_a_broadcast_does(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[4];
    struct client clients[4];
    ws_four_begin(host, clients, conns);
    for (int i = 0; i < 4; i++)
        assert_int_equal(join(hub, "g", conns[i]), 0);
    ws_four_end(conns);
    assert_int_equal(join(hub, "h", conns[2]), WM_ECLOSED);
    assert_int_equal(send_to(hub, "g", "of the group"), 1);
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->conn, conns[1]);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EFULL);
    ws_hear(host, &clients[0], WS_TEXT, "of the group");
    for (int i = 0; i < 4; i++)
        client_end(&clients[i]);
    host_end(host);
}

static void members_of_two_protocols__get_it_in_their_framing(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn page, line;
    struct client browser = ws_open(host, &page);
    host->worker = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(host->worker), 0);
    struct client terminal = client_open(host, &line);
    line = nth(host, WM_EVENT_CONNECT, 1)->conn;
    assert_int_equal(join(hub, "g", page), 0);
    assert_int_equal(join(hub, "g", line), 0);
    assert_int_equal(send_to(hub, "g", "to both"), 2);
    ws_hear(host, &browser, WS_TEXT, "to both");
    client_hear(host, &terminal, "to both\n");
    client_end(&browser);
    client_end(&terminal);
    host_end(host);
}

static void http__has_no_groups_and_another_app_has_its_own(void **state)
{
    struct host *host = host_begin(*state, "http");
    wm_hub *hub = wm_hub_new(host->app);
    wm_app *other = wm_app_new();
    wm_hub *foreign = wm_hub_new(other);
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    wm_conn conn = nth(host, WM_EVENT_CONNECT, 0)->conn;
    assert_int_equal(join(hub, "g", conn), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "group"));
    assert_int_equal(join(foreign, "g", conn), WM_EINVAL);
    assert_int_equal(leave(foreign, "g", conn), WM_EINVAL);
    assert_int_equal(join(hub, "g", 0), WM_ECLOSED);
    client_end(&client);
    wm_app_free(other);
    host_end(host);
}

static void hubs__have_groups_of_their_own(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *one = wm_hub_new(host->app), *two = wm_hub_new(host->app);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_hub_set_str(two, "name", "second"), 0);
    assert_int_equal(join(one, "g", conn), 0);
    assert_int_equal(send_to(two, "g", "x"), 0);
    assert_int_equal(join(two, "g", conn), 0);
    assert_int_equal(wm_hub_set_str(two, "name", "late"), WM_ESTATE);
    wm_hub_free(one);
    assert_int_equal(send_to(two, "g", "lives"), 1);
    client_hear(host, &client, "lives\n");
    wm_hub_free(two);
    assert_int_equal(wm_conn_send(conn, "open", 4, 0), 0);
    client_hear(host, &client, "open\n");
    client_end(&client);
    host_end(host);
}

/** Messages are rooms: "+g" joins one, "-g" leaves it, "=g" closes, anything else goes to the others in "g". */
static void chat(struct host *host, const wm_event *event)
{
    wm_hub *hub = host->context;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    const char *text = event->data;
    if (text[0] == '+')
        assert_int_equal(wm_hub_join(hub, text + 1, event->len - 1, event->conn), 0);
    else if (text[0] == '-')
        assert_int_equal(wm_hub_leave(hub, text + 1, event->len - 1, event->conn), 0);
    else if (text[0] == '=')
        assert_int_equal(wm_conn_close(event->conn, 0, NULL, 0), 0);
    else
        assert_int_equal(wm_hub_group_send(hub, "g", 1, "self", 4, text, event->len, 0, NULL, NULL, NULL, NULL), 0);
}

static void calls_in_callbacks__act_at_once(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    host->context = hub;
    wm_conn conns[2];
    struct client one = client_open(host, &conns[0]), two = client_open(host, &conns[1]);
    assert_int_equal(wm_hub_bind(hub, "self", 4, conns[0]), 0);
    host->react = chat;
    client_say(host, &two, "+g\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_say(host, &one, "+g\nhello\n-g\n+g\nagain\n=\n");
    client_hear(host, &two, "hello\nagain\n");
    client_hear_end(host, &one);
    client_end(&one);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    host->react = NULL;
    assert_int_equal(send_to(hub, "g", "one is left"), 1);
    client_hear(host, &two, "one is left\n");
    client_end(&two);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(join__reaches_members_alone_and_a_close_leaves_all_groups),
        SCENARIO(leave__ends_one_membership),
        SCENARIO(group__needs_no_uid_and_a_broadcast_does),
        SCENARIO(except__leaves_out_all_connections_of_a_uid),
        SCENARIO(join_uid__takes_those_that_there_are),
        SCENARIO(max_groups__is_how_many_a_connection_is_in),
        SCENARIO(group__is_any_bytes_of_1_to_255),
        SCENARIO(group_send__counts_as_a_broadcast_does),
        SCENARIO(members_of_two_protocols__get_it_in_their_framing),
        SCENARIO(http__has_no_groups_and_another_app_has_its_own),
        SCENARIO(hubs__have_groups_of_their_own),
        SCENARIO(calls_in_callbacks__act_at_once),
    };
    return RUN_SCENARIOS("hub_groups", scenarios);
}
