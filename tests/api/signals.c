/**
 * @file
 * Signals in the app's loop: arrival, several registrations, dispositions of before, children, other threads and processes.
 */
#define _GNU_SOURCE
#include "support/client.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

static size_t calls_of(const struct host *host, wm_signal signal)
{
    size_t found = 0;
    for (size_t i = 0; i < host->count; i++)
        found += host->events[i].kind == WM_EVENT_SIGNAL && host->events[i].id == signal;
    return found;
}

static void (*disposition(int number))(int)
{
    struct sigaction now;
    assert_int_equal(sigaction(number, NULL, &now), 0);
    return now.sa_handler;
}

static void raised__is_called_once_in_the_loop(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_signal signal = host_add_signal(host, SIGUSR1);
    assert_true(signal > 0 && signal < 1ull << 53);
    settle(host);
    assert_int_equal(host->count, 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(host->count, 0); /* not inside the handler */
    until(host, calls_of(host, signal) == 1);
    const struct seen *seen = nth(host, WM_EVENT_SIGNAL, 0);
    assert_int_equal(seen->detail, SIGUSR1);
    assert_ptr_equal(seen->user, host);
    settle(host);
    assert_int_equal(host->count, 1);
    assert_int_equal(wm_signal_del(signal), 0);
    assert_int_equal(wm_signal_del(signal), WM_ECLOSED);
    host_end(host);
}

static void before_the_start__is_not_lost(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_signal signal = host_add_signal(host, SIGHUP);
    assert_int_equal(raise(SIGHUP), 0);
    until(host, calls_of(host, signal) == 1);
    host_end(host);
}

static void several_registrations__are_all_called_each_for_its_number(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_signal first = host_add_signal(host, SIGUSR1), second = host_add_signal(host, SIGUSR1), other = host_add_signal(host, SIGUSR2);
    assert_int_equal(raise(SIGUSR1), 0);
    until(host, calls_of(host, first) == 1 && calls_of(host, second) == 1);
    assert_int_equal(wm_signal_del(first), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGUSR2), 0);
    until(host, calls_of(host, second) == 2 && calls_of(host, other) == 1);
    assert_int_equal(calls_of(host, first), 1);
    host_end(host);
}

static void real_time_signals__work(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_signal low = host_add_signal(host, SIGRTMIN), high = host_add_signal(host, SIGRTMAX);
    raise(SIGRTMIN);
    raise(SIGRTMAX);
    until(host, calls_of(host, low) == 1 && calls_of(host, high) == 1);
    host_end(host);
}

static void own_handler(int number)
{
    (void)number;
}

static void the_disposition_of_before__comes_back_with_the_last(void **state)
{
    struct host *host = host_begin(*state, NULL);
    assert_true(signal(SIGUSR1, own_handler) != SIG_ERR);
    assert_true(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
    wm_signal first = host_add_signal(host, SIGUSR1), second = host_add_signal(host, SIGUSR1), ignored = host_add_signal(host, SIGUSR2);
    assert_true(disposition(SIGUSR1) != own_handler && disposition(SIGUSR2) != SIG_IGN);
    assert_int_equal(wm_signal_del(first), 0);
    assert_true(disposition(SIGUSR1) != own_handler);
    assert_int_equal(wm_signal_del(second), 0);
    assert_true(disposition(SIGUSR1) == own_handler);
    assert_true(signal(SIGUSR2, own_handler) != SIG_ERR); /* the host's later word stands */
    assert_int_equal(wm_signal_del(ignored), 0);
    assert_true(disposition(SIGUSR2) == own_handler);
    host_add_signal(host, SIGUSR1);
    host_end(host);
    assert_true(disposition(SIGUSR1) == own_handler);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
}

static void stopped__a_second_signal_has_its_default_again(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_signal signal = host_add_signal(host, SIGTERM);
    turn(host, 0);
    raise(SIGTERM);
    until(host, calls_of(host, signal) == 1);
    assert_int_equal(wm_app_stop(host->app), 0);
    while (turn(host, 10) != WM_ESTOPPED)
        continue;
    assert_true(disposition(SIGTERM) == SIG_DFL);
    host_end(host);
}

static void blocked__is_unblocked(void **state)
{
    struct host *host = host_begin(*state, NULL);
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    wm_signal signal = host_add_signal(host, SIGUSR1);
    raise(SIGUSR1);
    until(host, calls_of(host, signal) == 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    host_end(host);
}

static void what_no_loop_can_handle__is_refused_with_the_reason(void **state)
{
    struct host *host = host_begin(*state, NULL);
    const struct {
        int number;
        const char *text;
    } rows[] = {{SIGKILL, "SIGKILL"}, {SIGSTOP, "SIGSTOP"}, {SIGSEGV, "fault"}, {SIGABRT, "fault"}, {SIGFPE, "fault"},
                {0, "from 1"},        {-1, "from 1"},       {65, "from 1"},     {32, "from 1"},     {INT32_MIN, "from 1"}};
    int destroyed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(wm_signal_add(host->app, rows[i].number, seen_signal, &destroyed, count_destroy), 0);
        assert_non_null(strstr(wm_last_error(), rows[i].text));
    }
    assert_int_equal(wm_signal_add(NULL, SIGHUP, seen_signal, NULL, NULL), 0);
    assert_int_equal(wm_signal_del(0), WM_ECLOSED);
    assert_int_equal(wm_signal_del(wm_timer_add(host->app, 1000, 0, NULL, NULL, NULL)), WM_ECLOSED);
    host_end(host);
    assert_int_equal(destroyed, 0);
}

static void delete_all(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_SIGNAL)
        return;
    wm_signal *both = host->context;
    for (int i = 0; i < 2; i++)
        wm_signal_del(both[i]);
}

static void del__in_a_callback_takes_the_others_along(void **state)
{
    const struct setting *setting = *state;
    struct host *host = host_begin(setting, NULL);
    signal(SIGUSR1, SIG_IGN);
    wm_signal both[2] = {host_add_signal(host, SIGUSR1), host_add_signal(host, SIGUSR1)};
    host->context = both;
    host->react = delete_all;
    raise(SIGUSR1);
    until(host, host->count > 0);
    settle(host);
    assert_true(host->count <= (setting->cap > 1 ? 2 : 1)); /* a record may be in the array already */
    assert_true(disposition(SIGUSR1) == SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
    host_end(host);
}

static void user__is_destroyed_once_after_the_deletion_or_with_the_app(void **state)
{
    struct host *host = host_begin(*state, NULL);
    int deleted = 0, left = 0;
    wm_signal signal = wm_signal_add(host->app, SIGUSR1, NULL, &deleted, count_destroy);
    assert_int_not_equal(wm_signal_add(host->app, SIGUSR1, NULL, &left, count_destroy), 0);
    assert_int_equal(wm_signal_del(signal), 0);
    until(host, deleted == 1);
    assert_int_equal(left, 0);
    host_end(host);
    assert_int_equal(left, 1);
    assert_int_equal(deleted, 1);
}

/* The library waits for no child: that of the callback's owner and another of the host are both still there. */
static void sigchld__leaves_the_children_to_the_host(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_signal signal = host_add_signal(host, SIGCHLD);
    turn(host, 0);
    fflush(NULL);
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(i + 5);
    }
    until(host, calls_of(host, signal) >= 1);
    for (int i = 0; i < 2; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(WEXITSTATUS(status), i + 5);
    }
    host_end(host);
}

static void a_child_of_fork__has_the_dispositions_of_before(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_signal signal = host_add_signal(host, SIGTERM);
    turn(host, 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGTERM); /* ends it */
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    settle(host);
    assert_int_equal(calls_of(host, signal), 0); /* it was the child's */
    raise(SIGTERM);
    until(host, calls_of(host, signal) == 1);
    host_end(host);
}

/* An app that the child goes on to run has its handlers there. */
static void an_app_not_yet_run__has_its_signals_in_the_child_that_runs_it(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_signal signal = host_add_signal(host, SIGUSR1);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        turn(host, 0);
        raise(SIGUSR1);
        for (int i = 0; i < 100 && calls_of(host, signal) == 0; i++)
            turn(host, 10);
        _exit(calls_of(host, signal) == 1 ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    host_end(host);
}

static void *send_signal(void *argument)
{
    (void)argument;
    /* To the process: the main thread waits in epoll, so either thread may run the handler. */
    kill(getpid(), SIGUSR1);
    return NULL;
}

static void poll_without_limit__wakes_and_has_it(void **state)
{
    const struct setting *setting = *state;
    struct host *host = host_begin(setting, NULL);
    wm_signal signal = host_add_signal(host, SIGUSR1);
    turn(host, 0);
    for (int round = 1; round <= 20; round++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, send_signal, NULL), 0);
        turn(host, -1); /* one wait is enough */
        assert_int_equal(pthread_join(thread, NULL), 0);
        settle(host);
        assert_int_equal(calls_of(host, signal), round);
    }
    host_end(host);
}

static void app_fd__is_readable_after_a_signal(void **state)
{
    const struct setting *setting = *state;
    if (setting->cap == 0)
        return;
    struct host *host = host_begin(setting, NULL);
    wm_signal signal = host_add_signal(host, SIGUSR1);
    struct pollfd loop = {wm_app_fd(host->app), POLLIN, 0};
    settle(host);
    assert_int_equal(poll(&loop, 1, 0), 0);
    raise(SIGUSR1);
    assert_int_equal(poll(&loop, 1, GUARD_MS), 1);
    until(host, calls_of(host, signal) == 1);
    settle(host);
    assert_int_equal(poll(&loop, 1, 0), 0);
    host_end(host);
}

/* Apps in threads of their own, each with a registration of one number, that come and go while signals arrive. */
struct runner {
    pthread_t thread;
    atomic_int calls;
    atomic_int *stop;
    int runs;
};

static void count_signal(wm_signal signal, int32_t number, void *user)
{
    (void)signal;
    (void)number;
    atomic_fetch_add(&((struct runner *)user)->calls, 1);
}

static void *run_apps(void *argument)
{
    struct runner *runner = argument;
    while (!atomic_load(runner->stop)) {
        wm_app *app = wm_app_new();
        wm_signal signal = wm_signal_add(app, SIGUSR1, count_signal, runner, NULL);
        if (!signal)
            return NULL;
        int before = atomic_load(&runner->calls);
        while (atomic_load(&runner->calls) == before && !atomic_load(runner->stop))
            wm_app_run_once(app, 5);
        if (runner->runs++ % 2 == 0)
            wm_signal_del(signal);
        wm_app_free(app);
    }
    return NULL;
}

static void apps_in_two_threads__both_have_it(void **state)
{
    if (*state != &SETTINGS[0])
        return;
    signal(SIGUSR1, SIG_IGN); /* where for a moment no app has it */
    static atomic_int stop;
    static struct runner runners[2];
    for (int i = 0; i < 2; i++) {
        runners[i].stop = &stop;
        assert_int_equal(pthread_create(&runners[i].thread, NULL, run_apps, &runners[i]), 0);
    }
    int64_t guard = clock_ms() + GUARD_MS;
    while ((atomic_load(&runners[0].calls) < 100 || atomic_load(&runners[1].calls) < 100) && clock_ms() < guard)
        kill(getpid(), SIGUSR1);
    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(runners[i].thread, NULL), 0);
        assert_true(atomic_load(&runners[i].calls) >= 100);
    }
    assert_true(disposition(SIGUSR1) == SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(raised__is_called_once_in_the_loop),
        SCENARIO_OVER_SOCKETS(before_the_start__is_not_lost),
        SCENARIO_OVER_SOCKETS(several_registrations__are_all_called_each_for_its_number),
        SCENARIO_OVER_SOCKETS(real_time_signals__work),
        SCENARIO_OVER_SOCKETS(the_disposition_of_before__comes_back_with_the_last),
        SCENARIO_OVER_SOCKETS(stopped__a_second_signal_has_its_default_again),
        SCENARIO_OVER_SOCKETS(blocked__is_unblocked),
        SCENARIO_OVER_SOCKETS(what_no_loop_can_handle__is_refused_with_the_reason),
        SCENARIO_OVER_SOCKETS(del__in_a_callback_takes_the_others_along),
        SCENARIO_OVER_SOCKETS(user__is_destroyed_once_after_the_deletion_or_with_the_app),
        SCENARIO_OVER_SOCKETS(sigchld__leaves_the_children_to_the_host),
        SCENARIO_OVER_SOCKETS(a_child_of_fork__has_the_dispositions_of_before),
        SCENARIO_OVER_SOCKETS(an_app_not_yet_run__has_its_signals_in_the_child_that_runs_it),
        SCENARIO_OVER_SOCKETS(poll_without_limit__wakes_and_has_it),
        SCENARIO_OVER_SOCKETS(app_fd__is_readable_after_a_signal),
        SCENARIO_OVER_SOCKETS(apps_in_two_threads__both_have_it),
    };
    return RUN_SCENARIOS("signals", scenarios);
}
