/**
 * @file
 * Timers use the monotonic clock: the wall clock, which this program replaces, does not affect them.
 */
#include "support/client.h"

#include <sys/syscall.h>
#include <sys/time.h>

static long ahead_s;
static long asked;

/* Replaces the C library's, for every library of this process. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *out)
{
    asked++;
    int result = (int)syscall(SYS_clock_gettime, clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += ahead_s;
    return result;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return result;
}

__attribute__((visibility("default"))) time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

static void on_tick(wm_timer timer, void *user)
{
    assert_true(timer != 0);
    ++*(int *)user;
}

static void wall_clock_that_is_set(void **state, long ahead)
{
    struct host *host = host_begin(*state, "text");
    int soon = 0, late = 0;
    wm_timer hour = wm_timer_add(host->app, 3600 * 1000, 0, on_tick, &late, NULL);
    assert_true(hour != 0);
    assert_true(wm_timer_add(host->app, 30, 0, on_tick, &soon, NULL) != 0);
    settle(host);
    long before = asked;
    ahead_s = ahead;
    until(host, soon == 1);
    assert_true(asked > before);
    settle(host);
    assert_int_equal(late, 0);
    assert_int_equal(wm_timer_del(hour), 0);
    ahead_s = 0;
    host_end(host);
}

static void wall_clock_set_forward__fires_nothing_early(void **state)
{
    wall_clock_that_is_set(state, 7200);
}

static void wall_clock_set_back__delays_nothing(void **state)
{
    wall_clock_that_is_set(state, -7200);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(wall_clock_set_forward__fires_nothing_early),
        SCENARIO(wall_clock_set_back__delays_nothing),
    };
    return RUN_SCENARIOS("timer_clock", scenarios);
}
