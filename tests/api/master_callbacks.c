/* Calls in the callbacks of the master of wm_app_main. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wm/wm.h>

#include <cmocka.h>

static int starts[2]; /* a byte for each process that starts */

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)worker, (void)index, (void)user;
    return write(starts[1], "x", 1) == 1 ? 0 : -1;
}

static void stop_at_start(wm_app *app, void *user)
{
    (void)user;
    wm_app_stop(app);
}

static void stop_at_exit(wm_app *app, wm_worker *worker, int32_t pid, int32_t status, void *user)
{
    (void)worker, (void)pid, (void)status, (void)user;
    wm_app_stop(app);
}

/* Free in a callback of the master: takes effect when wm_app_main returns, as in any callback of the app. */
static void free_at_exit(wm_app *app, wm_worker *worker, int32_t pid, int32_t status, void *user)
{
    (void)worker, (void)pid, (void)status, (void)user;
    wm_app_free(app);
}

static void end_process(wm_timer timer, void *user)
{
    (void)timer, (void)user;
    _exit(3);
}

static int32_t start_and_end(wm_worker *worker, int32_t index, void *user)
{
    wm_timer_add(user, 1, 0, end_process, NULL, NULL);
    return on_start(worker, index, NULL);
}

static int32_t refuse(wm_worker *worker, int32_t index, void *user)
{
    on_start(worker, index, user);
    return -1;
}

/* A host that ignores the results of wm_app_poll. */
static void poll_for_ever(wm_app *app)
{
    wm_event event;
    for (;;) {
        wm_app_poll(app, &event, 1, 10);
        usleep(10000);
    }
}

static void set_up_stop_at_start(wm_app *app, wm_worker *worker)
{
    wm_worker_on_start(worker, on_start, app, NULL);
    wm_app_on_master_start(app, stop_at_start, NULL, NULL);
}

static void set_up_stop_at_exit(wm_app *app, wm_worker *worker)
{
    wm_worker_on_start(worker, start_and_end, app, NULL);
    wm_app_on_worker_exit(app, stop_at_exit, NULL, NULL);
}

static void set_up_free_at_exit(wm_app *app, wm_worker *worker)
{
    wm_worker_on_start(worker, start_and_end, app, NULL);
    wm_app_on_worker_exit(app, free_at_exit, NULL, NULL);
}

static void set_up_refusal(wm_app *app, wm_worker *worker)
{
    wm_worker_on_start(worker, refuse, app, NULL);
    wm_app_set_int(app, "pull", 1);
}

/* Runs a master in a process of its own and returns its exit code; *started: how many processes it has started. */
static int run(void (*set_up)(wm_app *app, wm_worker *worker), int *started)
{
    char folder[] = "/tmp/wm-master-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(pipe(starts), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char name[] = "test", command[] = "start", quiet[] = "-q";
        char *words[] = {name, command, quiet, NULL};
        wm_app *app = wm_app_new();
        wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
        wm_app_set_str(app, "run_dir", folder);
        set_up(app, worker);
        alarm(60);
        int code = wm_app_main(app, 3, words);
        if (code == WM_CHILD)
            poll_for_ever(app);
        _exit(code);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    close(starts[1]);
    char byte;
    *started = 0;
    while (read(starts[0], &byte, 1) == 1)
        ++*started;
    close(starts[0]);
    assert_int_equal(rmdir(folder), 0); /* the master has removed its files */
    return WEXITSTATUS(status);
}

static void stop__in_master_start_starts_nothing(void **state)
{
    int started;
    (void)state;
    assert_int_equal(run(set_up_stop_at_start, &started), 0);
    assert_int_equal(started, 0);
}

static void stop__in_worker_exit_starts_no_other(void **state)
{
    int started;
    (void)state;
    run(set_up_stop_at_exit, &started);
    assert_int_equal(started, 1);
}

static void free__in_worker_exit_stops_and_frees_at_the_end(void **state)
{
    int started;
    (void)state;
    run(set_up_free_at_exit, &started);
    assert_int_equal(started, 1);
}

static void start__that_a_process_refuses_ends_though_its_host_goes_on(void **state)
{
    int started;
    (void)state;
    assert_int_equal(run(set_up_refusal, &started), 1);
    assert_true(started > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop__in_master_start_starts_nothing),
        cmocka_unit_test(stop__in_worker_exit_starts_no_other),
        cmocka_unit_test(free__in_worker_exit_stops_and_frees_at_the_end),
        cmocka_unit_test(start__that_a_process_refuses_ends_though_its_host_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
