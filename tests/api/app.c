/**
 * @file
 * The app: the limit of apps, stopping, options of every scope, errors and the log.
 */
#include "support/ws_client.h"

static void apps__32_fit_and_the_33rd_says_so(void **state)
{
    (void)state;
    wm_app *apps[32];
    for (int i = 0; i < 32; i++)
        assert_non_null(apps[i] = wm_app_new());
    assert_null(wm_app_new());
    assert_non_null(strstr(wm_last_error(), "32 apps"));
    wm_app_free(apps[7]);
    assert_non_null(apps[7] = wm_app_new());
    for (int i = 0; i < 32; i++)
        wm_app_free(apps[i]);
    wm_app_free(NULL);
}

static void wrong_arguments__are_codes_with_a_text(void **state)
{
    (void)state;
    wm_event event;
    assert_int_equal(wm_app_run(NULL), WM_EINVAL);
    assert_int_equal(wm_app_run_once(NULL, 0), WM_EINVAL);
    assert_int_equal(wm_app_poll(NULL, &event, 1, 0), WM_EINVAL);
    assert_int_equal(wm_app_flush(NULL), WM_EINVAL);
    assert_int_equal(wm_app_fd(NULL), WM_EINVAL);
    assert_int_equal(wm_app_stop(NULL), WM_EINVAL);
    assert_int_equal(wm_app_post(NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_worker_listen(NULL), WM_EINVAL);
    wm_app *app = wm_app_new();
    assert_int_equal(wm_app_poll(app, NULL, 1, 0), WM_EINVAL);
    assert_int_equal(wm_app_poll(app, &event, 0, 0), WM_EINVAL);
    assert_int_equal(wm_app_set_int(app, NULL, 0), WM_EINVAL);
    assert_true(strlen(wm_last_error()) > 0);
    wm_app_free(app);
}

static void options__unknown_late_and_out_of_range_say_what_is_right(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    wm_hub *hub = wm_hub_new(app);
    int64_t value = -1;
    const char *text = NULL;
    assert_int_equal(wm_worker_set_int(worker, "max_mesage", 5), WM_EOPTION);
    assert_non_null(strstr(wm_last_error(), "'max_message'"));
    assert_int_equal(wm_app_set_int(app, "max_connection", 5), WM_EOPTION);
    assert_non_null(strstr(wm_last_error(), "'max_connections'"));
    assert_int_equal(wm_hub_set_int(hub, "max_per_uids", 5), WM_EOPTION);
    assert_non_null(strstr(wm_last_error(), "'max_per_uid'"));
    assert_int_equal(wm_worker_set_int(worker, "backlog", 0), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "from 1 to 65535"));
    assert_int_equal(wm_worker_set_int(worker, "backlog", 65536), WM_EINVAL);
    assert_int_equal(wm_worker_set_int(worker, "backlog", 65535), 0);
    assert_int_equal(wm_worker_set_int(worker, "name", 1), WM_EOPTION);
    assert_int_equal(wm_worker_set_str(worker, "backlog", "1"), WM_EOPTION);
    assert_int_equal(wm_worker_set_str(worker, "name", "pages"), 0);
    assert_int_equal(wm_worker_get_str(worker, "name", &text), 0);
    assert_string_equal(text, "pages");
    assert_int_equal(wm_worker_get_int(worker, "nothing", &value), WM_EOPTION);
    assert_int_equal(wm_worker_listen(worker), 0);
    assert_int_equal(wm_worker_set_int(worker, "backlog", 10), WM_ESTATE);
    assert_int_equal(wm_worker_set_int(worker, "max_message", 10), 0);
    assert_int_equal(wm_worker_get_int(worker, "max_message", &value), 0);
    assert_int_equal(value, 10);
    wm_app_free(app);
}

/** Setters and getters take every option that wm_option_next lists, with its default and range. */
static void options__are_as_they_are_listed(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    wm_hub *hub = wm_hub_new(app);
    wm_client *client = wm_client_new(app, "text://127.0.0.1:1");
    wm_protocol *protocol = wm_protocol_new(app, "own");
    const char *name, *type, *unit, *text;
    int64_t default_value, min, max, value;
    int32_t live;
    for (int32_t scope = WM_SCOPE_APP; scope <= WM_SCOPE_PROTOCOL; scope++) {
        if (scope == WM_SCOPE_CONN)
            continue;
        size_t index = 0;
        for (; wm_option_next(scope, index, &name, &type, &unit, &default_value, &min, &max, &live, &text) == 1; index++) {
            assert_true(strlen(text) > 10);
            if (strcmp(type, "int") != 0)
                continue;
            if (strcmp(unit, "ms") == 0)
                assert_string_equal(name + strlen(name) - 3, "_ms");
            assert_true(min <= default_value && default_value <= max);
            int got = scope == WM_SCOPE_APP      ? wm_app_get_int(app, name, &value)
                      : scope == WM_SCOPE_WORKER ? wm_worker_get_int(worker, name, &value)
                      : scope == WM_SCOPE_CLIENT ? wm_client_get_int(client, name, &value)
                      : scope == WM_SCOPE_HUB    ? wm_hub_get_int(hub, name, &value)
                                                 : wm_protocol_get_int(protocol, name, &value);
            assert_int_equal(got, 0);
            if (strcmp(name, "max_queue_total") != 0)
                assert_int_equal(value, default_value);
            for (int i = 0; i < 4; i++) {
                int64_t try = i == 0 ? min : i == 1 ? max : i == 2 ? min - 1 : max + 1;
                int set = scope == WM_SCOPE_APP      ? wm_app_set_int(app, name, try)
                          : scope == WM_SCOPE_WORKER ? wm_worker_set_int(worker, name, try)
                          : scope == WM_SCOPE_CLIENT ? wm_client_set_int(client, name, try)
                          : scope == WM_SCOPE_HUB    ? wm_hub_set_int(hub, name, try)
                                                     : wm_protocol_set_int(protocol, name, try);
                assert_int_equal(set, i < 2 ? 0 : WM_EINVAL);
            }
        }
        assert_true(index > 1);
    }
    assert_int_equal(wm_option_next(WM_SCOPE_APP, 1000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(wm_option_next(0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_option_next(7, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), WM_EINVAL);
    assert_int_equal(wm_option_next(WM_SCOPE_HUB, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), 1);
    wm_app_free(app);
}

static void errors__have_names_and_texts(void **state)
{
    (void)state;
#define CHECK_ERROR(code, value, text)                                                                                                     \
    assert_int_equal(code, value);                                                                                                         \
    assert_string_equal(wm_error_name(code), #code);                                                                                       \
    assert_string_equal(wm_strerror(code), text);
    WM_ERROR_LIST(CHECK_ERROR)
#undef CHECK_ERROR
    assert_string_equal(wm_error_name(0), "WM_OK");
    assert_string_equal(wm_error_name(-1000), "WM_EUNKNOWN");
    assert_string_equal(wm_strerror(12345), "unknown error");
    assert_string_equal(wm_version(), WM_VERSION);
    assert_int_equal(sizeof(wm_event), 64);
}

struct lines {
    int count, destroyed;
    char last[512];
};

static void take_line(int32_t level, const void *text, size_t len, void *user)
{
    struct lines *lines = user;
    assert_int_equal(level, WM_LOG_WARN);
    lines->count++;
    snprintf(lines->last, sizeof lines->last, "%.*s", (int)len, (const char *)text);
}

static void lines_gone(void *user)
{
    ((struct lines *)user)->destroyed++;
}

static void log__lines_go_to_the_function_and_shed_connections_are_told_once_a_second(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct lines lines = {0}, second = {0};
    assert_int_equal(wm_log_set(take_line, &lines, lines_gone), 0);
    assert_int_equal(wm_app_set_int(host->app, "max_connections", 1), 0);
    struct client client = client_open(host, NULL);
    client_say(host, &client, "a connection that has said nothing would make room\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    for (int i = 0; i < 5; i++) {
        struct client shed = client_begin(host);
        client_hear_end(host, &shed);
        client_end(&shed);
    }
    assert_true(lines.count >= 1 && lines.count < 5);
    assert_non_null(strstr(lines.last, "max_connections"));
    assert_non_null(strstr(lines.last, wm_worker_address(host->worker)));
    assert_int_equal(count_of(host, WM_EVENT_CONNECT), 1);
    assert_int_equal(wm_log_set(take_line, &second, lines_gone), 0);
    assert_int_equal(lines.destroyed, 1);
    assert_int_equal(wm_log_set(NULL, NULL, NULL), 0);
    assert_int_equal(second.destroyed, 1);
    client_end(&client);
    host_end(host);
}

static int stops;

static void on_stop(wm_worker *worker, void *user)
{
    (void)worker;
    (void)user;
    stops++;
}

static void stop__closes_each_in_its_way_and_polls_say_estopped(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    stops = 0;
    assert_int_equal(wm_worker_on_stop(host->worker, on_stop, NULL, NULL), 0);
    struct client client = ws_open(host, NULL);
    char address[128];
    snprintf(address, sizeof address, "%s", wm_worker_address(host->worker));
    assert_int_equal(wm_app_stop(host->app), 0);
    assert_int_equal(turn(host, 0), 0);
    assert_int_equal(stops, 1);
    assert_int_equal(connect_to(address), -1);
    ws_hear_close(host, &client, 1001);
    ws_say_close(host, &client, 1001);
    client_hear_end(host, &client);
    client_end(&client);
    int64_t guard = clock_ms() + GUARD_MS;
    while (turn(host, 5) == 0 && clock_ms() < guard) {
    }
    assert_int_equal(turn(host, 0), WM_ESTOPPED);
    assert_string_equal(trace(host, 0), "connect open closing close(stop 1001)");
    assert_int_equal(wm_worker_listen(host->worker), WM_ESTATE);
    assert_int_equal(wm_app_run(host->app), 0);
    assert_int_equal(stops, 1);
    host_end(host);
}

static void stop__does_not_wait_for_a_peer_over_stop_timeout(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    assert_int_equal(wm_app_set_int(host->app, "stop_timeout_ms", 30), 0);
    struct client client = ws_open(host, NULL);
    assert_int_equal(wm_app_stop(host->app), 0);
    int64_t guard = clock_ms() + GUARD_MS;
    while (turn(host, 5) == 0 && clock_ms() < guard) {
    }
    assert_int_equal(turn(host, 0), WM_ESTOPPED);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_STOP);
    client_end(&client);
    host_end(host);
}

static void worker_stop__leaves_the_app_and_may_listen_again(void **state)
{
    struct host *host = host_begin(*state, "text");
    stops = 0;
    assert_int_equal(wm_worker_on_stop(host->worker, on_stop, NULL, NULL), 0);
    struct client client = client_open(host, NULL);
    assert_int_equal(wm_worker_stop(host->worker), 0);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_STOP);
    assert_int_equal(stops, 1);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    client = client_open(host, NULL);
    client_end(&client);
    host_end(host);
}

static void listen_again(wm_worker *worker, void *user)
{
    (void)user;
    stops++;
    assert_int_equal(wm_worker_listen(worker), 0);
}

static void worker_stop__then_listen_keeps_the_listener(void **state)
{
    for (int inside = 0; inside < 2; inside++) {
        struct host *host = host_begin(*state, "text");
        stops = 0;
        assert_int_equal(wm_worker_on_stop(host->worker, inside ? listen_again : on_stop, NULL, NULL), 0);
        struct client client = client_open(host, NULL);
        char address[128];
        snprintf(address, sizeof address, "%s", wm_worker_address(host->worker));
        for (int i = 1; i <= 2; i++) {
            assert_int_equal(wm_worker_stop(host->worker), 0);
            if (!inside)
                assert_int_equal(wm_worker_listen(host->worker), 0);
            client_hear_end(host, &client);
            client_end(&client);
            assert_int_equal(stops, i);
            assert_string_equal(wm_worker_address(host->worker), address);
            client = client_open(host, NULL);
        }
        client_end(&client);
        host_end(host);
    }
}

static void worker_stop__the_last_call_counts(void **state)
{
    struct host *host = host_begin(*state, "text");
    stops = 0;
    assert_int_equal(wm_worker_on_stop(host->worker, on_stop, NULL, NULL), 0);
    struct client client = client_open(host, NULL);
    assert_int_equal(wm_worker_stop(host->worker), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    assert_int_equal(wm_worker_stop(host->worker), 0);
    char address[128];
    snprintf(address, sizeof address, "%s", wm_worker_address(host->worker));
    client_hear_end(host, &client);
    client_end(&client);
    assert_int_equal(stops, 1);
    assert_int_equal(connect_to(address), -1);
    host_end(host);
}

static void worker_stop__comes_before_the_free_of_the_app(void **state)
{
    struct host *host = host_begin(*state, "text");
    stops = 0;
    assert_int_equal(wm_worker_on_stop(host->worker, on_stop, NULL, NULL), 0);
    turn(host, 0);
    assert_int_equal(wm_worker_stop(host->worker), 0);
    assert_int_equal(stops, 0);
    host_end(host);
    assert_int_equal(stops, 1);
}

static void send_late(void *user)
{
    assert_int_equal(wm_conn_send(*(wm_conn *)user, "late", 4, 0), 0);
}

static void retire(wm_timer timer, void *user)
{
    (void)timer;
    assert_int_equal(wm_conn_set_user(*(wm_conn *)user, user, send_late), 0);
    assert_int_equal(wm_conn_set_user(*(wm_conn *)user, NULL, NULL), 0);
}

struct listener {
    struct host *host;
    struct client *client;
    int heard;
};

static void look(wm_timer timer, void *user)
{
    (void)timer;
    struct listener *listener = user;
    client_pump(listener->client);
    listener->heard = client_has(listener->client, 4);
    assert_int_equal(wm_app_stop(listener->host->app), 0);
}

/* The notifier is called when the turn's messages have left: its own leave before the loop waits again. */
static void run__sends_what_a_destroy_notifier_sends(void **state)
{
    const struct setting callbacks = {"callbacks, tcp", 0, TCP};
    (void)state;
    struct host *host = host_begin(&callbacks, "raw");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    struct listener listener = {host, &client, 0};
    assert_int_not_equal(wm_timer_add(host->app, 0, 0, retire, &conn, NULL), 0);
    assert_int_not_equal(wm_timer_add(host->app, 300, 0, look, &listener, NULL), 0);
    assert_int_equal(wm_app_run(host->app), 0);
    assert_true(listener.heard);
    client_end(&client);
    host_end(host);
}

/* No process could take the place of this one. */
static void max_requests__takes_a_master(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_worker *worker = wm_worker_new(host->app, NULL);
    assert_int_equal(wm_worker_set_str(worker, "name", "starts"), 0);
    assert_int_equal(wm_worker_set_int(worker, "max_requests", 5), 0);
    assert_int_equal(wm_app_run(host->app), WM_ESTATE);
    assert_string_equal(wm_last_error(),
                        "option 'max_requests' of worker 'starts' is set, but no master process would replace this one: leave it 0, "
                        "or run the worker by wm_app_main");
    assert_int_equal(wm_worker_set_int(worker, "max_requests", 0), 0);
    wm_worker *listener = host_worker(host, "text");
    assert_int_equal(wm_worker_set_int(listener, "max_requests", 5), 0);
    assert_int_equal(turn(host, 0), WM_ESTATE);
    assert_int_equal(wm_worker_listen(listener), WM_ESTATE);
    assert_string_equal(wm_worker_error(listener), wm_last_error());
    assert_int_equal(wm_worker_set_int(listener, "max_requests", 0), 0);
    assert_int_equal(wm_worker_listen(listener), 0);
    assert_int_equal(turn(host, 0), 0);
    host_end(host);
}

static void free__gives_back_every_user_pointer_once(void **state)
{
    struct host *host = host_begin(*state, "text");
    int users[15] = {0};
    wm_worker *worker = wm_worker_new(host->app, NULL);
    wm_worker_on_start(worker, NULL, &users[0], count_destroy);
    wm_worker_on_stop(worker, NULL, &users[1], count_destroy);
    wm_worker_on_connect(worker, NULL, &users[2], count_destroy);
    wm_worker_on_handshake(worker, NULL, &users[3], count_destroy);
    wm_worker_on_open(worker, NULL, &users[4], count_destroy);
    wm_worker_on_message(worker, NULL, &users[5], count_destroy);
    wm_worker_on_error(worker, NULL, &users[6], count_destroy);
    wm_worker_on_close(worker, NULL, &users[7], count_destroy);
    wm_worker_on_buffer_full(worker, NULL, &users[8], count_destroy);
    wm_worker_on_buffer_drain(worker, NULL, &users[9], count_destroy);
    wm_worker_set_user(worker, &users[10], count_destroy);
    wm_app_post(host->app, NULL, &users[11], count_destroy);
    wm_timer_add(host->app, 1000000, 0, NULL, &users[12], count_destroy);
    wm_worker_on_open(worker, NULL, &users[13], count_destroy); /* replaces */
    wm_worker_on_closing(worker, NULL, &users[14], count_destroy);
    host_end(host);
    for (int i = 0; i < 15; i++)
        assert_int_equal(users[i], 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(apps__32_fit_and_the_33rd_says_so),
        cmocka_unit_test(wrong_arguments__are_codes_with_a_text),
        cmocka_unit_test(options__unknown_late_and_out_of_range_say_what_is_right),
        cmocka_unit_test(options__are_as_they_are_listed),
        cmocka_unit_test(errors__have_names_and_texts),
        cmocka_unit_test(run__sends_what_a_destroy_notifier_sends),
    };
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(log__lines_go_to_the_function_and_shed_connections_are_told_once_a_second, OVER_PAIRS | OVER_TLS),
        SCENARIO(stop__closes_each_in_its_way_and_polls_say_estopped),
        SCENARIO(stop__does_not_wait_for_a_peer_over_stop_timeout),
        SCENARIO(max_requests__takes_a_master),
        SCENARIO(worker_stop__leaves_the_app_and_may_listen_again),
        SCENARIO(worker_stop__then_listen_keeps_the_listener),
        SCENARIO(worker_stop__the_last_call_counts),
        SCENARIO(worker_stop__comes_before_the_free_of_the_app),
        SCENARIO(free__gives_back_every_user_pointer_once),
    };
    int failed = cmocka_run_group_tests_name("app", tests, NULL, NULL);
    return RUN_SCENARIOS("stop", scenarios) + failed;
}
