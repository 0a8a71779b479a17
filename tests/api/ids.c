/**
 * @file
 * Ids: stale, of another kind, 0, random numbers; they fit in a double and are not reused.
 */
#include "support/client.h"

static void expect_closed(wm_conn conn)
{
    char out[64];
    int64_t value;
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ECLOSED);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), WM_ECLOSED);
    assert_int_equal(wm_conn_destroy(conn), WM_ECLOSED);
    assert_int_equal(wm_conn_pause_recv(conn), WM_ECLOSED);
    assert_int_equal(wm_conn_resume_recv(conn), WM_ECLOSED);
    assert_int_equal(wm_conn_remote_ip(conn, out, sizeof out), WM_ECLOSED);
    assert_int_equal(wm_conn_remote_port(conn), WM_ECLOSED);
    assert_int_equal(wm_conn_local_address(conn, out, sizeof out), WM_ECLOSED);
    assert_int_equal(wm_conn_bytes_read(conn), WM_ECLOSED);
    assert_int_equal(wm_conn_bytes_written(conn), WM_ECLOSED);
    assert_int_equal(wm_conn_send_queue_size(conn), WM_ECLOSED);
    assert_int_equal(wm_conn_set_int(conn, "max_message", 5), WM_ECLOSED);
    assert_int_equal(wm_conn_get_int(conn, "max_message", &value), WM_ECLOSED);
    assert_int_equal(wm_conn_set_user(conn, NULL, NULL), WM_ECLOSED);
    assert_null(wm_conn_user(conn));
    assert_null(wm_conn_worker(conn));
    assert_int_equal(wm_message_request(conn), 0);
}

static void expect_no_request(wm_request request)
{
    const void *out, *value;
    size_t len, value_len;
    assert_int_equal(wm_request_method(request, &out, &len), WM_ECLOSED);
    assert_int_equal(wm_request_body(request, &out, &len), WM_ECLOSED);
    assert_int_equal(wm_request_version(request, &out, &len), WM_ECLOSED);
    assert_int_equal(wm_request_header(request, "Host", &out, &len), WM_ECLOSED);
    assert_int_equal(wm_request_header_at(request, 0, &out, &len, &value, &value_len), WM_ECLOSED);
    assert_int_equal(wm_request_conn(request), 0);
    assert_int_equal(wm_request_keep(request), WM_ECLOSED);
    assert_int_equal(wm_request_respond(request, 200, NULL, 0, NULL, 0, 0), WM_ECLOSED);
    assert_int_equal(wm_handshake_accept(request, NULL, 0), WM_ECLOSED);
    assert_int_equal(wm_handshake_reject(request, 403, NULL, 0, NULL, 0), WM_ECLOSED);
}

static void no_timer(wm_timer timer, void *user)
{
    (void)timer;
    (void)user;
}

static void stale_and_foreign_ids__are_closed_and_never_crash(void **state)
{
    struct host *host = host_begin(*state, "http");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    wm_request request = nth(host, WM_EVENT_MESSAGE, 0)->id;
    wm_timer timer = wm_timer_add(host->app, 1000000, 0, no_timer, NULL, NULL);
    assert_int_equal(wm_request_conn(request), conn);

    expect_closed(0);
    expect_closed(request);
    expect_closed(timer);
    expect_no_request(0);
    expect_no_request(conn);
    expect_no_request(timer);
    assert_int_equal(wm_timer_del(0), WM_ECLOSED);
    assert_int_equal(wm_timer_del(conn), WM_ECLOSED);
    assert_int_equal(wm_timer_del(request), WM_ECLOSED);
    assert_int_equal(wm_timer_del(timer), 0);
    assert_int_equal(wm_timer_del(timer), WM_ECLOSED);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint64_t id = i % 2 ? random : random & ((1ull << 53) - 1);
        if (id == conn || id == request)
            continue;
        assert_int_equal(wm_conn_send(id, "x", 1, 0), WM_ECLOSED);
        assert_int_equal(wm_request_keep(id), WM_ECLOSED);
        assert_int_equal(wm_timer_del(id), WM_ECLOSED);
        wm_worker_next_conn(host->worker, id);
    }
    assert_int_equal(wm_conn_destroy(conn), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    client_end(&client);
    turn(host, 0); /* until then the counters of a closed connection are known */
    expect_closed(conn);
    expect_no_request(request);
    host_end(host);
    expect_closed(conn);
    expect_no_request(request);
}

static int compare(const void *a, const void *b)
{
    const wm_conn *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

static void ids__of_many_connections_fit_53_bits_and_none_comes_twice(void **state)
{
    enum { ROUNDS = 1500 };
    struct host *host = host_begin(*state, "text");
    wm_conn *seen = calloc(ROUNDS, sizeof *seen);
    for (int i = 0; i < ROUNDS; i++) {
        size_t closed = count_of(host, WM_EVENT_CLOSE);
        struct client client = client_begin(host);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == closed + 1);
        seen[i] = host->events[host->count - 1].conn;
        assert_true(seen[i] > 0 && seen[i] < 1ull << 53);
        assert_int_equal(wm_conn_send(seen[i], "x", 1, 0), WM_ECLOSED);
        if (i % 100 == 99)
            host_forget(host);
    }
    qsort(seen, ROUNDS, sizeof *seen, compare);
    for (int i = 1; i < ROUNDS; i++)
        assert_true(seen[i] != seen[i - 1]);
    free(seen);
    host_end(host);
}

/* Hash tables of PHP and Python take an integer's low bits. */
static void ids__of_live_things_differ_in_their_low_bits(void **state)
{
    enum { COUNT = 64 };
    struct host *host = host_begin(*state, "text");
    struct client clients[COUNT];
    char conns[COUNT] = {0}, timers[COUNT] = {0};
    for (int i = 0; i < COUNT; i++) {
        wm_conn conn;
        clients[i] = client_open(host, &conn);
        conns[conn % COUNT] = 1;
        timers[wm_timer_add(host->app, 1000000, 0, no_timer, NULL, NULL) % COUNT] = 1;
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(conns[i], 1);
        assert_int_equal(timers[i], 1);
        client_end(&clients[i]);
    }
    host_end(host);
}

static void next_conn__walks_all_and_conn_count_says_how_many(void **state)
{
    enum { CONNS = 20 };
    struct host *host = host_begin(*state, "text");
    struct client clients[CONNS];
    wm_conn conns[CONNS];
    assert_int_equal(wm_worker_next_conn(host->worker, 0), 0);
    for (int i = 0; i < CONNS; i++)
        clients[i] = client_open(host, &conns[i]);
    for (int i = 0; i < CONNS; i += 2)
        client_end(&clients[i]);
    until(host, count_of(host, WM_EVENT_CLOSE) == CONNS / 2);
    assert_int_equal(wm_worker_conn_count(host->worker), CONNS / 2);
    int met[CONNS] = {0}, steps = 0;
    for (wm_conn conn = 0; (conn = wm_worker_next_conn(host->worker, conn)) != 0; steps++)
        for (int i = 0; i < CONNS; i++)
            met[i] += conns[i] == conn;
    assert_int_equal(steps, CONNS / 2);
    for (int i = 0; i < CONNS; i++)
        assert_int_equal(met[i], i % 2);
    assert_int_equal(wm_worker_next_conn(host->worker, conns[0]), 0);
    for (int i = 1; i < CONNS; i += 2)
        client_end(&clients[i]);
    host_end(host);
}

static void app_index__used_again_goes_on_with_its_generations(void **state)
{
    wm_conn old[30];
    for (int round = 0; round < 30; round++) {
        struct host *host = host_begin(*state, "text");
        struct client client = client_open(host, &old[round]);
        for (int i = 0; i < round; i++) {
            assert_true(old[i] != old[round]);
            expect_closed(old[i]);
        }
        assert_int_equal(wm_conn_send(old[round], "x", 1, 0), 0);
        client_end(&client);
        host_end(host);
        expect_closed(old[round]);
    }
}

static void addresses__of_both_ends(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char ip[64], address[128], expected[128];
    int len = wm_conn_remote_ip(conn, ip, sizeof ip);
    assert_int_equal(len, strlen(ip));
    enum transport transport = host->setting->transport;
    assert_string_equal(ip, transport == UNIX ? "" : transport == TCP6 ? "::1" : "127.0.0.1");
    assert_int_equal(wm_conn_local_ip(conn, ip, sizeof ip), len);
    len = wm_conn_local_address(conn, address, sizeof address);
    assert_int_equal(len, strlen(address));
    assert_string_equal(address, strstr(wm_worker_address(host->worker), "://") + 3);
    assert_int_equal(wm_conn_local_address(conn, address, strlen(address)), WM_EMSGSIZE);
    if (transport != UNIX) {
        assert_int_equal(wm_conn_local_port(conn), atoi(strrchr(wm_worker_address(host->worker), ':') + 1));
        len = wm_conn_remote_address(conn, address, sizeof address);
        assert_int_equal(len, strlen(address));
        snprintf(expected, sizeof expected, transport == TCP6 ? "[%s]:%d" : "%s:%d", ip, wm_conn_remote_port(conn));
        assert_string_equal(address, expected);
    } else {
        assert_int_equal(wm_conn_remote_port(conn), 0);
    }
    client_end(&client);
    host_end(host);
}

static void user__of_a_connection_is_given_back_once(void **state)
{
    struct host *host = host_begin(*state, "text");
    int first = 0, second = 0, third = 0;
    wm_conn conn, other;
    struct client client = client_open(host, &conn), stays = client_open(host, &other);
    assert_null(wm_conn_user(conn));
    assert_int_equal(wm_conn_set_user(conn, &first, count_destroy), 0);
    assert_ptr_equal(wm_conn_user(conn), &first);
    assert_int_equal(wm_conn_set_user(conn, &second, count_destroy), 0);
    settle(host);
    assert_int_equal(first, 1);
    assert_int_equal(wm_conn_set_user(other, &third, count_destroy), 0);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_ptr_equal(nth(host, WM_EVENT_CLOSE, 0)->user, &second);
    settle(host);
    assert_int_equal(second, 1);
    assert_int_equal(third, 0);
    client_end(&stays);
    host_end(host); /* with a live connection */
    assert_int_equal(first, 1);
    assert_int_equal(second, 1);
    assert_int_equal(third, 1);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(stale_and_foreign_ids__are_closed_and_never_crash),  SCENARIO(ids__of_many_connections_fit_53_bits_and_none_comes_twice),
        SCENARIO(ids__of_live_things_differ_in_their_low_bits),       SCENARIO(next_conn__walks_all_and_conn_count_says_how_many),
        SCENARIO(app_index__used_again_goes_on_with_its_generations), SCENARIO(addresses__of_both_ends),
        SCENARIO(user__of_a_connection_is_given_back_once),
    };
    return RUN_SCENARIOS("ids", scenarios);
}
