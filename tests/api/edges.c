/**
 * @file
 * Edge cases of the contract: before the open event and the start, at the stop, when an app is freed, between threads, when
 * descriptors run out.
 */
#include "support/ws_client.h"

#include <pthread.h>
#include <sys/resource.h>

static const struct setting PULL = {"poll of 256", 256, TCP}, CALLBACKS = {"callbacks", 0, TCP};

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>

static void send_much_at_connect(struct host *host, const wm_event *event)
{
    static char block[300000];
    (void)host;
    memset(block, 'x', sizeof block);
    if (event->kind == WM_EVENT_CONNECT)
        assert_int_equal(wm_conn_send(event->conn, block, sizeof block, 0), WM_BACKPRESSURE);
}

static void before_open__backpressure_is_followed_by_drain(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "websocket");
    host->react = send_much_at_connect;
    struct client client = client_begin(host);
    client_say(host, &client, WS_REQUEST);
    until(host, client_has(&client, 300000));
    settle(host);
    assert_string_equal(trace(host, 0), "connect open full drain");
    client_end(&client);
    host_end(host);
}

static void post__after_the_stop_is_estopped(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    turn(host, 0);
    wm_app_stop(host->app);
    while (turn(host, 0) != WM_ESTOPPED) {
    }
    assert_int_equal(wm_app_post(host->app, NULL, NULL, NULL), WM_ESTOPPED);
    host_end(host);
}

static int order[32], ordered;
static void on_order(wm_timer timer, void *user)
{
    (void)timer;
    order[ordered++] = (int)(intptr_t)user;
}

static void order__of_the_same_due_time_is_that_of_adding(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    int64_t now = clock_ms();
    while (clock_ms() == now) {
    }
    for (int i = 0; i < 20; i++)
        wm_timer_add(host->app, 5, 0, on_order, (void *)(intptr_t)i, NULL);
    until(host, ordered == 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(order[i], i);
    host_end(host);
}

static void pause_accept__before_the_start_holds(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    assert_int_equal(wm_worker_pause_accept(host->worker), 0);
    struct client client = client_begin(host);
    settle(host);
    assert_int_equal(host->count, 0);
    client_end(&client);
    host_end(host);
}

static void quiet_log(int32_t level, const void *text, size_t len, void *user)
{
    (void)level, (void)text, (void)len, (void)user;
}

static void emfile__before_the_first_accept_sheds_too(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    wm_log_set(quiet_log, NULL, NULL);
    turn(host, 0);
    struct client client = client_begin(host);
    int top = dup(0);
    struct rlimit before, low;
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = (rlim_t)top + 1;
    setrlimit(RLIMIT_NOFILE, &low);
    for (int i = 0; i < 200; i++)
        turn(host, 0);
    int ended = client_ended(&client);
    setrlimit(RLIMIT_NOFILE, &before);
    wm_log_set(NULL, NULL, NULL);
    close(top);
    assert_true(ended);
    client_end(&client);
    host_end(host);
}

static void stop_on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)conn, (void)data, (void)len, (void)kind;
    *(int *)user = 1;
    wm_app_stop(wm_worker_app(worker));
}

static void *stop_after_a_while(void *user)
{
    struct timespec wait = {2, 0};
    nanosleep(&wait, NULL);
    wm_app_stop(user);
    return NULL;
}

static void run__after_polls_reads(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "raw");
    struct client clients[8];
    static char block[100000];
    for (int i = 0; i < 8; i++)
        clients[i] = client_open(host, NULL);
    for (int i = 0; i < 8; i++)
        send(clients[i].fd, block, sizeof block, MSG_NOSIGNAL);
    int got = 0;
    assert_true(wm_app_poll(host->app, host->batch, 256, 100) > 3);
    assert_int_equal(wm_worker_on_message(host->worker, stop_on_message, &got, NULL), 0);
    pthread_t thread;
    pthread_create(&thread, NULL, stop_after_a_while, host->app);
    assert_int_equal(wm_app_set_int(host->app, "stop_timeout_ms", 0), 0);
    send(clients[0].fd, "x", 1, MSG_NOSIGNAL);
    wm_app_run(host->app);
    pthread_join(thread, NULL);
    assert_int_equal(got, 1);
    host_end(host);
}

static void poll_in_stop(wm_worker *worker, void *user)
{
    *(int *)user = wm_app_run_once(wm_worker_app(worker), 0);
}

static void on_stop__of_a_call_between_polls_is_a_callback_too(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    turn(host, 0);
    int result = 0;
    wm_worker_on_stop(host->worker, poll_in_stop, &result, NULL);
    wm_worker_stop(host->worker);
    assert_int_equal(result, 0);
    turn(host, 0);
    assert_int_equal(result, WM_ESTATE);
    host_end(host);
}

static void free_in_stop(wm_worker *worker, void *user)
{
    (void)user;
    wm_app_free(wm_worker_app(worker));
}

static void on_stop__of_a_call_between_polls_may_free_the_app(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    turn(host, 0);
    wm_worker_on_stop(host->worker, free_in_stop, NULL, NULL);
    wm_worker_stop(host->worker);
    turn(host, 0);
    free(host);
}

static int freed_app;
static void app_gone(void *user)
{
    (void)user;
    freed_app++;
}
static pthread_barrier_t both;
static void *run_it(void *user)
{
    wm_app_run(user);
    pthread_barrier_wait(&both); /* the thread stays alive, so that its token is not reused */
    pthread_barrier_wait(&both);
    return NULL;
}

static void app_free__after_the_run_of_another_thread_has_ended(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, NULL);
    wm_worker_set_user(worker, &freed_app, app_gone);
    wm_app_stop(app);
    pthread_barrier_init(&both, NULL, 2);
    pthread_t thread;
    pthread_create(&thread, NULL, run_it, app);
    pthread_barrier_wait(&both);
    wm_app_free(app);
    pthread_barrier_wait(&both);
    pthread_join(thread, NULL);
    assert_int_equal(freed_app, 1);
}

struct late {
    wm_conn conn;
    const void *data;
    size_t len;
    int flags, result;
};
static void *send_late(void *user)
{
    struct late *late = user;
    late->result = wm_conn_send(late->conn, late->data, late->len, late->flags);
    return NULL;
}

static void thread_send__raw_on_http_leaves_as_it_is(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "http");
    struct late late = {0, "RAW", 3, WM_SEND_RAW, 0};
    struct client client = client_open(host, &late.conn);
    assert_int_equal(send(client.fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, 0), 27);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    pthread_t thread;
    pthread_create(&thread, NULL, send_late, &late);
    pthread_join(thread, NULL);
    client_hear(host, &client, "RAW");
    client_end(&client);
    host_end(host);
}

static void thread_send__too_long_is_told(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    assert_int_equal(wm_app_set_int(host->app, "max_queue_total", 1 << 20), 0);
    char *long_one = calloc(1, 2 << 20);
    struct late late = {0, long_one, 2 << 20, 0, 0};
    struct client client = client_open(host, &late.conn);
    pthread_t thread;
    pthread_create(&thread, NULL, send_late, &late);
    pthread_join(thread, NULL);
    settle(host);
    assert_int_equal(late.result, WM_QUEUED);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EMSGSIZE);
    client_end(&client);
    host_end(host);
    free(long_one);
}

static void next_conn__of_a_request_id_is_0(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "http");
    wm_conn one, two;
    struct client first = client_open(host, &one), second = client_open(host, &two);
    assert_int_equal(send(first.fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, 0), 27);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    wm_request request = nth(host, WM_EVENT_MESSAGE, 0)->id;
    assert_int_equal(wm_worker_next_conn(host->worker, request), 0);
    (void)second;
    host_end(host);
}

static void close_at_open(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_OPEN)
        wm_conn_close(event->conn, 0, NULL, 0);
}

static void close_in_open__with_a_frame_behind_the_handshake(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "websocket");
    host->react = close_at_open;
    struct client client = client_begin(host);
    char bytes[600];
    size_t len = strlen(WS_REQUEST);
    memcpy(bytes, WS_REQUEST, len);
    len += ws_frame(bytes + len, 0x81, "x", 1);
    assert_int_equal(send(client.fd, bytes, len, 0), (ssize_t)len);
    assert_int_equal(http_head(host, &client, NULL), 101);
    ws_hear_close(host, &client, 1000);
    client_end(&client);
    host_end(host);
}

struct feeder {
    struct client *client;
    int fed;
};
static void feed_again(struct host *host, const wm_event *event)
{
    struct feeder *feeder = host->context;
    if (event->kind == WM_EVENT_MESSAGE && feeder->fed++ < 1000)
        send(feeder->client->fd, "x\n", 2, MSG_NOSIGNAL);
}

static void run_once__of_timeout_0_is_one_turn(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    struct client client = client_open(host, NULL);
    struct feeder feeder = {&client, 0};
    host->context = &feeder;
    host->react = feed_again;
    send(client.fd, "x\n", 2, MSG_NOSIGNAL);
    turn(host, 0);
    assert_true(feeder.fed <= 1);
    client_end(&client);
    host_end(host);
}

static pthread_barrier_t started;
static void *accept_once(void *user)
{
    (void)user;
    struct host *host = host_begin(&CALLBACKS, "text");
    turn(host, 0);
    struct client client = client_begin(host);
    pthread_barrier_wait(&started);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    pthread_barrier_wait(&started);
    client_end(&client);
    host_end(host);
    return NULL;
}

static void first_accepts__of_two_apps_in_two_threads_do_not_race(void **state)
{
    (void)state;
    pthread_t threads[2];
    pthread_barrier_init(&started, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, accept_once, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_open__backpressure_is_followed_by_drain),
        cmocka_unit_test(post__after_the_stop_is_estopped),
        cmocka_unit_test(order__of_the_same_due_time_is_that_of_adding),
        cmocka_unit_test(pause_accept__before_the_start_holds),
        cmocka_unit_test(emfile__before_the_first_accept_sheds_too),
        cmocka_unit_test(run__after_polls_reads),
        cmocka_unit_test(on_stop__of_a_call_between_polls_is_a_callback_too),
        cmocka_unit_test(on_stop__of_a_call_between_polls_may_free_the_app),
        cmocka_unit_test(app_free__after_the_run_of_another_thread_has_ended),
        cmocka_unit_test(thread_send__raw_on_http_leaves_as_it_is),
        cmocka_unit_test(thread_send__too_long_is_told),
        cmocka_unit_test(next_conn__of_a_request_id_is_0),
        cmocka_unit_test(run_once__of_timeout_0_is_one_turn),
        cmocka_unit_test(first_accepts__of_two_apps_in_two_threads_do_not_race),
        cmocka_unit_test(close_in_open__with_a_frame_behind_the_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
