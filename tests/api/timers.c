/**
 * @file
 * Timers: one-shot, repeated, deleted, in order, beside I/O, as records, and the destroy of their user pointer.
 */
#include "support/client.h"

struct tick {
    wm_app *app;
    int calls, stop_at;
    wm_timer self;
    int deleted;
};

static void on_tick(wm_timer timer, void *user)
{
    struct tick *tick = user;
    tick->self = timer;
    if (++tick->calls == tick->stop_at) {
        assert_int_equal(wm_timer_del(timer), 0);
        tick->deleted = wm_timer_del(timer);
    }
}

static void one_shot__fires_once_and_its_id_is_stale_then(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct tick tick = {host->app, 0, 0, 0, 0};
    int64_t start = clock_ms();
    wm_timer timer = wm_timer_add(host->app, 20, 0, on_tick, &tick, NULL);
    assert_true(timer > 0 && timer < 1ull << 53);
    until(host, tick.calls == 1);
    assert_true(clock_ms() - start >= 20);
    assert_true(tick.self == timer);
    settle(host);
    assert_int_equal(tick.calls, 1);
    assert_int_equal(wm_timer_del(timer), WM_ECLOSED);
    host_end(host);
}

static void repeat__goes_on_until_deleted_in_its_own_callback(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct tick tick = {host->app, 0, 5, 0, 0};
    wm_timer timer = wm_timer_add(host->app, 1, 1, on_tick, &tick, NULL);
    until(host, tick.calls == 5);
    settle(host);
    assert_int_equal(tick.calls, 5);
    assert_int_equal(tick.deleted, WM_ECLOSED); /* twice in the callback */
    assert_int_equal(wm_timer_del(timer), WM_ECLOSED);
    host_end(host);
}

static int order[64], ordered;

static void on_order(wm_timer timer, void *user)
{
    (void)timer;
    order[ordered++] = (int)(intptr_t)user;
}

static void order__is_by_due_time_whatever_the_order_of_adding(void **state)
{
    struct host *host = host_begin(*state, "text");
    ordered = 0;
    wm_timer timers[40];
    for (int i = 0; i < 40; i++) {
        int due = i * 17 % 40;
        timers[due] = wm_timer_add(host->app, 10 + due * 2, 0, on_order, (void *)(intptr_t)due, NULL);
    }
    for (int due = 0; due < 40; due += 4)
        assert_int_equal(wm_timer_del(timers[due]), 0);
    until(host, ordered == 30);
    for (int i = 1; i < 30; i++)
        assert_true(order[i] > order[i - 1]);
    host_end(host);
}

static void add_again(wm_timer timer, void *user)
{
    struct tick *tick = user;
    (void)timer;
    tick->calls++;
    assert_int_not_equal(wm_timer_add(tick->app, 0, 0, add_again, tick, NULL), 0);
}

static void delay_of_0__does_not_starve_io(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct tick tick = {host->app, 0, 0, 0, 0};
    assert_int_not_equal(wm_timer_add(host->app, 0, 0, add_again, &tick, NULL), 0);
    host->react = echo;
    struct client client = client_begin(host);
    client_say(host, &client, "through\n");
    client_hear(host, &client, "through\n");
    assert_true(tick.calls > 0);
    client_end(&client);
    host_end(host);
}

static void user__is_notified_once_after_the_last_call_or_the_deletion(void **state)
{
    struct host *host = host_begin(*state, "text");
    int fired = 0, deleted = 0, left = 0;
    struct tick tick = {host->app, 0, 0, 0, 0};
    wm_timer_add(host->app, 0, 0, on_tick, &tick, NULL);
    ordered = 0;
    assert_int_not_equal(wm_timer_add(host->app, 1, 0, NULL, &fired, count_destroy), 0);
    wm_timer timer = wm_timer_add(host->app, 1000000, 0, on_order, &deleted, count_destroy);
    wm_timer_add(host->app, 1000000, 1, on_order, &left, count_destroy);
    assert_int_equal(wm_timer_del(timer), 0);
    until(host, fired == 1 && deleted == 1);
    settle(host);
    assert_int_equal(fired, 1);
    assert_int_equal(deleted, 1);
    assert_int_equal(left, 0);
    host_end(host);
    assert_int_equal(left, 1);
}

static void wrong_times__are_refused(void **state)
{
    struct host *host = host_begin(*state, NULL);
    assert_int_equal(wm_timer_add(host->app, -1, 0, on_order, NULL, NULL), 0);
    assert_non_null(strstr(wm_last_error(), "timer"));
    assert_int_equal(wm_timer_add(host->app, 0, -1, on_order, NULL, NULL), 0);
    assert_int_equal(wm_timer_add(NULL, 0, 0, on_order, NULL, NULL), 0);
    host_end(host);
}

static void pull_mode__timers_without_a_function_are_records(void **state)
{
    const struct setting *setting = *state;
    if (setting->cap == 0)
        return;
    struct host *host = host_begin(setting, "text");
    int one, two;
    wm_timer once = wm_timer_add(host->app, 5, 0, NULL, &one, NULL);
    wm_timer again = wm_timer_add(host->app, 1, 1, NULL, &two, NULL);
    until(host, count_of(host, WM_EVENT_TIMER) >= 10);
    assert_int_equal(wm_timer_del(again), 0);
    size_t singles = 0;
    for (size_t i = 0; i < host->count; i++) {
        assert_int_equal(host->events[i].kind, WM_EVENT_TIMER);
        singles += host->events[i].id == once;
        assert_true(host->events[i].id == once ? host->events[i].user == &one
                                               : host->events[i].id == again && host->events[i].user == &two);
    }
    assert_true(singles <= 1);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(one_shot__fires_once_and_its_id_is_stale_then),
        SCENARIO(repeat__goes_on_until_deleted_in_its_own_callback),
        SCENARIO(order__is_by_due_time_whatever_the_order_of_adding),
        SCENARIO(delay_of_0__does_not_starve_io),
        SCENARIO(user__is_notified_once_after_the_last_call_or_the_deletion),
        SCENARIO(wrong_times__are_refused),
        SCENARIO(pull_mode__timers_without_a_function_are_records),
    };
    return RUN_SCENARIOS("timers", scenarios);
}
