/**
 * @file
 * Calls of a hub from other threads that are pending when the hub, or its app, is freed.
 */
#include "support/client.h"

#include <pthread.h>

static const struct setting CALLBACKS = {"callbacks", 0, TCP};

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pending_hub_result__comes_once_also_when_the_hub_is_freed),
        cmocka_unit_test(pending_hub_result__comes_once_also_when_the_app_is_freed),
        cmocka_unit_test(pending_hub_send__never_reaches_a_later_hub),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
