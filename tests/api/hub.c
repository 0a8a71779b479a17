/**
 * @file
 * The hub: binding, rebinding, several connections per uid, several hubs, arbitrary bytes as uid, counts.
 */
#include "support/ws_client.h"

static int64_t send_to(wm_hub *hub, const char *uid, const char *text)
{
    int64_t connections = -1;
    assert_int_equal(wm_hub_send(hub, uid, strlen(uid), text, strlen(text), 0, &connections, NULL, NULL, NULL), 0);
    return connections;
}

static int64_t online(wm_hub *hub, const char *uid)
{
    int64_t connections = -1;
    assert_int_equal(wm_hub_online(hub, uid, strlen(uid), &connections, NULL, NULL, NULL), 0);
    return connections;
}

static int bind_to(wm_hub *hub, const char *uid, wm_conn conn)
{
    return wm_hub_bind(hub, uid, strlen(uid), conn);
}

static void bind__reaches_that_connection_and_a_close_unbinds(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn one, two;
    struct client first = ws_open(host, &one), second = ws_open(host, &two);
    assert_int_equal(send_to(hub, "alice", "nobody"), 0);
    assert_int_equal(bind_to(hub, "alice", one), 0);
    assert_int_equal(bind_to(hub, "alice", one), 0);
    assert_int_equal(bind_to(hub, "bob", two), 0);
    assert_int_equal(online(hub, "alice"), 1);
    assert_int_equal(send_to(hub, "alice", "to alice"), 1);
    assert_int_equal(send_to(hub, "bob", "to bob"), 1);
    assert_int_equal(send_to(hub, "carol", "x"), 0);
    ws_hear(host, &first, WS_TEXT, "to alice");
    ws_hear(host, &second, WS_TEXT, "to bob");
    client_end(&first);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(send_to(hub, "alice", "gone"), 0);
    assert_int_equal(online(hub, "alice"), 0);
    assert_int_equal(bind_to(hub, "alice", one), WM_ECLOSED);
    assert_int_equal(wm_hub_unbind(hub, one), WM_ECLOSED);
    client_end(&second);
    host_end(host);
}

static void rebind__moves_and_unbind_ends(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_hub_unbind(hub, conn), WM_ESTATE);
    assert_int_equal(bind_to(hub, "old", conn), 0);
    assert_int_equal(bind_to(hub, "new", conn), 0);
    assert_int_equal(send_to(hub, "old", "x"), 0);
    assert_int_equal(send_to(hub, "new", "moved"), 1);
    client_hear(host, &client, "moved\n");
    assert_int_equal(wm_hub_unbind(hub, conn), 0);
    assert_int_equal(send_to(hub, "new", "x"), 0);
    assert_int_equal(wm_hub_unbind(hub, conn), WM_ESTATE);
    client_end(&client);
    host_end(host);
}

static void tabs__all_get_it_and_the_close_of_one_leaves_the_others(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[3];
    struct client tabs[3];
    for (int i = 0; i < 3; i++) {
        tabs[i] = ws_open(host, &conns[i]);
        assert_int_equal(bind_to(hub, "u", conns[i]), 0);
    }
    assert_int_equal(send_to(hub, "u", "all"), 3);
    for (int i = 0; i < 3; i++)
        ws_hear(host, &tabs[i], WS_TEXT, "all");
    client_end(&tabs[1]);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(send_to(hub, "u", "two"), 2);
    ws_hear(host, &tabs[0], WS_TEXT, "two");
    ws_hear(host, &tabs[2], WS_TEXT, "two");
    client_end(&tabs[0]);
    client_end(&tabs[2]);
    host_end(host);
}

static void max_per_uid__the_oldest_goes_with_1008(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    assert_int_equal(wm_hub_set_int(hub, "max_per_uid", 2), 0);
    wm_conn conns[3];
    struct client tabs[3];
    for (int i = 0; i < 3; i++) {
        tabs[i] = ws_open(host, &conns[i]);
        assert_int_equal(bind_to(hub, "u", conns[i]), 0);
    }
    assert_int_equal(online(hub, "u"), 2);
    assert_int_equal(send_to(hub, "u", "newer"), 2);
    ws_hear_close(host, &tabs[0], 1008);
    ws_hear(host, &tabs[1], WS_TEXT, "newer");
    ws_hear(host, &tabs[2], WS_TEXT, "newer");
    ws_say_close(host, &tabs[0], 1008);
    client_hear_end(host, &tabs[0]);
    client_end(&tabs[0]);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conns[0]), "connect open close(limit 1008 replaced)");
    client_end(&tabs[1]);
    client_end(&tabs[2]);
    host_end(host);
}

static void uid__is_any_bytes_of_1_to_255(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn one, two;
    struct client first = client_open(host, &one), second = client_open(host, &two);
    char longest[256];
    int64_t connections;
    memset(longest, 'u', sizeof longest);
    assert_int_equal(wm_hub_bind(hub, "a\0b", 3, one), 0);
    assert_int_equal(wm_hub_bind(hub, "a\0c", 3, two), 0);
    assert_int_equal(wm_hub_send(hub, "a\0b", 3, "b", 1, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 1);
    client_hear(host, &first, "b\n");
    assert_int_equal(wm_hub_online(hub, "a", 1, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 0);
    assert_int_equal(wm_hub_bind(hub, longest, 255, one), 0);
    assert_int_equal(wm_hub_bind(hub, longest, 256, one), WM_EINVAL);
    assert_int_equal(wm_hub_bind(hub, "", 0, one), WM_EINVAL);
    assert_int_equal(wm_hub_bind(hub, NULL, 0, one), WM_EINVAL);
    assert_int_equal(wm_hub_send(hub, longest, 255, "long", 4, 0, NULL, NULL, NULL, NULL), 0);
    client_hear(host, &first, "long\n");
    assert_int_equal(wm_hub_set_int(hub, "max_uid", 3), 0);
    assert_int_equal(wm_hub_bind(hub, "four", 4, one), WM_EINVAL);
    client_end(&first);
    client_end(&second);
    host_end(host);
}

static void hubs__do_not_know_of_each_other(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *users = wm_hub_new(host->app), *rooms = wm_hub_new(host->app);
    wm_conn one, two;
    struct client first = client_open(host, &one), second = client_open(host, &two);
    assert_int_equal(bind_to(users, "x", one), 0);
    assert_int_equal(bind_to(rooms, "x", two), 0);
    assert_int_equal(bind_to(rooms, "y", one), 0);
    assert_int_equal(send_to(users, "x", "user"), 1);
    assert_int_equal(send_to(rooms, "x", "room"), 1);
    int64_t connections;
    assert_int_equal(wm_hub_broadcast(rooms, "all", 3, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 2);
    assert_int_equal(wm_hub_broadcast(users, "some", 4, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 1);
    client_hear(host, &first, "user\nall\nsome\n");
    client_hear(host, &second, "room\nall\n");
    wm_hub_free(rooms);
    assert_int_equal(send_to(users, "x", "lives"), 1);
    client_hear(host, &first, "lives\n");
    client_end(&first);
    client_end(&second);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    assert_int_equal(send_to(users, "x", "x"), 0);
    wm_hub_free(users);
    wm_hub_free(NULL);
    host_end(host);
}

static void many_uids__are_each_reached(void **state)
{
    enum { CONNS = 100, REBINDS = 3000 };
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    struct client clients[CONNS];
    wm_conn conns[CONNS];
    int bound[CONNS];
    char uid[32];
    for (int i = 0; i < CONNS; i++)
        clients[i] = client_open(host, &conns[i]);
    uint32_t random = 1;
    for (int i = 0; i < REBINDS; i++) {
        random = random * 1664525 + 1013904223;
        int which = i < CONNS ? i : (int)(random >> 8) % CONNS;
        bound[which] = i;
        snprintf(uid, sizeof uid, "uid-%d", i);
        assert_int_equal(bind_to(hub, uid, conns[which]), 0);
    }
    for (int i = 0; i < CONNS; i++) {
        snprintf(uid, sizeof uid, "uid-%d", bound[i]);
        assert_int_equal(send_to(hub, uid, uid), 1);
    }
    for (int i = 0; i < CONNS; i++) {
        snprintf(uid, sizeof uid, "uid-%d\n", bound[i]);
        client_hear(host, &clients[i], uid);
        client_end(&clients[i]);
    }
    host_end(host); /* with connections that have not closed */
}

static void full_queue__is_not_counted_and_is_told_as_error(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(bind_to(hub, "u", conn), 0);
    assert_int_equal(wm_conn_set_int(conn, "max_send_buffer", 0), 0);
    assert_int_equal(send_to(hub, "u", "a"), 1);
    assert_int_equal(send_to(hub, "u", "b"), 0);
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EFULL);
    client_hear(host, &client, "a\n");
    client_end(&client);
    host_end(host);
}

static void hub_of_another_app__does_not_take_the_connection(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_app *other = wm_app_new();
    wm_hub *hub = wm_hub_new(other);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(bind_to(hub, "u", conn), WM_EINVAL);
    client_end(&client);
    wm_app_free(other);
    host_end(host);
}

static int64_t hub_broadcast(wm_hub *hub, const char *text)
{
    int64_t connections = -1;
    assert_int_equal(wm_hub_broadcast(hub, text, strlen(text), 0, &connections, NULL, NULL, NULL), 0);
    return connections;
}

static void broadcast__of_hub_and_worker_count_alike(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[4];
    struct client clients[4];
    ws_four_begin(host, clients, conns);
    for (int i = 0; i < 4; i++)
        assert_int_equal(bind_to(hub, "u", conns[i]), 0);
    ws_four_end(conns);
    assert_int_equal(hub_broadcast(hub, "of the hub"), 1);
    assert_int_equal(wm_worker_broadcast(host->worker, "of the worker", 13, 0), 1);
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->conn, conns[1]);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EFULL);
    ws_hear(host, &clients[0], WS_TEXT, "of the hub");
    ws_hear(host, &clients[0], WS_TEXT, "of the worker");
    for (int i = 0; i < 4; i++)
        client_end(&clients[i]);
    host_end(host);
}

static void done__is_not_called_for_a_result_at_once_and_destroy_is(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    int64_t connections = -1;
    int destroyed = 0;
    assert_int_equal(wm_hub_send(hub, "u", 1, "x", 1, WM_SEND_FIRST, &connections, NULL, &destroyed, count_destroy), 0);
    assert_int_equal(wm_hub_broadcast(hub, "x", 1, 0, &connections, NULL, &destroyed, count_destroy), 0);
    assert_int_equal(wm_hub_online(hub, "u", 1, &connections, NULL, &destroyed, count_destroy), 0);
    assert_int_equal(wm_hub_online(hub, NULL, 1, &connections, NULL, &destroyed, count_destroy), WM_EINVAL);
    settle(host);
    assert_int_equal(destroyed, 3);
    host_end(host);
}

static void name__is_an_option_until_a_connection_is_bound(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    const char *name = NULL;
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_hub_get_str(hub, "name", &name), 0);
    assert_string_equal(name, "hub");
    assert_int_equal(wm_hub_set_str(hub, "name", "rooms"), 0);
    assert_int_equal(bind_to(hub, "u", conn), 0);
    assert_int_equal(wm_hub_set_str(hub, "name", "late"), WM_ESTATE);
    assert_int_equal(wm_hub_get_str(hub, "name", &name), 0);
    assert_string_equal(name, "rooms");
    client_end(&client);
    host_end(host);
}

static void broadcast_except__leaves_a_uid_out(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conns[3];
    struct client clients[3];
    int64_t connections = -1;
    for (int i = 0; i < 3; i++) {
        clients[i] = client_open(host, &conns[i]);
        assert_int_equal(wm_hub_bind(hub, i < 2 ? "ann" : "bob", 3, conns[i]), 0);
    }
    assert_int_equal(wm_hub_broadcast_except(hub, "ann", 3, "1", 1, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 1);
    assert_int_equal(wm_hub_broadcast_except(hub, "bob", 3, "2", 1, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 2);
    assert_int_equal(wm_hub_broadcast_except(hub, "eve", 3, "3", 1, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 3);
    assert_int_equal(wm_hub_broadcast_except(hub, NULL, 0, "4", 1, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 3);
    for (int i = 0; i < 3; i++) {
        client_hear(host, &clients[i], i < 2 ? "2\n3\n4\n" : "1\n3\n4\n");
        client_end(&clients[i]);
    }
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(bind__reaches_that_connection_and_a_close_unbinds),
        SCENARIO(rebind__moves_and_unbind_ends),
        SCENARIO(tabs__all_get_it_and_the_close_of_one_leaves_the_others),
        SCENARIO(max_per_uid__the_oldest_goes_with_1008),
        SCENARIO(uid__is_any_bytes_of_1_to_255),
        SCENARIO(hubs__do_not_know_of_each_other),
        SCENARIO(many_uids__are_each_reached),
        SCENARIO(full_queue__is_not_counted_and_is_told_as_error),
        SCENARIO(broadcast__of_hub_and_worker_count_alike),
        SCENARIO(broadcast_except__leaves_a_uid_out),
        SCENARIO(done__is_not_called_for_a_result_at_once_and_destroy_is),
        SCENARIO(name__is_an_option_until_a_connection_is_bound),
        SCENARIO(hub_of_another_app__does_not_take_the_connection),
    };
    return RUN_SCENARIOS("hub", scenarios);
}
