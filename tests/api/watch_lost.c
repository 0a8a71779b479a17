/* Watches of descriptors that are closed, or used again, without a word. */
#define _GNU_SOURCE
#include "support/watched.h"

#include <poll.h>
#include <sys/eventfd.h>

static void close_fd(struct host *host, const wm_event *event)
{
    struct plan *plan = host->context;
    if (event->kind == WM_EVENT_WATCH && plan->result == 1)
        plan->result = close(plan->fd);
}

static void closed_without_a_word__is_no_call_and_no_spin(void **state)
{
    struct host *host = host_begin(*state, "text");
    int ends[2];
    make_pipe(ends);
    struct plan plan = {.fd = ends[0], .result = 1};
    host->context = &plan;
    wm_watch watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    say(ends[1], "x");
    host->react = close_fd;
    until(host, plan.result != 1);
    size_t before = host->count;
    settle(host);
    assert_int_equal(host->count, before);
    assert_int_equal(wm_watch_set(watch, WM_WATCH_READ), WM_ECLOSED);
    assert_non_null(strstr(wm_last_error(), "was closed"));
    assert_int_equal(wm_watch_del(watch), 0);
    close(ends[1]);
    host_end(host);
}

/* Another descriptor keeps the file alive, so that the kernel goes on to report it for the number that was closed. */
static void closed_while_a_duplicate_lives__is_no_call_and_no_spin(void **state)
{
    struct host *host = host_begin(*state, "text");
    int ends[2];
    make_pipe(ends);
    wm_watch watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    turn(host, 0);
    int duplicate = fcntl(ends[0], F_DUPFD_CLOEXEC, 100);
    close(ends[0]);
    say(ends[1], "x");
    settle(host);
    assert_int_equal(calls_of(host, watch), 0);
    struct pollfd loop = {wm_app_fd(host->app), POLLIN, 0};
    assert_int_equal(poll(&loop, 1, 0), 0); /* quiet: nothing to wake for */
    assert_int_equal(wm_watch_del(watch), 0);
    close(duplicate);
    close(ends[1]);
    host_end(host);
}

/* The number means another file, which is ready too; with a duplicate the first is ready as well. */
static void used_again__is_no_call_for_the_wrong_file(void **state)
{
    for (int with_duplicate = 0; with_duplicate < 2; with_duplicate++) {
        struct host *host = host_begin(*state, "text");
        int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), other = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); /* of one inode */
        wm_watch watch = host_add_watch(host, event, WM_WATCH_READ);
        turn(host, 0);
        int duplicate = with_duplicate ? fcntl(event, F_DUPFD_CLOEXEC, 100) : -1;
        assert_int_equal(dup3(other, event, O_CLOEXEC), event);
        assert_int_equal(eventfd_write(event, 1), 0);
        if (with_duplicate)
            assert_int_equal(eventfd_write(duplicate, 1), 0);
        settle(host);
        assert_int_equal(calls_of(host, watch), 0);

        wm_watch later = host_add_watch(host, event, WM_WATCH_READ); /* the number in its new meaning */
        until(host, calls_of(host, later) >= 2);
        assert_int_equal(calls_of(host, watch), 0);
        assert_int_equal(wm_watch_set(watch, WM_WATCH_READ), WM_ECLOSED);
        assert_int_equal(wm_watch_del(watch), 0); /* is not that of the new one */
        size_t before = calls_of(host, later);
        until(host, calls_of(host, later) >= before + 2);
        assert_int_equal(wm_watch_del(later), 0);
        close(event);
        close(other);
        if (with_duplicate)
            close(duplicate);
        host_end(host);
    }
}

/* The number goes to a connection of the library: the watch leaves it alone. */
static void used_again_by_a_connection__leaves_it_alone(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    turn(host, 0);
    int ends[2];
    make_pipe(ends);
    int duplicate = fcntl(ends[0], F_DUPFD_CLOEXEC, 100);
    wm_watch watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    turn(host, 0);
    struct client client = client_begin(host);
    close(ends[0]);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_true(fcntl(ends[0], F_GETFD) >= 0); /* it has */
    say(ends[1], "x");
    settle(host);
    assert_int_equal(wm_watch_set(watch, WM_WATCH_WRITE), WM_ECLOSED);
    assert_int_equal(wm_watch_del(watch), 0);
    client_say(host, &client, "still here\n");
    client_hear(host, &client, "still here\n");
    assert_int_equal(calls_of(host, watch), 0);
    client_end(&client);
    close(duplicate);
    close(ends[1]);
    host_end(host);
}

static void restored_from_a_duplicate__can_be_watched_again(void **state)
{
    struct host *host = host_begin(*state, NULL);
    int ends[2];
    make_pipe(ends);
    turn(host, 0);
    wm_watch watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    int duplicate = fcntl(ends[0], F_DUPFD_CLOEXEC, 100);
    close(ends[0]);
    assert_int_equal(wm_watch_del(watch), 0); /* the kernel still has it, as it can no longer be named */
    assert_int_equal(dup3(duplicate, ends[0], O_CLOEXEC), ends[0]);
    watch = host_add_watch(host, ends[0], WM_WATCH_READ);
    assert_int_not_equal(watch, 0);
    say(ends[1], "x");
    until(host, calls_of(host, watch) >= 2);
    assert_int_equal(host->count, calls_of(host, watch));
    close(duplicate);
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(closed_without_a_word__is_no_call_and_no_spin),
        SCENARIO_OVER_SOCKETS(closed_while_a_duplicate_lives__is_no_call_and_no_spin),
        SCENARIO_OVER_SOCKETS(used_again__is_no_call_for_the_wrong_file),
        SCENARIO_OVER_SOCKETS(used_again_by_a_connection__leaves_it_alone),
        SCENARIO_OVER_SOCKETS(restored_from_a_duplicate__can_be_watched_again),
    };
    return RUN_SCENARIOS("watch lost", scenarios);
}
