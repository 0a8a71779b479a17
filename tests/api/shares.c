/**
 * @file
 * How workers share connections: limits of a worker and of an address, reservations, and who goes when there
 * is no room.
 */
#include "support/crowd.h"

enum { SOME = 6 };

static void worker_limit__refuses_there_and_names_itself(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    wm_worker *other = second_worker(host, "text", "max_connections", 0);
    set_int(host->worker, "max_connections", 2);
    assert_int_equal(wm_worker_set_str(host->worker, "name", "pages"), 0);
    struct client a = spoken(host, host->worker), b = spoken(host, host->worker);
    expect_refused(host, host->worker);
    assert_int_equal(lines.count, 1);
    assert_non_null(strstr(lines.last, "worker pages"));
    assert_non_null(strstr(lines.last, "max_connections of the worker is 2"));
    struct client c = spoken(host, other);
    end(host, &a);
    struct client d = spoken(host, host->worker);
    set_int(host->worker, "max_connections", 3);
    struct client e = spoken(host, host->worker);
    expect_alive(host, &b);
    struct client *all[] = {&b, &c, &d, &e};
    for (int i = 0; i < 4; i++)
        client_end(all[i]);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void worker_limit__the_oldest_silent_one_goes_first(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    set_int(host->worker, "max_connections", 3);
    struct client speaker = spoken(host, host->worker);
    struct client first = silent(host, host->worker), second = silent(host, host->worker);
    struct client third = silent(host, host->worker);
    until(host, client_ended(&first));
    assert_non_null(strstr(lines.last, "silent connection ended"));
    assert_non_null(strstr(lines.last, "max_connections of the worker is 3"));
    const struct seen *close = nth(host, WM_EVENT_CLOSE, 0);
    assert_int_equal(close->flags & 255, WM_REASON_LIMIT);
    expect_alive(host, &second);
    expect_alive(host, &third);
    expect_refused(host, host->worker);
    expect_alive(host, &speaker);
    assert_int_equal(wm_worker_conn_count(host->worker), 3);
    client_end(&first);
    client_end(&second);
    client_end(&third);
    client_end(&speaker);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void greet(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_OPEN)
        assert_int_equal(wm_conn_send(event->conn, "welcome", 7, 0), 0);
}

static void peers_that_listen__do_not_go(void **state)
{
    struct host *host = host_begin(*state, "text");
    set_int(host->worker, "max_connections", 3);
    host->react = greet;
    struct client feed[3];
    for (int i = 0; i < 3; i++) {
        feed[i] = silent(host, host->worker);
        client_hear(host, &feed[i], "welcome\n");
    }
    expect_refused(host, host->worker);
    for (int i = 0; i < 3; i++) {
        expect_alive(host, &feed[i]);
        client_end(&feed[i]);
    }
    host_end(host);
}

static void part_of_a_line__is_still_silence(void **state)
{
    struct host *host = host_begin(*state, "text");
    set_int(host->worker, "max_connections", 1);
    struct client slow = silent(host, host->worker);
    client_say(host, &slow, "a line that never en");
    settle(host);
    struct client next = spoken(host, host->worker);
    until(host, client_ended(&slow));
    client_end(&slow);
    client_end(&next);
    host_end(host);
}

static void app_limit__the_worker_with_most_silence_makes_room(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_worker *other = second_worker(host, "text", "max_connections", 0);
    wm_app_set_int(host->app, "max_connections", 4);
    struct client first = silent(host, other), flood[3];
    for (int i = 0; i < 3; i++)
        flood[i] = silent(host, host->worker);
    struct client more = silent(host, other);
    until(host, client_ended(&flood[0]));
    expect_alive(host, &first);
    expect_alive(host, &more);
    expect_alive(host, &flood[1]);
    client_end(&first);
    client_end(&more);
    for (int i = 0; i < 3; i++)
        client_end(&flood[i]);
    host_end(host);
}

static void reserve__others_leave_it_free(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct log_lines lines = {0};
    wm_app_set_int(host->app, "max_connections", 5);
    wm_worker *back_end = second_worker(host, "text", "reserve_connections", 2);
    wm_log_set(take_line, &lines, NULL);
    struct client pages[3], backs[2];
    for (int i = 0; i < 3; i++)
        pages[i] = spoken(host, host->worker);
    expect_refused(host, host->worker);
    assert_non_null(strstr(lines.last, "reserve_connections of other workers is 3"));
    for (int i = 0; i < 2; i++)
        backs[i] = spoken(host, back_end);
    expect_refused(host, back_end);
    end(host, &backs[0]);
    expect_refused(host, host->worker);
    backs[0] = spoken(host, back_end);
    end(host, &pages[0]);
    struct client third = spoken(host, back_end); /* of what all share */
    expect_refused(host, host->worker);
    client_end(&third);
    client_end(&backs[0]);
    client_end(&backs[1]);
    client_end(&pages[1]);
    client_end(&pages[2]);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void reserve__silent_ones_within_it_stay(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_app_set_int(host->app, "max_connections", 5);
    wm_worker *back_end = second_worker(host, "text", "reserve_connections", 3);
    struct client backs[3], pages[2];
    for (int i = 0; i < 3; i++)
        backs[i] = silent(host, back_end);
    for (int i = 0; i < 2; i++)
        pages[i] = silent(host, host->worker);
    for (int i = 0; i < 4; i++) {
        struct client page = silent(host, host->worker);
        until(host, client_ended(&pages[i % 2]));
        client_end(&pages[i % 2]);
        pages[i % 2] = page;
    }
    for (int i = 0; i < 3; i++) {
        expect_alive(host, &backs[i]);
        client_end(&backs[i]);
    }
    client_end(&pages[0]);
    client_end(&pages[1]);
    host_end(host);
}

static void reserve__more_than_there_can_be_is_said_at_the_start(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_app_set_int(host->app, "max_connections", 10);
    wm_worker *first = host_worker(host, "text"), *second = host_worker(host, "text");
    set_int(first, "reserve_connections", 6);
    set_int(second, "reserve_connections", 5);
    assert_int_equal(turn(host, 0), WM_EINVAL);
    assert_string_equal(wm_last_error(), "the workers reserve 11 connections (reserve_connections), max_connections of the app is 10");
    set_int(second, "reserve_connections", 4);
    assert_int_equal(turn(host, 0), 0);
    /* The same of a worker that listens in the running app. */
    wm_worker *third = host_worker(host, "text");
    set_int(third, "reserve_connections", 1);
    assert_int_equal(wm_worker_listen(third), WM_EINVAL);
    assert_int_equal(wm_worker_unlisten(first), 0);
    assert_int_equal(wm_worker_listen(third), 0);
    assert_int_equal(wm_worker_set_int(third, "reserve_connections", 2), WM_ESTATE);
    host_end(host);
}

static void max_silent__the_oldest_silent_one_goes(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    set_int(host->worker, "max_silent", 2);
    struct client open = ws_open(host, NULL);
    struct client first = silent(host, host->worker), second = silent(host, host->worker);
    client_say(host, &second, "GET / HTTP/1.1\r\n");
    struct client third = silent(host, host->worker);
    until(host, client_ended(&first));
    assert_non_null(strstr(lines.last, "max_silent is 2"));
    client_say(host, &second, WS_REQUEST + 16);
    assert_int_equal(http_head(host, &second, NULL), 101);
    struct client fourth = silent(host, host->worker);
    settle(host);
    assert_false(client_ended(&third));
    ws_say(host, &open, "alive");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    struct client *all[] = {&open, &first, &second, &third, &fourth};
    for (int i = 0; i < 5; i++)
        client_end(all[i]);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void max_silent__peers_that_listen_do_not_go(void **state)
{
    struct host *host = host_begin(*state, "text");
    set_int(host->worker, "max_silent", 1);
    host->react = greet;
    struct client feed[3];
    for (int i = 0; i < 3; i++) {
        feed[i] = silent(host, host->worker);
        client_hear(host, &feed[i], "welcome\n");
    }
    for (int i = 0; i < 3; i++) {
        expect_alive(host, &feed[i]);
        client_end(&feed[i]);
    }
    host_end(host);
}

static void max_silent__is_half_by_itself_where_the_peer_speaks_first(void **state)
{
    struct host *host = host_begin(*state, "http");
    wm_worker *text = second_worker(host, "text", "max_connections", SOME);
    set_int(host->worker, "max_connections", SOME);
    struct client https[SOME], texts[SOME];
    for (int i = 0; i < SOME; i++) {
        https[i] = silent(host, host->worker);
        texts[i] = silent(host, text);
    }
    settle(host);
    for (int i = 0; i < SOME; i++) {
        assert_int_equal(client_ended(&https[i]), i < SOME / 2);
        assert_false(client_ended(&texts[i]));
        client_end(&https[i]);
        client_end(&texts[i]);
    }
    host_end(host);
}

static void silence__ends_with_the_head_of_a_request(void **state)
{
    struct host *host = host_begin(*state, "http");
    set_int(host->worker, "max_silent", 1);
    struct client upload = silent(host, host->worker);
    client_say(host, &upload, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbo");
    settle(host);
    struct client first = silent(host, host->worker), second = silent(host, host->worker);
    until(host, client_ended(&first));
    client_say(host, &upload, "dy");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&upload);
    client_end(&first);
    client_end(&second);
    host_end(host);
}

static void max_per_ip__counts_connections_of_an_address(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    struct client before = spoken(host, host->worker); /* came while there was no limit: it does not count */
    set_int(host->worker, "max_per_ip", 2);
    struct client a = silent(host, host->worker), b = spoken(host, host->worker), c = {.fd = -1};
    if (host->setting->transport == UNIX) {
        c = spoken(host, host->worker);
        assert_int_equal(lines.count, 0);
    } else {
        expect_refused(host, host->worker);
        assert_non_null(strstr(lines.last, "max_per_ip is 2"));
        end(host, &a);
        a = spoken(host, host->worker);
        set_int(host->worker, "max_per_ip", 0);
        c = spoken(host, host->worker);
        set_int(host->worker, "max_per_ip", 2);
        end(host, &c);
        expect_refused(host, host->worker);
    }
    expect_alive(host, &before);
    expect_alive(host, &b);
    struct client *all[] = {&before, &a, &b, &c};
    for (int i = 0; i < 4; i++)
        client_end(all[i]);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void max_per_ip__an_ipv4_peer_of_a_dual_stack_listener_counts_as_ipv4(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = wm_worker_new(host->app, "text://[::]:0");
    host_watch(host, host->worker);
    set_int(host->worker, "max_per_ip", 1);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    char ipv4[64];
    snprintf(ipv4, sizeof ipv4, "text://127.0.0.1:%s", strrchr(wm_worker_address(host->worker), ':') + 1);
    struct client six = spoken(host, host->worker), four = {.fd = connect_to(ipv4)}, second = {.fd = connect_to(ipv4)};
    until(host, client_ended(&second));
    assert_false(client_ended(&four));
    expect_refused(host, host->worker);
    client_end(&six);
    client_end(&four);
    client_end(&second);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(worker_limit__refuses_there_and_names_itself),
        SCENARIO(worker_limit__the_oldest_silent_one_goes_first),
        SCENARIO(peers_that_listen__do_not_go),
        SCENARIO(part_of_a_line__is_still_silence),
        SCENARIO(app_limit__the_worker_with_most_silence_makes_room),
        SCENARIO(reserve__others_leave_it_free),
        SCENARIO(reserve__silent_ones_within_it_stay),
        SCENARIO(reserve__more_than_there_can_be_is_said_at_the_start),
        SCENARIO(max_silent__the_oldest_silent_one_goes),
        SCENARIO(max_silent__peers_that_listen_do_not_go),
        SCENARIO_NOT_OVER(max_silent__is_half_by_itself_where_the_peer_speaks_first, OVER_TLS),
        SCENARIO(silence__ends_with_the_head_of_a_request),
        SCENARIO(max_per_ip__counts_connections_of_an_address),
        SCENARIO_NOT_OVER(max_per_ip__an_ipv4_peer_of_a_dual_stack_listener_counts_as_ipv4, OVER_TLS),
    };
    return RUN_SCENARIOS("shares", scenarios);
}
