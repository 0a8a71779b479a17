/**
 * @file
 * Beside a host's loop: the descriptor of wm_app_fd is readable when a poll with timeout 0 has something to
 * do, and only then.
 */
#include "support/client.h"

#include <poll.h>

static int readable(struct host *host, int timeout_ms)
{
    struct pollfd entry = {wm_app_fd(host->app), POLLIN, 0};
    assert_true(entry.fd >= 0);
    return poll(&entry, 1, timeout_ms);
}

/** Polls as a host's loop does: while the descriptor is readable. */
static void serve(struct host *host)
{
    for (int i = 0; i < 10000 && readable(host, 0) == 1; i++)
        assert_int_equal(turn(host, 0), 0);
}

static void quiet(struct host *host)
{
    settle(host);
    assert_int_equal(readable(host, 0), 0);
}

static void fd__is_the_same_and_quiet_when_nothing_is_due(void **state)
{
    struct host *host = host_begin(*state, "text");
    quiet(host);
    assert_int_equal(wm_app_fd(host->app), wm_app_fd(host->app));
    host_end(host);
}

static void fd__shows_connections_data_and_their_end(void **state)
{
    struct host *host = host_begin(*state, "text");
    quiet(host);
    struct client client = client_begin(host);
    assert_int_equal(readable(host, GUARD_MS), 1);
    serve(host);
    assert_string_equal(trace(host, 0), "connect open");
    assert_int_equal(client_write(&client, "a\nb\nc\nd\n", 8), 8);
    assert_int_equal(readable(host, GUARD_MS), 1);
    serve(host); /* with few records per poll, the rest makes the descriptor readable */
    assert_string_equal(trace(host, 0), "connect open message(a) message(b) message(c) message(d)");
    client_end(&client);
    assert_int_equal(readable(host, GUARD_MS), 1);
    serve(host);
    assert_string_equal(trace(host, 0), "connect open message(a) message(b) message(c) message(d) close(peer)");
    host_end(host);
}

static int fired;

static void on_timer(wm_timer timer, void *user)
{
    (void)timer;
    (void)user;
    fired++;
}

static void fd__shows_timers_also_those_added_between_polls(void **state)
{
    struct host *host = host_begin(*state, "text");
    quiet(host);
    fired = 0;
    assert_int_not_equal(wm_timer_add(host->app, 30, 0, on_timer, NULL, NULL), 0);
    assert_int_equal(readable(host, 0), 0);
    assert_int_equal(readable(host, GUARD_MS), 1);
    serve(host);
    assert_int_equal(fired, 1);
    wm_timer timer = wm_timer_add(host->app, 1, 1, on_timer, NULL, NULL);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(readable(host, GUARD_MS), 1);
        serve(host);
    }
    assert_true(fired >= 5);
    assert_int_equal(wm_timer_del(timer), 0);
    host_end(host);
}

static void on_post(wm_app *app, void *user)
{
    (void)app;
    (void)user;
    fired++;
}

static void fd__shows_posts(void **state)
{
    struct host *host = host_begin(*state, "text");
    quiet(host);
    fired = 0;
    assert_int_equal(wm_app_post(host->app, on_post, NULL, NULL), 0);
    assert_int_equal(readable(host, 0), 1);
    serve(host);
    assert_int_equal(fired, 1);
    assert_int_equal(readable(host, 0), 0);
    host_end(host);
}

static void fd__shows_what_was_sent_and_closed_between_polls(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn, other;
    struct client client = client_open(host, &conn), second = client_open(host, &other);
    quiet(host);
    assert_int_equal(wm_conn_send(conn, "a", 1, 0), 0);
    assert_int_equal(readable(host, 0), 1);
    serve(host);
    client_pump(&client);
    assert_string_equal(client.in, "a\n");
    client_drop(&client, 2);
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
    assert_int_equal(readable(host, 0), 1);
    serve(host);
    assert_true(client_ended(&client));
    assert_int_equal(wm_conn_destroy(other), 0);
    assert_int_equal(readable(host, 0), 1);
    serve(host);
    assert_string_equal(trace(host, other), "connect open close(local)");
    client_end(&client);
    client_end(&second);
    host_end(host);
}

static void fd__shows_what_a_resume_lets_through(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_pause_recv(conn), 0);
    client_say(host, &client, "a\n");
    quiet(host);
    assert_int_equal(wm_conn_resume_recv(conn), 0);
    assert_int_equal(readable(host, GUARD_MS), 1);
    serve(host);
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 1);
    client_end(&client);
    host_end(host);
}

static void fd__shows_a_stop(void **state)
{
    struct host *host = host_begin(*state, "text");
    quiet(host);
    assert_int_equal(wm_app_stop(host->app), 0);
    assert_int_equal(readable(host, 0), 1);
    while (turn(host, 0) != WM_ESTOPPED)
        assert_int_equal(readable(host, GUARD_MS), 1);
    assert_int_equal(count_of(host, WM_EVENT_STOP), 1);
    host_end(host);
}

static void flush__hands_over_without_a_poll(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_app_flush(host->app), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "now", 3, 0), 0);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    assert_int_equal(wm_app_flush(host->app), 0);
    client_pump(&client);
    assert_int_equal(client.len, 4);
    assert_int_equal(wm_conn_send(conn, "once", 4, WM_SEND_NOW), 0);
    client_pump(&client);
    assert_int_equal(client.len, 9);
    client_end(&client);
    host_end(host);
}

/** A host's loop over two apps and a descriptor of its own. */
static void two_apps__in_one_host_loop(void **state)
{
    struct host *first = host_begin(*state, "text"), *second = host_begin(*state, "text");
    first->react = second->react = echo;
    turn(first, 0);
    turn(second, 0);
    struct client one = client_begin(first), two = client_begin(second);
    assert_int_equal(client_write(&one, "one\n", 4), 4);
    assert_int_equal(client_write(&two, "two\n", 4), 4);
    while (!client_has(&one, 4) || !client_has(&two, 4)) {
        struct pollfd entries[4] = {
            {wm_app_fd(first->app), POLLIN, 0}, {wm_app_fd(second->app), POLLIN, 0}, {one.fd, POLLIN, 0}, {two.fd, POLLIN, 0}};
        assert_true(poll(entries, 4, GUARD_MS) > 0);
        if (entries[0].revents)
            turn(first, 0);
        if (entries[1].revents)
            turn(second, 0);
    }
    assert_string_equal(one.in, "one\n");
    assert_string_equal(two.in, "two\n");
    client_end(&one);
    client_end(&two);
    host_end(first);
    host_end(second);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(fd__is_the_same_and_quiet_when_nothing_is_due),
        SCENARIO_NOT_OVER(fd__shows_connections_data_and_their_end, OVER_TLS),
        SCENARIO(fd__shows_timers_also_those_added_between_polls),
        SCENARIO(fd__shows_posts),
        SCENARIO(fd__shows_what_was_sent_and_closed_between_polls),
        SCENARIO(fd__shows_what_a_resume_lets_through),
        SCENARIO(fd__shows_a_stop),
        SCENARIO(flush__hands_over_without_a_poll),
        SCENARIO_NOT_OVER(two_apps__in_one_host_loop, OVER_TLS),
    };
    return RUN_SCENARIOS("host_loop", scenarios);
}
