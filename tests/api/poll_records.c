/**
 * @file
 * Pull mode at its edges: how long what a record points to lives, and what is due between two polls.
 */
#include "support/ws_client.h"

#include <poll.h>
#include <pthread.h>

static const struct setting PULL = {"poll of 256", 256, TCP}, PULL1 = {"poll of 1", 1, TCP};

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defer_handshake__accept_between_polls_gives_open),
        cmocka_unit_test(errors__record_waits_for_room),
        cmocka_unit_test(close_record__user_lives_until_the_next_poll),
        cmocka_unit_test(timer_record__user_lives_until_the_next_poll),
        cmocka_unit_test(post_record__user_lives_until_the_next_poll),
        cmocka_unit_test(close_record__worker_lives_until_the_next_poll),
        cmocka_unit_test(hub_record__has_status_connections_and_user),
        cmocka_unit_test(fd__shows_timers_added_before_the_loop_opened),
        cmocka_unit_test(fd__shows_a_deadline_set_between_polls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
