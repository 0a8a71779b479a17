/**
 * @file
 * Messages with a key for a peer that reads too slowly: only the newest of each key waits, at its place.
 */
#include "support/slow_peer.h"

static void latest__the_newest_of_each_key_arrives_at_its_place(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    size_t filled = fill(host, conn);
    char text[32];
    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof text, "percent %d", i);
        assert_in_range(latest(conn, "percent", text), 0, WM_BACKPRESSURE);
    }
    int64_t queued = wm_conn_send_queue_size(conn);
    assert_in_range(latest(conn, "state", "busy"), 0, WM_BACKPRESSURE);
    assert_int_equal(wm_conn_send_queue_size(conn), queued + 5);
    assert_in_range(sent(conn, "note"), 0, WM_BACKPRESSURE); /* it may not be dropped, and goes behind */
    assert_in_range(latest(conn, "percent", "percent 500"), 0, WM_BACKPRESSURE);
    assert_in_range(latest(conn, "perc", "another key"), 0, WM_BACKPRESSURE);
    assert_in_range(latest(conn, "percent", "percent 501"), 0, WM_BACKPRESSURE);
    hear_after_fill(host, &client, filled, "busy\nnote\nanother key\npercent 501\n");
    settle(host);
    assert_int_equal(wm_conn_send_queue_size(conn), 0);
    assert_int_equal(latest(conn, "percent", "to a quick one"), 0); /* leaves at once */
    assert_int_equal(latest(conn, "percent", "all arrives"), 0);
    client_hear(host, &client, "to a quick one\nall arrives\n");
    client_end(&client);
    host_end(host);
}

static void latest__without_a_key_is_one_message(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_set_int(conn, "slow_policy", WM_SLOW_LATEST), 0);
    assert_int_equal(sent(conn, "not slow yet"), 0);
    assert_int_equal(sent(conn, "so this one, too"), 0);
    client_hear(host, &client, "not slow yet\nso this one, too\n");
    assert_int_equal(wm_conn_set_int(conn, "slow_policy", WM_SLOW_REFUSE), 0);
    size_t filled = fill(host, conn);
    assert_int_equal(wm_conn_set_int(conn, "slow_policy", WM_SLOW_LATEST), 0);
    assert_true(sent(conn, "one") >= 0);
    assert_true(latest(conn, "key", "k") >= 0);
    assert_true(sent(conn, "two") >= 0);
    assert_true(wm_conn_send(conn, "three", 5, WM_SEND_SLOW_LATEST) >= 0);
    hear_after_fill(host, &client, filled, "k\nthree\n");
    client_end(&client);
    host_end(host);
}

/** What max_send_buffer refuses before the kernel was asked waits as what it is. */
static void latest__the_first_that_waits_has_its_key(void **state)
{
    static char line[12000];
    memset(line, 'f', sizeof line);
    for (int encodes = 0; encodes <= 1; encodes++) {
        struct host *host = host_begin(*state, encodes ? NULL : "text");
        int encoded = 0;
        if (encodes)
            serve_bracketed(host, &encoded);
        wm_conn conn;
        struct client client = client_open(host, &conn);
        assert_int_equal(wm_conn_set_int(conn, "max_send_buffer", 4096), 0);
        char text[32];
        int64_t unsent;
        int n = 0;
        do {
            assert_true(++n < 10000);
            assert_true(wm_conn_send(conn, line, sizeof line, 0) >= 0);
            unsent = wm_conn_send_queue_size(conn);
            snprintf(text, sizeof text, "%d", n);
            assert_true(latest(conn, "a", text) >= 0);
        } while (wm_conn_send_queue_size(conn) < 100);
        assert_in_range(unsent, sizeof line, 16384); /* the last send has met no queue */
        assert_true(latest(conn, "a", "newer") >= 0);
        until(host, ends_with(&client, encodes ? "[newer]\n" : "newer\n"));
        assert_true(ends_with(&client, encodes ? "f]\n[newer]\n" : "f\nnewer\n"));
        assert_int_equal(client.ended, 0);
        client_end(&client);
        host_end(host);
    }
}

static void hub__keys_of_uids_groups_and_all(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn slow, quick, third;
    struct client one = client_open(host, &slow), two = client_open(host, &quick), three = client_open(host, &third);
    assert_int_equal(wm_hub_bind(hub, "u", 1, slow), 0);
    assert_int_equal(wm_hub_bind(hub, "u", 1, quick), 0);
    assert_int_equal(wm_hub_bind(hub, "v", 1, third), 0);
    assert_int_equal(wm_hub_join(hub, "g", 1, slow), 0);
    assert_int_equal(wm_hub_join(hub, "g", 1, third), 0);
    fill(host, slow);
    int64_t connections = 0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wm_hub_send_latest(hub, "u", 1, "k", 1, "uid", 3, 0, &connections, NULL, NULL, NULL), 0);
        assert_int_equal(connections, 2);
        assert_int_equal(wm_hub_group_send_latest(hub, "g", 1, "v", 1, "l", 1, "group", 5, 0, &connections, NULL, NULL, NULL), 0);
        assert_int_equal(connections, 1);
        assert_int_equal(wm_hub_broadcast_latest(hub, NULL, 0, "m", 1, "all", 3, 0, &connections, NULL, NULL, NULL), 0);
        assert_int_equal(connections, 3);
        assert_int_equal(wm_hub_broadcast_latest(hub, "u", 1, "n", 1, "not u", 5, 0, &connections, NULL, NULL, NULL), 0);
        assert_int_equal(connections, 1);
    }
    assert_int_equal(wm_hub_send_latest(hub, "w", 1, "k", 1, "none", 4, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 0);
    client_hear(host, &two, "uid\nall\nuid\nall\nuid\nall\n");
    client_hear(host, &three, "all\nnot u\nall\nnot u\nall\nnot u\n");
    until(host, ends_with(&one, "f\nuid\ngroup\nall\n"));
    assert_int_equal(one.ended, 0);
    assert_int_equal(wm_hub_send_latest(hub, "u", 1, NULL, 0, "x", 1, 0, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_send_latest(hub, "", 0, "k", 1, "x", 1, 0, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_send_latest(hub, "u", 1, "k", 1, "x", 1, WM_SEND_SLOW_CLOSE, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_group_send_latest(hub, "g", 1, NULL, 0, "", 0, "x", 1, 0, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_broadcast_latest(hub, NULL, 0, "k", 1, NULL, 1, 0, NULL, NULL, NULL, NULL), WM_EINVAL);
    client_end(&one);
    client_end(&two);
    client_end(&three);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(latest__the_newest_of_each_key_arrives_at_its_place, OVER_PAIRS),
        SCENARIO_NOT_OVER(latest__without_a_key_is_one_message, OVER_PAIRS),
        SCENARIO_NOT_OVER(latest__the_first_that_waits_has_its_key, OVER_PAIRS),
        SCENARIO_NOT_OVER(hub__keys_of_uids_groups_and_all, OVER_PAIRS),
    };
    return RUN_SCENARIOS("slow_keys", scenarios);
}
