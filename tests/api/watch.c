/* Watches: a foreign descriptor in the app's loop, and its deletion at any moment. */
#define _GNU_SOURCE
#include "support/watched.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/wait.h>

static void readable__is_called_again_until_it_is_read(void **state)
{
    struct host *host = host_begin(*state, "text");
    int ends[2];
    make_pipe(ends);
    struct plan plan = {.fd = ends[0]};
    host->context = &plan;
    wm_watch watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    assert_true(watch > 0 && watch < 1ull << 53);
    settle(host);
    assert_int_equal(calls_of(host, watch), 0);
    say(ends[1], "hello");
    until(host, calls_of(host, watch) >= 3);
    const struct seen *first = nth(host, WM_EVENT_WATCH, 0);
    assert_int_equal(first->detail, WM_WATCH_READ);
    assert_ptr_equal(first->user, host);
    host->react = read_it;
    size_t before = calls_of(host, watch);
    settle(host);
    assert_int_equal(calls_of(host, watch), before + 1);
    assert_int_equal(wm_watch_del(watch), 0);
    assert_int_equal(wm_watch_del(watch), WM_ECLOSED);
    assert_int_equal(wm_watch_set(watch, 0), WM_ECLOSED);
    say(ends[1], "nobody");
    settle(host);
    assert_int_equal(calls_of(host, watch), before + 1);
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

static void set__changes_what_is_waited_for(void **state)
{
    struct host *host = host_begin(*state, NULL);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    wm_watch watch = host_add_watch(host, ends[0], 0);
    say(ends[1], "x");
    settle(host);
    assert_int_equal(calls_of(host, watch), 0);
    assert_int_equal(wm_watch_set(watch, WM_WATCH_WRITE), 0);
    until(host, calls_of(host, watch) == 2);
    assert_int_equal(nth(host, WM_EVENT_WATCH, 1)->detail, WM_WATCH_WRITE);
    assert_int_equal(wm_watch_set(watch, WM_WATCH_READ | WM_WATCH_WRITE), 0);
    until(host, nth(host, WM_EVENT_WATCH, calls_of(host, watch) - 1)->detail == (WM_WATCH_READ | WM_WATCH_WRITE));
    assert_int_equal(wm_watch_set(watch, 0), 0);
    turn(host, 0); /* the record that was on its way */
    size_t before = calls_of(host, watch);
    settle(host);
    assert_int_equal(calls_of(host, watch), before);
    assert_int_equal(wm_watch_set(watch, 4), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "WM_WATCH_READ"));
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

static void two_watches_of_one_descriptor__are_called_each_for_its_own(void **state)
{
    struct host *host = host_begin(*state, "text");
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    wm_watch reads = host_add_watch(host, ends[0], WM_WATCH_READ);
    wm_watch writes = host_add_watch(host, ends[0], WM_WATCH_WRITE);
    until(host, calls_of(host, writes) >= 2);
    assert_int_equal(calls_of(host, reads), 0);
    say(ends[1], "x");
    until(host, calls_of(host, reads) >= 2);
    for (size_t i = 0; i < host->count; i++)
        assert_int_equal(host->events[i].detail, host->events[i].id == reads ? WM_WATCH_READ : WM_WATCH_WRITE);
    assert_int_equal(wm_watch_del(writes), 0);
    turn(host, 0);
    size_t before = calls_of(host, writes), readable = calls_of(host, reads);
    until(host, calls_of(host, reads) >= readable + 3);
    assert_int_equal(calls_of(host, writes), before);
    assert_int_equal(wm_watch_del(reads), 0);
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

static void the_other_end_closes__is_readable_and_writable(void **state)
{
    struct host *host = host_begin(*state, NULL);
    int reading[2], writing[2];
    make_pipe(reading);
    make_pipe(writing);
    wm_watch reads = host_add_watch(host, reading[0], WM_WATCH_READ);
    wm_watch writes = host_add_watch(host, writing[1], WM_WATCH_WRITE);
    char bytes[4096] = {0};
    while (write(writing[1], bytes, sizeof bytes) > 0) /* so that it is not writable for any other reason */
        continue;
    settle(host);
    assert_int_equal(host->count, 0);
    close(reading[1]);
    close(writing[0]);
    until(host, calls_of(host, reads) >= 2 && calls_of(host, writes) >= 2);
    close(reading[0]);
    close(writing[1]);
    host_end(host);
}

static void delete_self(struct host *host, const wm_event *event)
{
    struct plan *plan = host->context;
    if (event->kind == WM_EVENT_WATCH && event->id == plan->watch)
        plan->result = wm_watch_del(plan->watch);
}

static void del__in_its_own_callback(void **state)
{
    struct host *host = host_begin(*state, NULL);
    int ends[2];
    make_pipe(ends);
    struct plan plan = {.watch = host_add_watch(host, ends[0], WM_WATCH_READ), .result = 1};
    host->context = &plan;
    host->react = delete_self;
    say(ends[1], "x");
    until(host, plan.result != 1);
    assert_int_equal(plan.result, 0);
    settle(host);
    assert_int_equal(calls_of(host, plan.watch), 1);
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

static void delete_other(struct host *host, const wm_event *event)
{
    struct plan *plan = host->context;
    if (event->kind != WM_EVENT_WATCH || plan->result != 1)
        return;
    plan->other = event->id == plan->watch ? plan->other : plan->watch;
    plan->watch = event->id;
    plan->result = wm_watch_del(plan->other);
}

/* Both are ready in one turn; whichever comes first deletes the other: callbacks are not called for that one. */
static void del__of_another_that_is_ready_in_the_same_turn(void **state)
{
    for (int one_descriptor = 0; one_descriptor < 2; one_descriptor++) {
        struct host *host = host_begin(*state, NULL);
        int first[2], second[2];
        make_pipe(first);
        make_pipe(second);
        struct plan plan = {.result = 1};
        plan.watch = host_add_watch(host, first[0], WM_WATCH_READ);
        plan.other = host_add_watch(host, one_descriptor ? first[0] : second[0], WM_WATCH_READ);
        host->context = &plan;
        host->react = delete_other;
        say(first[1], "x");
        say(second[1], "x");
        until(host, plan.result != 1);
        assert_int_equal(plan.result, 0);
        until(host, calls_of(host, plan.watch) >= 3);
        assert_true(calls_of(host, plan.other) <= (host->setting->cap == 0 ? 0 : 1));
        for (int i = 0; i < 2; i++) {
            close(first[i]);
            close(second[i]);
        }
        host_end(host);
    }
}

static void what_cannot_be_watched__is_refused_with_the_reason(void **state)
{
    for (int started = 0; started < 2; started++) {
        struct host *host = host_begin(*state, NULL);
        if (started)
            turn(host, 0);
        int destroyed = 0, file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), ends[2];
        make_pipe(ends);
        const struct {
            int fd, events;
            const char *text;
        } rows[] = {{file, WM_WATCH_READ, "always ready"},     {900, WM_WATCH_READ, "is not open"}, {-1, WM_WATCH_READ, "is not open"},
                    {INT32_MAX, WM_WATCH_READ, "is not open"}, {ends[1], 8, "WM_WATCH_READ"},       {ends[1], -1, "WM_WATCH_READ"}};
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            assert_int_equal(wm_watch_add(host->app, rows[i].fd, rows[i].events, seen_watch, &destroyed, count_destroy), 0);
            assert_non_null(strstr(wm_last_error(), rows[i].text));
        }
        if (started) {
            assert_int_equal(wm_watch_add(host->app, wm_app_fd(host->app), WM_WATCH_READ, seen_watch, NULL, NULL), 0);
            assert_non_null(strstr(wm_last_error(), "the app's own"));
        }
        assert_int_equal(wm_watch_add(NULL, ends[1], WM_WATCH_READ, seen_watch, NULL, NULL), 0);
        assert_int_equal(wm_watch_set(wm_timer_add(host->app, 1000, 0, NULL, NULL, NULL), 0), WM_ECLOSED);
        close(file);
        close(ends[0]);
        close(ends[1]);
        host_end(host);
        assert_int_equal(destroyed, 0);
    }
}

static void before_the_start__is_watched_from_the_start_on(void **state)
{
    struct host *host = host_begin(*state, NULL);
    int ends[2], gone[2];
    make_pipe(ends);
    make_pipe(gone);
    say(ends[1], "x");
    int user_destroyed = 0;
    wm_watch watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    wm_watch deleted = wm_watch_add(host->app, ends[1], WM_WATCH_WRITE, seen_watch, &user_destroyed, count_destroy);
    wm_watch closed = host_add_watch(host, gone[0], WM_WATCH_READ);
    assert_int_equal(wm_watch_del(deleted), 0);
    close(gone[0]);
    until(host, calls_of(host, watch) >= 2);
    assert_int_equal(user_destroyed, 1);
    assert_int_equal(calls_of(host, deleted), 0);
    assert_int_equal(wm_watch_set(closed, WM_WATCH_READ), WM_ECLOSED);
    close(ends[0]);
    close(ends[1]);
    close(gone[1]);
    host_end(host);
}

static void user__is_destroyed_once_after_the_deletion_or_with_the_app(void **state)
{
    struct host *host = host_begin(*state, NULL);
    int deleted = 0, left = 0, ends[2];
    make_pipe(ends);
    wm_watch watch = wm_watch_add(host->app, ends[0], WM_WATCH_READ, NULL, &deleted, count_destroy);
    assert_int_not_equal(wm_watch_add(host->app, ends[0], WM_WATCH_READ, NULL, &left, count_destroy), 0);
    assert_int_equal(wm_watch_del(watch), 0);
    until(host, deleted == 1);
    assert_int_equal(left, 0);
    host_end(host);
    assert_int_equal(left, 1);
    assert_int_equal(deleted, 1);
    close(ends[0]);
    close(ends[1]);
}

static void other_kinds_of_descriptors__work(void **state)
{
    struct host *host = host_begin(*state, NULL);
    turn(host, 0);
    int epoll = epoll_create1(EPOLL_CLOEXEC), event = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    struct epoll_event interest = {EPOLLIN, {.fd = event}};
    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &interest), 0);
    wm_watch nested = host_add_watch(host, epoll, WM_WATCH_READ);

    char directory[] = "/tmp/libwm-watch-XXXXXX", path[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/file", directory);
    int notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(inotify_add_watch(notify, directory, IN_CREATE) >= 0);
    wm_watch watch = host_add_watch(host, notify, WM_WATCH_READ);
    until(host, calls_of(host, nested) > 0);
    assert_int_equal(calls_of(host, watch), 0);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    until(host, calls_of(host, watch) > 0);

    wm_app *inner = wm_app_new();
    wm_watch app = host_add_watch(host, wm_app_fd(inner), WM_WATCH_READ);
    until(host, calls_of(host, app) > 0); /* its first poll is due */
    assert_int_equal(wm_watch_del(app), 0);
    wm_app_free(inner);
    unlink(path);
    rmdir(directory);
    close(notify);
    close(epoll);
    close(event);
    host_end(host);
}

static void many__are_all_called(void **state)
{
    enum { MANY = 300 };
    struct host *host = host_begin(*state, NULL);
    static int fds[MANY];
    static wm_watch watches[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
        watches[i] = host_add_watch(host, fds[i], WM_WATCH_READ);
        assert_int_not_equal(watches[i], 0);
    }
    size_t seen = 0;
    for (int turns = 0; seen < MANY && turns < 100 * MANY; turns++) {
        turn(host, 0);
        seen = 0;
        for (int i = 0; i < MANY; i++)
            seen += calls_of(host, watches[i]) > 0;
    }
    assert_int_equal(seen, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(wm_watch_del(watches[i]), 0);
        close(fds[i]);
    }
    host_end(host);
}

static void a_full_poll__has_one_record_of_each_watch(void **state)
{
    const struct setting *setting = *state;
    if (setting->cap != 1)
        return;
    struct host *host = host_begin(setting, NULL);
    int first[2], second[2];
    make_pipe(first);
    make_pipe(second);
    wm_watch one = host_add_watch(host, first[0], WM_WATCH_READ), two = host_add_watch(host, second[0], WM_WATCH_READ);
    turn(host, 0);
    say(first[1], "x");
    say(second[1], "x");
    turn(host, 1000); /* one fits, the other is on its way */
    assert_int_equal(host->count, 1);
    wm_event batch[8];
    int count = wm_app_poll(host->app, batch, 8, 1000); /* that one, and the first again, as it was not read */
    assert_int_equal(count, 2);
    assert_true(batch[0].id != batch[1].id && (batch[0].id == one || batch[0].id == two));
    for (int i = 0; i < 2; i++) {
        close(first[i]);
        close(second[i]);
    }
    host_end(host);
}

static void app_fd__is_readable_while_a_watch_is_ready(void **state)
{
    const struct setting *setting = *state;
    if (setting->cap == 0)
        return;
    struct host *host = host_begin(setting, NULL);
    int ends[2];
    make_pipe(ends);
    wm_watch watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    struct plan plan = {.fd = ends[0]};
    host->context = &plan;
    host->react = read_it;
    struct pollfd loop = {wm_app_fd(host->app), POLLIN, 0};
    settle(host);
    assert_int_equal(poll(&loop, 1, 0), 0);
    for (int round = 1; round <= 3; round++) {
        say(ends[1], "x");
        assert_int_equal(poll(&loop, 1, GUARD_MS), 1);
        until(host, calls_of(host, watch) == (size_t)round);
        settle(host);
        assert_int_equal(poll(&loop, 1, 0), 0);
    }
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

/* Without a callback nobody would know: the loop does not spin. */
static void without_callback_and_poll__waits_for_nothing(void **state)
{
    const struct setting *setting = *state;
    if (setting->cap != 0)
        return;
    struct host *host = host_begin(setting, NULL);
    int ends[2];
    make_pipe(ends);
    assert_int_not_equal(wm_watch_add(host->app, ends[0], WM_WATCH_READ, NULL, NULL, NULL), 0);
    say(ends[1], "x");
    turn(host, 0);
    struct pollfd loop = {wm_app_fd(host->app), POLLIN, 0};
    settle(host);
    assert_int_equal(poll(&loop, 1, 0), 0);
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

static void a_child_of_fork__changes_nothing_of_the_parents(void **state)
{
    struct host *host = host_begin(*state, "text");
    int ends[2];
    make_pipe(ends);
    wm_watch watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    turn(host, 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int refused = wm_watch_set(watch, 0) == WM_EFORK && wm_watch_del(watch) == WM_EFORK;
        wm_app_free(host->app);
        _exit(refused ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    say(ends[1], "x");
    until(host, calls_of(host, watch) >= 2);
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(readable__is_called_again_until_it_is_read),
        SCENARIO_OVER_SOCKETS(set__changes_what_is_waited_for),
        SCENARIO_OVER_SOCKETS(two_watches_of_one_descriptor__are_called_each_for_its_own),
        SCENARIO_OVER_SOCKETS(the_other_end_closes__is_readable_and_writable),
        SCENARIO_OVER_SOCKETS(del__in_its_own_callback),
        SCENARIO_OVER_SOCKETS(del__of_another_that_is_ready_in_the_same_turn),
        SCENARIO_OVER_SOCKETS(what_cannot_be_watched__is_refused_with_the_reason),
        SCENARIO_OVER_SOCKETS(before_the_start__is_watched_from_the_start_on),
        SCENARIO_OVER_SOCKETS(user__is_destroyed_once_after_the_deletion_or_with_the_app),
        SCENARIO_OVER_SOCKETS(other_kinds_of_descriptors__work),
        SCENARIO_OVER_SOCKETS(many__are_all_called),
        SCENARIO_OVER_SOCKETS(a_full_poll__has_one_record_of_each_watch),
        SCENARIO_OVER_SOCKETS(app_fd__is_readable_while_a_watch_is_ready),
        SCENARIO_OVER_SOCKETS(without_callback_and_poll__waits_for_nothing),
        SCENARIO_OVER_SOCKETS(a_child_of_fork__changes_nothing_of_the_parents),
    };
    return RUN_SCENARIOS("watch", scenarios);
}
