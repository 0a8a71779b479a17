/**
 * @file
 * A callback that holds up the loop is logged with its worker and name, at most once a second.
 */
#include "support/client.h"

enum { SLOW_MS = 300, LIMIT_MS = 100 };

struct lines {
    int count;
    char first[512];
};

static void take_line(int32_t level, const void *text, size_t len, void *user)
{
    struct lines *lines = user;
    assert_int_equal(level, WM_LOG_WARN);
    if (lines->count++ == 0)
        snprintf(lines->first, sizeof lines->first, "%.*s", (int)len, (const char *)text);
}

static void hold_up(void)
{
    int64_t end = clock_ms() + SLOW_MS;
    while (clock_ms() < end)
        usleep(1000);
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)kind;
    (void)user;
    if (len == 4 && memcmp(data, "slow", 4) == 0)
        hold_up();
    wm_conn_send(conn, data, len, 0);
}

static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    (void)conn;
    (void)user;
    hold_up();
}

static void on_timer(wm_timer timer, void *user)
{
    (void)timer;
    hold_up();
    *(int *)user = 1;
}

static struct host *slow_begin(void **state, struct lines *lines)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_app_set_int(host->app, "slow_callback_ms", LIMIT_MS), 0);
    assert_int_equal(wm_worker_set_str(host->worker, "name", "chat"), 0);
    assert_int_equal(wm_worker_on_message(host->worker, on_message, NULL, NULL), 0);
    memset(lines, 0, sizeof *lines);
    wm_log_set(take_line, lines, NULL);
    return host;
}

static void slow_end(struct host *host)
{
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void message__is_named_with_its_worker(void **state)
{
    struct lines lines;
    struct host *host = slow_begin(state, &lines);
    struct client client = client_begin(host);
    client_say(host, &client, "quick\nslow\nquick\n");
    client_hear(host, &client, "quick\nslow\nquick\n");
    settle(host);
    assert_non_null(strstr(lines.first, "worker chat ("));
    assert_non_null(strstr(lines.first, wm_worker_address(host->worker)));
    assert_non_null(strstr(lines.first, "): on_message blocked the loop for "));
    client_end(&client);
    slow_end(host);
}

static void open__is_named(void **state)
{
    struct lines lines;
    struct host *host = slow_begin(state, &lines);
    assert_int_equal(wm_worker_on_open(host->worker, on_open, NULL, NULL), 0);
    struct client client = client_begin(host);
    client_say(host, &client, "quick\n");
    client_hear(host, &client, "quick\n");
    assert_non_null(strstr(lines.first, "): on_open blocked the loop for "));
    client_end(&client);
    slow_end(host);
}

static void timer__is_named(void **state)
{
    struct lines lines;
    struct host *host = slow_begin(state, &lines);
    int fired = 0;
    wm_timer_add(host->app, 0, 0, on_timer, &fired, NULL);
    until(host, fired);
    assert_non_null(strstr(lines.first, "a timer callback blocked the loop for "));
    slow_end(host);
}

static int32_t on_topic(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user)
{
    (void)hub, (void)topic, (void)topic_len, (void)data, (void)len;
    hold_up();
    *(int *)user = 1;
    return 0;
}

static void hub_message__is_named(void **state)
{
    struct lines lines;
    struct host *host = slow_begin(state, &lines);
    wm_hub *hub = wm_hub_new(host->app);
    int called = 0;
    assert_int_equal(wm_hub_on_message(hub, "t", 1, on_topic, &called, NULL), 0);
    turn(host, 0);
    assert_int_equal(wm_hub_publish(hub, "t", 1, "x", 1, NULL, NULL, NULL, NULL), WM_PENDING);
    until(host, called);
    assert_non_null(strstr(lines.first, "a hub message callback blocked the loop for "));
    slow_end(host);
}

static void many__are_one_line(void **state)
{
    struct lines lines;
    struct host *host = slow_begin(state, &lines);
    struct client client = client_begin(host);
    int64_t start = clock_ms();
    client_say(host, &client, "slow\nslow\nslow\nslow\n");
    client_hear(host, &client, "slow\nslow\nslow\nslow\n");
    int64_t seconds = (clock_ms() - start) / 1000;
    assert_in_range(lines.count, 1, seconds + 1);
    client_end(&client);
    slow_end(host);
}

static void off__logs_nothing(void **state)
{
    struct lines lines;
    struct host *host = slow_begin(state, &lines);
    assert_int_equal(wm_app_set_int(host->app, "slow_callback_ms", 0), 0);
    struct client client = client_begin(host);
    client_say(host, &client, "slow\n");
    client_hear(host, &client, "slow\n");
    assert_int_equal(lines.count, 0);
    client_end(&client);
    slow_end(host);
}

int main(void)
{
    const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(message__is_named_with_its_worker),
        SCENARIO(open__is_named),
        SCENARIO_OVER_SOCKETS(hub_message__is_named),
        SCENARIO_OVER_SOCKETS(timer__is_named),
        SCENARIO_OVER_SOCKETS(many__are_one_line),
        SCENARIO_OVER_SOCKETS(off__logs_nothing),
    };
    return run_scenarios("slow_callback", scenarios, sizeof scenarios / sizeof *scenarios);
}
