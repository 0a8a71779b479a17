/**
 * @file
 * The stop event of a worker, and what a host in pull mode learns of its process: by on_stop and by WM_EVENT_STOP alike.
 */
#include "support/client.h"

static void until_stopped(struct host *host)
{
    int64_t guard = clock_ms() + GUARD_MS;
    while (turn(host, 5) != WM_ESTOPPED)
        assert_true(clock_ms() < guard);
}

static void send_farewell(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_STOP)
        assert_int_equal(wm_conn_send(*(wm_conn *)host->context, "bye", 3, 0), 0);
}

static void stop__a_message_sent_in_the_stop_event_arrives(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    host->context = &conn;
    host->react = send_farewell;
    assert_int_equal(wm_app_stop(host->app), 0);
    client_hear(host, &client, "bye\n");
    client_hear_end(host, &client);
    client_end(&client);
    until_stopped(host);
    assert_string_equal(trace(host, 0), "connect open stop closing close(stop)");
    host_end(host);
}

static void stop__one_event_a_worker(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_worker *second = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(second), 0);
    wm_worker *silent = host_worker(host, "text"); /* starts with the app */
    turn(host, 0);
    assert_int_equal(wm_app_stop(host->app), 0);
    until_stopped(host);
    assert_int_equal(count_of(host, WM_EVENT_STOP), 3);
    assert_ptr_equal(nth(host, WM_EVENT_STOP, 0)->worker, silent);
    assert_ptr_equal(nth(host, WM_EVENT_STOP, 1)->worker, second);
    assert_ptr_equal(nth(host, WM_EVENT_STOP, 2)->worker, host->worker);
    host_end(host);
}

static void free_the_other(struct host *host, const wm_event *event)
{
    wm_worker *other = (wm_worker *)host->context;
    if (event->kind == WM_EVENT_STOP && event->worker != other && other) {
        host->context = NULL;
        wm_worker_free(other);
    }
}

static void stop__a_worker_freed_in_the_event_of_another(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_worker *second = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(second), 0);
    turn(host, 0);
    host->context = host->worker; /* whose event comes last */
    host->react = free_the_other;
    assert_int_equal(wm_app_stop(host->app), 0);
    until_stopped(host);
    assert_true(count_of(host, WM_EVENT_STOP) >= 1 && count_of(host, WM_EVENT_STOP) <= 2);
    host_end(host);
}

static void stop__again_in_the_stop_event(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct client client = client_open(host, NULL);
    assert_int_equal(wm_app_stop(host->app), 0);
    until(host, count_of(host, WM_EVENT_STOP) == 1);
    assert_int_equal(wm_app_stop(host->app), 0);
    until_stopped(host);
    assert_string_equal(trace(host, 0), "connect open stop closing close(stop)");
    client_end(&client);
    host_end(host);
}

static void index__without_a_master(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_index(host->worker), 0);
    assert_int_equal(wm_worker_index(NULL), WM_EINVAL);
    host_end(host);
}

static void expect_head(struct host *host, const wm_event *event)
{
    static const char *const heads[] = {"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n",
                                        "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"};
    static const char *const bodies[] = {"", "body", "chunked"};
    if (event->kind != WM_EVENT_MESSAGE || host->setting->cap == 0)
        return;
    size_t *seen = (size_t *)host->context;
    assert_int_equal(event->detail, strlen(heads[*seen]));
    assert_int_equal(event->len, strlen(bodies[*seen]));
    const char *data = (const char *)event->data;
    assert_memory_equal(data - event->detail, heads[*seen], strlen(heads[*seen]));
    assert_memory_equal(data, bodies[*seen], event->len);
    ++*seen;
}

static void message__the_head_of_an_http_request_stands_before_its_body(void **state)
{
    struct host *host = host_begin(*state, "http");
    size_t seen = 0;
    host->context = &seen;
    host->react = expect_head;
    struct client client = client_open(host, NULL);
    client_say(host, &client, "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    client_say(host, &client, "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nchunk\r\n");
    settle(host);
    client_say(host, &client, "2\r\ned\r\n0\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_int_equal(seen, host->setting->cap == 0 ? 0 : 3);
    client_end(&client);
    host_end(host);
}

/* A record of it would point to freed memory: the worker ends before the poll that delivers the record. */
static void stop__none_of_a_freed_worker(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_worker *other = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(other), 0);
    turn(host, 0);
    struct client client = client_to(other);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    wm_worker_free(other);
    assert_int_equal(wm_app_stop(host->app), 0);
    while (turn(host, 0) != WM_ESTOPPED) {
    }
    assert_string_equal(wm_last_error(), "the app has stopped");
    assert_int_equal(count_of(host, WM_EVENT_STOP), 1);
    assert_ptr_equal(nth(host, WM_EVENT_STOP, 0)->worker, host->worker);
    client_end(&client);
    host_end(host);
}

static void count_stop(wm_worker *worker, void *user)
{
    assert_non_null(wm_worker_address(worker));
    ++*(int *)user;
}

/* The stop is due at the end of the turn, in which the worker ends. */
static void stop__of_a_worker_freed_behind_it(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_worker *other = host_worker(host, "text");
    int stops = 0;
    assert_int_equal(wm_worker_on_stop(other, count_stop, &stops, NULL), 0);
    assert_int_equal(wm_worker_listen(other), 0);
    turn(host, 0);
    struct client client = client_to(other);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_int_equal(wm_worker_stop(other), 0);
    wm_worker_free(other);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_int_equal(stops, 1);
    client_end(&client);
    host_end(host);
    assert_int_equal(stops, 1);
}

struct counts {
    int64_t read, written;
};

static void count_at_close(struct host *host, const wm_event *event)
{
    struct counts *counts = (struct counts *)host->context;
    if (event->kind == WM_EVENT_MESSAGE)
        wm_conn_send(event->conn, event->data, event->len, 0);
    if (event->kind == WM_EVENT_CLOSE) {
        counts->read = wm_conn_bytes_read(event->conn);
        counts->written = wm_conn_bytes_written(event->conn);
    }
}

static void close__counters_are_known_until_the_next_poll(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct counts counts = {0, 0};
    host->context = &counts;
    host->react = count_at_close;
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "hello\r\n");
    client_hear(host, &client, "hello\n");
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(counts.read, 7);
    assert_int_equal(counts.written, 6);
    turn(host, 0);
    assert_int_equal(wm_conn_bytes_read(conn), WM_ECLOSED);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(stop__a_message_sent_in_the_stop_event_arrives),
        SCENARIO(stop__one_event_a_worker),
        SCENARIO(stop__a_worker_freed_in_the_event_of_another),
        SCENARIO(stop__none_of_a_freed_worker),
        SCENARIO(stop__of_a_worker_freed_behind_it),
        SCENARIO(stop__again_in_the_stop_event),
        SCENARIO(close__counters_are_known_until_the_next_poll),
        SCENARIO(index__without_a_master),
        SCENARIO(message__the_head_of_an_http_request_stands_before_its_body),
    };
    return RUN_SCENARIOS("stop_events", scenarios);
}
