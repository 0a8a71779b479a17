/* Edge cases of the contract: between polls, before the open event, when a hub or an app is freed, when
   descriptors run out. */
#include "support/ws_client.h"

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>

static const struct setting PULL = {"poll of 256", 256, TCP}, PULL1 = {"poll of 1", 1, TCP}, CALLBACKS = {"callbacks", 0, TCP};

static void defer_handshake__accept_between_polls_gives_open(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "websocket");
    host_watch_handshakes(host, host->worker);
    struct client client = client_begin(host);
    client_say(host, &client, WS_REQUEST);
    until(host, count_of(host, WM_EVENT_HANDSHAKE) == 1);
    assert_int_equal(wm_handshake_accept(nth(host, WM_EVENT_HANDSHAKE, 0)->id, NULL, 0), 0);
    settle(host);
    ws_say(host, &client, "hi");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(trace(host, 0), "connect handshake open message(hi)");
    client_end(&client);
    host_end(host);
}

static void ignore_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)conn, (void)data, (void)len, (void)kind, (void)user;
}

static void errors__record_waits_for_room(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL1, "text");
    assert_int_equal(wm_worker_on_message(host->worker, ignore_message, NULL, NULL), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 3), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "skip_oversize", 1), 0);
    struct client client = client_open(host, NULL);
    client_say(host, &client, "12345\n12345\n12345\n");
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 3);
    client_end(&client);
    host_end(host);
}

/* The user pointer in a record lives until the next poll. */
static void close_record__user_lives_until_the_next_poll(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    wm_conn conn;
    int destroyed = 0;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_set_user(conn, &destroyed, count_destroy), 0);
    client_end(&client);
    int count;
    while ((count = wm_app_poll(host->app, host->batch, 256, 5)) == 0) {
    }
    assert_int_equal(host->batch[count - 1].kind, WM_EVENT_CLOSE);
    assert_ptr_equal(host->batch[count - 1].user, &destroyed);
    assert_int_equal(destroyed, 0);
    host_end(host);
}

static void timer_record__user_lives_until_the_next_poll(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    int destroyed = 0, count;
    wm_timer_add(host->app, 0, 0, NULL, &destroyed, count_destroy);
    while ((count = wm_app_poll(host->app, host->batch, 256, 5)) == 0) {
    }
    assert_int_equal(host->batch[0].kind, WM_EVENT_TIMER);
    assert_int_equal(destroyed, 0);
    host_end(host);
}

static void post_record__user_lives_until_the_next_poll(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    int destroyed = 0, count;
    wm_app_post(host->app, NULL, &destroyed, count_destroy);
    while ((count = wm_app_poll(host->app, host->batch, 256, 5)) == 0) {
    }
    assert_int_equal(host->batch[0].kind, WM_EVENT_POST);
    assert_int_equal(destroyed, 0);
    host_end(host);
}

static void close_record__worker_lives_until_the_next_poll(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    wm_worker_free(host->worker);
    int count;
    while ((count = wm_app_poll(host->app, host->batch, 256, 5)) == 0) {
    }
    assert_int_equal(host->batch[0].kind, WM_EVENT_CLOSE);
    assert_true(strlen(wm_worker_address(host->batch[0].worker)) > 0);
    client_end(&client);
    host_end(host);
}

static int done_calls, done_status, done_destroyed;
static void on_done(wm_hub *hub, int32_t status, int64_t connections, void *user)
{
    (void)user;
    assert_int_equal(connections, 0);
    assert_int_equal(hub == NULL, status < 0);
    done_calls++;
    done_status = status;
}

static void *hub_send(void *user)
{
    return wm_hub_send(user, "u", 1, "x", 1, 0, NULL, on_done, &done_destroyed, count_destroy) == WM_PENDING ? user : NULL;
}

static void pending_hub_result__comes_once_also_when_the_hub_is_freed(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    turn(host, 0);
    wm_hub *hub = wm_hub_new(host->app);
    pthread_t thread;
    void *result;
    done_calls = done_destroyed = 0;
    pthread_create(&thread, NULL, hub_send, hub);
    pthread_join(thread, &result);
    assert_non_null(result);
    wm_hub_free(hub);
    settle(host);
    assert_int_equal(done_calls, 1);
    assert_int_equal(done_status, WM_ECLOSED);
    assert_int_equal(done_destroyed, 1);
    host_end(host);
}

static void pending_hub_result__comes_once_also_when_the_app_is_freed(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    turn(host, 0);
    pthread_t thread;
    void *result;
    done_calls = done_destroyed = 0;
    pthread_create(&thread, NULL, hub_send, wm_hub_new(host->app));
    pthread_join(thread, &result);
    assert_non_null(result);
    host_end(host);
    assert_int_equal(done_calls, 1);
    assert_int_equal(done_status, WM_ESTOPPED);
    assert_int_equal(done_destroyed, 1);
}

static void *hub_send_for_record(void *user)
{
    static int mark;
    return wm_hub_send(user, "u", 1, "x", 1, 0, NULL, NULL, &mark, NULL) == WM_PENDING ? &mark : NULL;
}

static void hub_record__has_status_connections_and_user(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    for (int freed = 0; freed < 2; freed++) {
        wm_hub *hub = wm_hub_new(host->app);
        assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
        pthread_t thread;
        void *mark;
        pthread_create(&thread, NULL, hub_send_for_record, hub);
        pthread_join(thread, &mark);
        assert_non_null(mark);
        if (freed)
            wm_hub_free(hub);
        until(host, count_of(host, WM_EVENT_HUB) == (size_t)freed + 1);
        const struct seen *event = nth(host, WM_EVENT_HUB, (size_t)freed);
        assert_int_equal(event->code, freed ? WM_ECLOSED : 0);
        assert_int_equal(event->id, freed ? 0 : 1);
        assert_int_equal(event->detail, 0);
        assert_int_equal(event->len, 0);
        assert_ptr_equal(event->user, mark);
    }
    client_end(&client);
    host_end(host);
}

/* A hub is freed and a new one made, often at the same address, while a message for the first is pending in
   the mailbox. */
static void pending_hub_send__never_reaches_a_later_hub(void **state)
{
    (void)state;
    struct host *host = host_begin(&CALLBACKS, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    int reused = 0; /* how often the later hub had the address of the first */
    for (int i = 0; i < 50; i++) {
        wm_hub *hub = wm_hub_new(host->app);
        pthread_t thread;
        void *result;
        done_calls = 0;
        pthread_create(&thread, NULL, hub_send, hub);
        pthread_join(thread, &result);
        assert_non_null(result);
        wm_hub_free(hub);
        wm_hub *later = wm_hub_new(host->app);
        reused += later == hub;
        assert_int_equal(wm_hub_bind(later, "u", 1, conn), 0);
        settle(host);
        assert_int_equal(done_calls, 1);
        assert_false(client_has(&client, 1));
        wm_hub_free(later);
    }
    assert_true(reused > 0 || WITH_ASAN); /* else the test proves nothing; ASan keeps freed memory aside */
    client_end(&client);
    host_end(host);
}

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

static void fd__shows_timers_added_before_the_loop_opened(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    wm_timer_add(host->app, 0, 0, NULL, NULL, NULL);
    struct pollfd entry = {wm_app_fd(host->app), POLLIN, 0};
    assert_int_equal(poll(&entry, 1, 500), 1);
    host_end(host);
}

static void fd__shows_a_deadline_set_between_polls(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    settle(host);
    assert_int_equal(wm_conn_set_int(conn, "idle_timeout_ms", 100), 0);
    struct pollfd entry = {wm_app_fd(host->app), POLLIN, 0};
    assert_int_equal(poll(&entry, 1, 3000), 1);
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

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defer_handshake__accept_between_polls_gives_open),
        cmocka_unit_test(errors__record_waits_for_room),
        cmocka_unit_test(close_record__user_lives_until_the_next_poll),
        cmocka_unit_test(timer_record__user_lives_until_the_next_poll),
        cmocka_unit_test(post_record__user_lives_until_the_next_poll),
        cmocka_unit_test(close_record__worker_lives_until_the_next_poll),
        cmocka_unit_test(pending_hub_result__comes_once_also_when_the_hub_is_freed),
        cmocka_unit_test(pending_hub_result__comes_once_also_when_the_app_is_freed),
        cmocka_unit_test(hub_record__has_status_connections_and_user),
        cmocka_unit_test(pending_hub_send__never_reaches_a_later_hub),
        cmocka_unit_test(before_open__backpressure_is_followed_by_drain),
        cmocka_unit_test(fd__shows_timers_added_before_the_loop_opened),
        cmocka_unit_test(fd__shows_a_deadline_set_between_polls),
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
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
            puts(tests[i].name);
        return 0;
    }
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
