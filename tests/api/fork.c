/**
 * @file
 * A child of fork(2) that libwm has not made: the app and what it watches stay the parent's, whatever the child does with its copy.
 */
#include "support/client.h"

#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

/** The exit code of a child, 255 for any other end. */
static int wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static pid_t fork_quietly(void)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    return child;
}

/* Ends a child with the number of its first line that is not so: cmocka's own checks would return into the parent's tests. */
#define CHECK(condition)                                                                                                                   \
    do {                                                                                                                                   \
        if (!(condition))                                                                                                                  \
            _exit(__LINE__ % 250 + 1);                                                                                                     \
    } while (0)

static void message_is_heard(struct host *host, struct client *client, const char *text)
{
    size_t before = count_of(host, WM_EVENT_MESSAGE);
    client_say(host, client, text);
    until(host, count_of(host, WM_EVENT_MESSAGE) == before + 1);
}

static void free__in_a_child_leaves_the_parent_serving(void **state)
{
    struct host *host = host_begin(*state, "raw");
    host->react = echo;
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "queued", 6, 0), 0);
    pid_t child = fork_quietly();
    if (child == 0) {
        size_t events = host->count;
        wm_app_free(host->app);
        CHECK(host->count == events);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    client_hear(host, &client, "queued");
    message_is_heard(host, &client, "still here");
    client_hear(host, &client, "still here");
    struct client later = client_open(host, NULL);
    client_end(&later);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    host_end(host);
}

static void exit__of_a_child_leaves_the_file_of_a_unix_socket(void **state)
{
    (void)state;
    char path[] = "/tmp/libwm-test-fork-XXXXXX", address[64];
    assert_non_null(mkdtemp(path));
    snprintf(address, sizeof address, "unix://%s/s", path);
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, address);
    assert_int_equal(wm_worker_listen(worker), 0);
    struct stat status;
    for (int opened = 0; opened < 2; opened++) { /* without a loop, and with one */
        pid_t child = fork_quietly();
        if (child == 0) {
            wm_app_free(app);
            _exit(0);
        }
        assert_int_equal(wait_for(child), 0);
        assert_int_equal(stat(address + 7, &status), 0);
        assert_int_equal(wm_app_run_once(app, 0), 0);
    }
    wm_app_free(app);
    assert_int_equal(stat(address + 7, &status), -1);
    rmdir(path);
}

static void on_conn(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn, (void)user;
}
static void on_timer(wm_timer timer, void *user)
{
    (void)timer, (void)user;
}
static void on_post(wm_app *app, void *user)
{
    (void)app, (void)user;
}

static void every_call__in_a_child_is_wm_efork(void **state)
{
    struct host *host = host_begin(*state, "raw");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    wm_hub *hub = wm_hub_new(host->app);
    wm_timer timer = wm_timer_add(host->app, 60000, 0, on_timer, NULL, NULL);
    char text[64];
    pid_t child = fork_quietly();
    if (child == 0) {
        char *argv[] = {"program", "start", NULL};
        CHECK(wm_app_run(host->app) == WM_EFORK);
        CHECK(wm_app_run_once(host->app, 0) == WM_EFORK);
        CHECK(wm_app_poll(host->app, host->batch, 1, 0) == WM_EFORK);
        CHECK(wm_app_fd(host->app) == WM_EFORK);
        CHECK(wm_app_flush(host->app) == WM_EFORK);
        CHECK(wm_app_stop(host->app) == WM_EFORK);
        CHECK(wm_app_post(host->app, on_post, NULL, NULL) == WM_EFORK);
        CHECK(wm_app_set_int(host->app, "max_mailbox", 1) == WM_EFORK);
        CHECK(freopen("/dev/null", "w", stderr) && wm_app_main(host->app, 2, argv) == 1);
        CHECK(strstr(wm_last_error(), "fork"));
        CHECK(wm_worker_new(host->app, "text://127.0.0.1:0") == NULL);
        CHECK(wm_worker_listen(host->worker) == WM_EFORK);
        CHECK(wm_worker_unlisten(host->worker) == WM_EFORK);
        CHECK(wm_worker_stop(host->worker) == WM_EFORK);
        CHECK(wm_worker_pause_accept(host->worker) == WM_EFORK);
        CHECK(wm_worker_broadcast(host->worker, "x", 1, 0) == WM_EFORK);
        CHECK(wm_worker_on_open(host->worker, on_conn, NULL, NULL) == WM_EFORK);
        CHECK(wm_conn_send(conn, "x", 1, 0) == WM_EFORK);
        CHECK(wm_conn_close(conn, 0, NULL, 0) == WM_EFORK);
        CHECK(wm_conn_destroy(conn) == WM_EFORK);
        CHECK(wm_conn_pause_recv(conn) == WM_EFORK);
        CHECK(wm_conn_remote_ip(conn, text, sizeof text) == WM_EFORK);
        CHECK(wm_hub_send(hub, "u", 1, "x", 1, 0, NULL, NULL, NULL, NULL) == WM_EFORK);
        CHECK(wm_hub_bind(hub, "u", 1, conn) == WM_EFORK);
        CHECK(wm_hub_new(host->app) == NULL);
        CHECK(wm_timer_add(host->app, 0, 0, on_timer, NULL, NULL) == 0);
        CHECK(wm_timer_del(timer) == WM_EFORK);
        CHECK(strstr(wm_last_error(), "fork"));
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    settle(host);
    message_is_heard(host, &client, "on");
    assert_int_equal(wm_timer_del(timer), 0);
    client_end(&client);
    host_end(host);
}

static void http_request__in_a_child_is_wm_efork(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_open(host, NULL);
    client_say(host, &client, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    wm_request request = nth(host, WM_EVENT_MESSAGE, 0)->id;
    pid_t child = fork_quietly();
    if (child == 0) {
        CHECK(wm_request_respond(request, 200, NULL, 0, "child", 5, 0) == WM_EFORK);
        wm_app_free(host->app);
        CHECK(wm_request_respond(request, 200, NULL, 0, "child", 5, 0) == WM_ECLOSED);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(wm_request_respond(request, 200, NULL, 0, "parent", 6, 0), 0);
    until(host, client_has(&client, 1) && strstr(client.in, "parent"));
    client_end(&client);
    host_end(host);
}

static void app_of_its_own__serves_in_a_child(void **state)
{
    struct host *host = host_begin(*state, "text");
    settle(host);
    pid_t child = fork_quietly();
    if (child == 0) {
        for (int freed = 0; freed < 2; freed++) { /* beside its copy of the parent's, and in its place */
            wm_app *app = wm_app_new();
            CHECK(app);
            wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
            CHECK(wm_worker_listen(worker) == 0 && wm_app_run_once(app, 0) == 0);
            int fd = connect_to(wm_worker_address(worker));
            CHECK(fd >= 0);
            for (int i = 0; i < 1000 && wm_worker_conn_count(worker) == 0; i++)
                CHECK(wm_app_run_once(app, 5) == 0);
            CHECK(wm_worker_conn_count(worker) == 1);
            close(fd);
            wm_app_free(app);
            if (!freed)
                wm_app_free(host->app);
        }
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    host_end(host);
}

static void app_without_a_loop__runs_in_a_child(void **state)
{
    struct host *host = host_begin(*state, "text"); /* it listens, and has not run */
    pid_t child = fork_quietly();
    if (child == 0) {
        CHECK(turn(host, 0) == 0);
        CHECK(wm_app_stop(host->app) == 0);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    struct client client = client_open(host, NULL);
    client_end(&client);
    host_end(host);
}

struct forks {
    pid_t parent, child;
    int frees;
};

/** Forks in a callback, and the child returns from it, as no child should. */
static void fork_and_return(struct host *host, const wm_event *event)
{
    struct forks *forks = host->context;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    assert_int_equal(wm_conn_send(event->conn, "once", 4, 0), 0);
    forks->child = fork_quietly();
    if (forks->child == 0 && forks->frees)
        wm_app_free(host->app);
}

static void fork_in_a_callback__and_a_child_that_returns(void **state)
{
    const struct setting callbacks = {"callbacks, tcp", 0, TCP};
    (void)state;
    for (int frees = 0; frees < 2; frees++) {
        struct forks forks = {getpid(), 0, frees};
        struct host *host = host_begin(&callbacks, "raw");
        host->react = fork_and_return;
        host->context = &forks;
        struct client client = client_open(host, NULL), other = client_open(host, NULL);
        client_say(host, &client, "fork");
        client_say(host, &other, "fork");
        for (int result = 0; forks.child == 0;) {
            result = turn(host, 5);
            if (getpid() != forks.parent)
                _exit(result == WM_EFORK ? 0 : 1);
            assert_int_equal(result, 0);
        }
        assert_int_equal(wait_for(forks.child), 0);
        host->react = NULL;
        until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
        client_hear(host, &client, "once");
        message_is_heard(host, &client, "more");
        settle(host);
        assert_false(client_has(&client, 1));
        client_end(&client);
        client_end(&other);
        host_end(host);
    }
}

/** Forks in the close event of one client, after a message to the other; both are due at the end of a turn. */
static void tell_the_other_and_fork(struct host *host, const wm_event *event)
{
    struct forks *forks = host->context;
    if (event->kind != WM_EVENT_CLOSE)
        return;
    if (forks->child == 0 && getpid() != forks->parent)
        _exit(3); /* the rest of the turn is the parent's */
    if (forks->child != 0)
        return;
    assert_int_equal(wm_conn_send(nth(host, WM_EVENT_OPEN, 0)->conn, "gone", 4, 0), 0);
    forks->child = fork_quietly();
}

static void fork_at_the_end_of_a_turn__and_a_child_that_returns(void **state)
{
    const struct setting callbacks = {"callbacks, tcp", 0, TCP};
    (void)state;
    struct forks forks = {getpid(), 0, 0};
    struct host *host = host_begin(&callbacks, "raw");
    host->react = tell_the_other_and_fork;
    host->context = &forks;
    struct client client = client_open(host, NULL), first = client_open(host, NULL), second = client_open(host, NULL);
    settle(host);
    for (size_t i = 1; i <= 2; i++)
        assert_int_equal(wm_conn_destroy(nth(host, WM_EVENT_OPEN, i)->conn), 0);
    int result = turn(host, 5);
    if (getpid() != forks.parent)
        _exit(result == WM_EFORK ? 0 : 1);
    assert_int_equal(result, 0);
    assert_int_equal(wait_for(forks.child), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    client_hear(host, &client, "gone");
    host->react = NULL;
    message_is_heard(host, &client, "more");
    settle(host);
    assert_false(client_has(&client, 1));
    client_end(&client);
    client_end(&first);
    client_end(&second);
    host_end(host);
}

static int done_calls;
static void on_done(wm_hub *hub, int32_t status, int64_t connections, void *user)
{
    (void)hub, (void)status, (void)connections, (void)user;
    done_calls++;
}

static void *hub_send(void *user)
{
    static int destroyed;
    destroyed = 0;
    return wm_hub_send(user, "u", 1, "x", 1, 0, NULL, on_done, &destroyed, count_destroy) == WM_PENDING ? &destroyed : NULL;
}

static void free__in_a_child_calls_each_destroy_and_no_result(void **state)
{
    struct host *host = host_begin(*state, "text");
    int destroyed = 0;
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_set_user(conn, &destroyed, count_destroy), 0);
    assert_int_equal(wm_worker_set_user(host->worker, &destroyed, count_destroy), 0);
    assert_true(wm_timer_add(host->app, 60000, 0, on_timer, &destroyed, count_destroy) != 0);
    pthread_t thread;
    void *result;
    done_calls = 0;
    assert_int_equal(pthread_create(&thread, NULL, hub_send, wm_hub_new(host->app)), 0);
    pthread_join(thread, &result);
    assert_non_null(result);
    pid_t child = fork_quietly();
    if (child == 0) {
        wm_app_free(host->app);
        CHECK(destroyed == 3 && *(int *)result == 1 && done_calls == 0);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(destroyed, 0);
    until(host, done_calls == 1);
    client_end(&client);
    host_end(host);
    assert_int_equal(destroyed, 3);
}

static void *fork_and_free(void *user)
{
    struct host *host = user;
    static pid_t child;
    child = fork_quietly();
    if (child == 0) {
        wm_app_free(host->app);
        CHECK(wm_app_stop(host->app) == WM_EFORK);
        _exit(0);
    }
    return &child;
}

static void fork_of_another_thread__leaves_the_parent_serving(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct client client = client_open(host, NULL);
    pthread_t thread;
    void *child;
    assert_int_equal(pthread_create(&thread, NULL, fork_and_free, host), 0);
    pthread_join(thread, &child);
    assert_int_equal(wait_for(*(pid_t *)child), 0);
    message_is_heard(host, &client, "on\n");
    client_end(&client);
    host_end(host);
}

static void free_the_app(wm_timer timer, void *user)
{
    (void)timer;
    wm_app_free(user);
}

static void free__in_a_callback_ends_a_poll_without_records(void **state)
{
    const struct setting *setting = *state;
    struct host *host = host_begin(setting, "text");
    struct client client = client_open(host, NULL);
    client_say(host, &client, "a record of the same poll\n");
    wm_timer_add(host->app, 0, 0, free_the_app, host->app, NULL);
    wm_event records[16];
    int result = wm_app_flush(NULL); /* so that the text is not that of an earlier call */
    do
        result = setting->cap == 0 ? wm_app_run_once(host->app, 100) : wm_app_poll(host->app, records, 16, 100);
    while (result >= 0);
    assert_int_equal(result, WM_ESTOPPED);
    assert_string_equal(wm_last_error(), "the app has stopped");
    client_end(&client);
    host->app = NULL;
    host_end(host);
}

int main(void)
{
    const struct scenario scenarios[] = {
        SCENARIO(free__in_a_child_leaves_the_parent_serving),
        SCENARIO(every_call__in_a_child_is_wm_efork),
        SCENARIO(http_request__in_a_child_is_wm_efork),
        SCENARIO(app_of_its_own__serves_in_a_child),
        SCENARIO(app_without_a_loop__runs_in_a_child),
        SCENARIO(free__in_a_child_calls_each_destroy_and_no_result),
        SCENARIO(fork_of_another_thread__leaves_the_parent_serving),
        SCENARIO(free__in_a_callback_ends_a_poll_without_records),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit__of_a_child_leaves_the_file_of_a_unix_socket),
        cmocka_unit_test(fork_in_a_callback__and_a_child_that_returns),
        cmocka_unit_test(fork_at_the_end_of_a_turn__and_a_child_that_returns),
    };
    int failed = RUN_SCENARIOS("fork", scenarios);
    return failed + cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
