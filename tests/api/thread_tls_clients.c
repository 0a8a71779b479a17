/* Two apps in two threads, each with a worker and a client over TLS: what OpenSSL shares between threads is safe in both. */
#include "support/contract.h"

#include <pthread.h>

enum { LINES = 200, ROUNDS = 3 };

struct side {
    wm_app *app;
    wm_client *client;
    int heard, rounds, failed, result;
};

static void echo_line(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    struct side *side = user;
    (void)worker, (void)kind;
    side->failed |= wm_conn_send(conn, data, len, 0) < 0;
}

static void say_line(wm_worker *worker, wm_conn conn, void *user)
{
    struct side *side = user;
    (void)worker;
    side->failed |= wm_conn_send(conn, "line", 4, 0) < 0;
}

static void hear_line(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    struct side *side = user;
    (void)kind;
    side->failed |= len != 4 || memcmp(data, "line", 4) != 0;
    if (++side->heard % LINES == 0)
        wm_conn_close(conn, 0, NULL, 0);
    else
        say_line(worker, conn, user);
}

static void again(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    struct side *side = user;
    (void)worker, (void)conn, (void)code, (void)text, (void)len;
    side->failed |= reason != WM_REASON_LOCAL;
    if (++side->rounds == ROUNDS || side->failed)
        wm_app_stop(side->app);
    else
        wm_client_reconnect(side->client, 0); /* resumes the session */
}

static void *run(void *user)
{
    struct side *side = user;
    side->app = wm_app_new();
    wm_worker *worker = wm_worker_new(side->app, "text://127.0.0.1:0");
    wm_worker_set_str(worker, "transport", "ssl");
    wm_worker_set_str(worker, "tls_cert", WM_TEST_TLS "/localhost.pem");
    wm_worker_set_str(worker, "tls_key", WM_TEST_TLS "/localhost.key");
    wm_worker_on_message(worker, echo_line, side, NULL);
    side->failed |= wm_worker_listen(worker) != 0;
    side->client = wm_client_new(side->app, wm_worker_address(worker));
    wm_client_set_str(side->client, "transport", "ssl");
    wm_client_set_str(side->client, "tls_ca", WM_TEST_TLS "/localhost.pem");
    wm_client_on_open(side->client, say_line, side, NULL);
    wm_client_on_message(side->client, hear_line, side, NULL);
    wm_client_on_close(side->client, again, side, NULL);
    side->failed |= wm_client_connect(side->client) != 0;
    side->result = wm_app_run(side->app);
    wm_app_free(side->app);
    return NULL;
}

static void two_threads_have_clients_over_tls(void **state)
{
    (void)state;
    struct side sides[2] = {{0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, &sides[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(sides[i].result, 0);
        assert_int_equal(sides[i].failed, 0);
        assert_int_equal(sides[i].heard, LINES * ROUNDS);
        assert_int_equal(sides[i].rounds, ROUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_threads_have_clients_over_tls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
