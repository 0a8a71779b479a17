/**
 * @file
 * Any call is legal in any callback: close, free, listen, timers, options; the calls that are refused return
 * WM_ESTATE. With callbacks and, for the calls between polls, in pull mode.
 */
#include "support/ws_client.h"

enum act {
    CLOSE,
    DESTROY,
    FREE_WORKER,
    FREE_APP,
    STOP_APP,
    STOP_WORKER,
    UNLISTEN,
    PAUSE,
    REPLACE_CALLBACKS,
    NESTED_RUN,
    LISTEN_ANOTHER,
    TIMERS,
    ACTS
};

struct reentry {
    enum act act;
    uint32_t at; /**< the kind of event in which the call is made */
    int done, app_freed;
    wm_worker *other;
};

static void no_timer(wm_timer timer, void *user)
{
    (void)timer;
    (void)user;
}

static void nested_run(struct host *host)
{
    wm_event event;
    if (host->setting->cap != 0)
        return;
    assert_int_equal(wm_app_run(host->app), WM_ESTATE);
    assert_int_equal(wm_app_run_once(host->app, 0), WM_ESTATE);
    assert_int_equal(wm_app_poll(host->app, &event, 1, 0), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "callback"));
}

static void perform(struct host *host, struct reentry *plan, const wm_event *event)
{
    /* The connection still exists inside the close callback; when a poll returns the record it is gone. */
    int gone = event->kind == WM_EVENT_CLOSE && host->setting->cap != 0;
    switch (plan->act) {
    case CLOSE:
        assert_int_equal(wm_conn_close(event->conn, 0, NULL, 0), gone ? WM_ECLOSED : 0);
        return;
    case DESTROY:
        assert_int_equal(wm_conn_destroy(event->conn), gone ? WM_ECLOSED : 0);
        return;
    case FREE_WORKER:
        wm_worker_free(event->worker);
        host->worker = NULL;
        return;
    case FREE_APP:
        wm_app_free(host->app);
        plan->app_freed = 1;
        return;
    case STOP_APP:
        assert_int_equal(wm_app_stop(host->app), 0);
        return;
    case STOP_WORKER:
        assert_int_equal(wm_worker_stop(event->worker), 0);
        return;
    case UNLISTEN:
        assert_int_equal(wm_worker_unlisten(event->worker), 0);
        return;
    case PAUSE:
        assert_int_equal(wm_conn_pause_recv(event->conn), gone ? WM_ECLOSED : 0);
        assert_int_equal(wm_conn_resume_recv(event->conn), gone ? WM_ECLOSED : 0);
        return;
    case REPLACE_CALLBACKS:
        host_watch(host, event->worker);
        return;
    case NESTED_RUN:
        nested_run(host);
        return;
    case LISTEN_ANOTHER:
        plan->other = host_worker(host, "text");
        assert_int_equal(wm_worker_listen(plan->other), 0);
        return;
    case TIMERS: {
        wm_timer timer = wm_timer_add(host->app, 0, 0, no_timer, NULL, NULL);
        assert_int_not_equal(timer, 0);
        assert_int_equal(wm_timer_del(timer), 0);
        assert_int_not_equal(wm_timer_add(host->app, 0, 0, no_timer, NULL, NULL), 0);
        return;
    }
    case ACTS:
        return;
    }
}

static void act_once(struct host *host, const wm_event *event)
{
    struct reentry *plan = host->context;
    if (event->kind == plan->at && !plan->done) {
        plan->done = 1;
        perform(host, plan, event);
    }
}

/** One connection that goes through all events, with the call in one of them; afterwards the app still works. */
static void run_plan(const struct setting *setting, const char *scheme, struct reentry *plan)
{
    struct host *host = host_begin(setting, scheme);
    host->context = plan;
    host->react = act_once;
    struct client client = client_begin(host);
    int websocket = strcmp(scheme, "websocket") == 0;
    if (websocket)
        client_write(&client, WS_REQUEST, strlen(WS_REQUEST));
    else
        client_write(&client, "one\ntwo\nthree\n", 14);
    char frames[64];
    size_t len = ws_frame(frames, 0x81, "one", 3);
    len += ws_frame(frames + len, 0x81, "two", 3);
    if (websocket)
        client_write(&client, frames, len);
    for (int i = 0; i < 100 && !plan->app_freed; i++) {
        if (i == 50)
            client_end(&client);
        if (turn(host, 0) == WM_ESTOPPED)
            break;
    }
    client_end(&client);
    assert_true(plan->done);
    assert_true(count_of(host, WM_EVENT_CLOSE) <= 1);
    size_t last = host->count;
    while (last > 0 && host->events[last - 1].kind == WM_EVENT_STOP)
        last--;
    if (count_of(host, WM_EVENT_CLOSE) == 1)
        assert_int_equal(host->events[last - 1].kind, WM_EVENT_CLOSE);
    if (plan->act == CLOSE || plan->act == DESTROY || plan->act == FREE_WORKER)
        assert_int_equal(count_of(host, WM_EVENT_CLOSE), 1);
    if (plan->other) {
        struct client another = client_to(plan->other);
        client_say(host, &another, "x\n");
        until(host, host->events[host->count - 1].kind == WM_EVENT_MESSAGE && host->events[host->count - 1].worker == plan->other);
        client_end(&another);
    }
    if (plan->app_freed)
        host->app = NULL;
    host_end(host);
}

static void any_call_in_any_callback(void **state)
{
    static const uint32_t kinds[] = {WM_EVENT_CONNECT, WM_EVENT_OPEN, WM_EVENT_MESSAGE, WM_EVENT_CLOSE};
    for (int act = 0; act < ACTS; act++) {
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            if (act == FREE_APP && ((const struct setting *)*state)->cap != 0)
                continue; /* between polls that is a plain free */
            struct reentry plan = {(enum act)act, kinds[i], 0, 0, NULL};
            run_plan(*state, "text", &plan);
            struct reentry again = {(enum act)act, kinds[i], 0, 0, NULL};
            run_plan(*state, "websocket", &again);
        }
    }
}

struct timer_free {
    struct host *host;
    int freed, destroyed;
};

static void free_app_in_timer(wm_timer timer, void *user)
{
    struct timer_free *plan = user;
    (void)timer;
    wm_app_free(plan->host->app);
    plan->freed = 1;
}

static void app_free_in_a_timer__notifies_and_ends_the_run(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct timer_free plan = {host, 0, 0};
    int destroyed = 0;
    assert_int_not_equal(wm_timer_add(host->app, 0, 0, free_app_in_timer, &plan, NULL), 0);
    assert_int_not_equal(wm_timer_add(host->app, 1000000, 0, no_timer, &destroyed, count_destroy), 0);
    assert_int_equal(wm_worker_set_user(host->worker, &destroyed, count_destroy), 0);
    assert_int_equal(wm_app_run(host->app), 0);
    assert_int_equal(plan.freed, 1);
    assert_int_equal(destroyed, 2);
    host->app = NULL;
    host_end(host);
}

static void close_callback__connection_is_still_readable(void **state);
static char address_in_close[128];
static int64_t read_in_close;

static void read_at_close(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_CLOSE || host->setting->cap != 0)
        return;
    read_in_close = wm_conn_bytes_read(event->conn);
    wm_conn_local_address(event->conn, address_in_close, sizeof address_in_close);
    assert_ptr_equal(wm_conn_worker(event->conn), host->worker);
    assert_int_equal(wm_conn_send(event->conn, "x", 1, 0), WM_ECLOSED);
    assert_int_equal(wm_conn_set_user(event->conn, host, NULL), 0);
    assert_int_equal(wm_conn_set_int(event->conn, "max_message", 5), 0);
    assert_int_equal(wm_conn_pause_recv(event->conn), 0);
    assert_int_equal(wm_conn_resume_recv(event->conn), 0);
}

static void close_callback__connection_is_still_readable(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = read_at_close;
    read_in_close = 0;
    struct client client = client_open(host, NULL);
    client_say(host, &client, "12345\n");
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    if (host->setting->cap == 0) {
        assert_int_equal(read_in_close, 6);
        assert_non_null(strstr(wm_worker_address(host->worker), address_in_close));
    }
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(any_call_in_any_callback, OVER_TLS),
        SCENARIO(app_free_in_a_timer__notifies_and_ends_the_run),
        SCENARIO(close_callback__connection_is_still_readable),
    };
    return RUN_SCENARIOS("reentry", scenarios);
}
