/* Pipes: what becomes of one end with the other. */
#include "support/pair.h"

static void end__of_one_side_is_passed_on_and_the_other_direction_lasts(void **state)
{
    struct host *host = host_begin(*state, "raw");
    assert_int_equal(wm_worker_set_int(host->worker, "close_timeout_ms", 1), 0); /* is not for what a pipe keeps open */
    struct pair pair = duplex_begin(host);
    client_say(host, &pair.a_peer, "request");
    client_shut(&pair.a_peer);
    until(host, client_ended(&pair.b_peer));
    client_hear(host, &pair.b_peer, "request");
    assert_int_equal(pair.b_peer.ended, 1);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    client_say(host, &pair.b_peer, "answer");
    client_hear(host, &pair.a_peer, "answer");
    client_shut(&pair.b_peer);
    client_hear_end(host, &pair.a_peer);
    until_closed(host, 2);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_PEER);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 1)->flags, WM_REASON_PEER);
    pair_end(host, &pair);
}

/** The end waits for a reader that is behind, and comes after the last byte. */
static void end__comes_behind_what_is_queued(void **state)
{
    enum { LEN = 12 << 20 };
    struct host *host = host_begin(*state, "raw");
    struct pair pair = pair_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    char *data = (char *)malloc(LEN);
    fill_pattern(data, LEN, 9);
    size_t sent = 0;
    while (sent < LEN) {
        feed(&pair.a_peer, data, LEN, &sent);
        turn(host, 0);
        client_pump_some(&pair.b_peer, 300000);
    }
    client_end(&pair.a_peer);
    until(host, (client_pump_some(&pair.b_peer, 500000), pair.b_peer.ended));
    assert_int_equal(pair.b_peer.ended, 1);
    assert_int_equal(pair.b_peer.len, LEN);
    assert_memory_equal(pair.b_peer.in, data, LEN);
    until_closed(host, 1);
    assert_int_equal(wm_conn_send(pair.b, "more", 4, 0), WM_ECLOSED);
    pair_end(host, &pair);
    free(data);
}

static void loss__of_the_source_resets_the_target(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = pair_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    client_say(host, &pair.a_peer, "part");
    client_hear(host, &pair.b_peer, "part");
    client_say(host, &pair.b_peer, "unread"); /* on unix sockets what resets */
    assert_int_equal(wm_conn_pause_recv(pair.b), 0);
    assert_int_equal(wm_conn_send(pair.a, "unread", 6, WM_SEND_NOW), 0);
    client_reset(&pair.a_peer);
    until_closed(host, 2);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_ERROR);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 1)->flags, WM_REASON_PIPE);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 1)->code, 0);
    until(host, client_ended(&pair.b_peer));
    assert_int_equal(pair.b_peer.ended, ECONNRESET);
    pair_end(host, &pair);
}

static void loss__of_the_target_resets_the_source(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = pair_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    assert_int_equal(wm_conn_send(pair.b, "unread", 6, WM_SEND_NOW), 0);
    client_reset(&pair.b_peer);
    until_closed(host, 2);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_ERROR);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->conn, pair.b);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 1)->flags, WM_REASON_PIPE);
    until(host, client_ended(&pair.a_peer));
    assert_int_equal(pair.a_peer.ended, host->setting->transport == UNIX ? 1 : ECONNRESET); /* unix sockets know no reset */
    pair_end(host, &pair);
}

static void close__of_either_end_by_the_host_ends_the_other(void **state)
{
    struct host *host = host_begin(*state, "raw");
    for (size_t round = 0; round < 2; round++) {
        struct pair pair = pair_begin(host);
        assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
        if (round == 1)
            assert_int_equal(wm_conn_pipe(pair.b, pair.a), 0);
        assert_int_equal(wm_conn_send(pair.a, "last of a", 9, 0), 0);
        assert_int_equal(wm_conn_send(pair.b, "last of b", 9, 0), 0);
        assert_int_equal(wm_conn_close(round == 0 ? pair.b : pair.a, 0, NULL, 0), 0);
        assert_int_equal(wm_conn_pipe(pair.a, pair.b), WM_ECLOSED);
        until(host, client_ended(&pair.a_peer) && client_ended(&pair.b_peer));
        client_hear(host, &pair.a_peer, "last of a");
        client_hear(host, &pair.b_peer, "last of b");
        assert_true(pair.a_peer.ended == 1 && pair.b_peer.ended == 1);
        client_end(&pair.a_peer);
        client_end(&pair.b_peer);
        until_closed(host, 2 * (round + 1));
        wm_conn closed = round == 0 ? pair.a : pair.b;
        for (size_t i = 2 * round; i < 2 * round + 2; i++)
            assert_int_equal(nth(host, WM_EVENT_CLOSE, i)->flags,
                             nth(host, WM_EVENT_CLOSE, i)->conn == closed ? WM_REASON_PIPE : WM_REASON_LOCAL);
    }
    host_end(host);
}

static void pipe_in_error(struct host *host, const wm_event *event)
{
    wm_conn *other = (wm_conn *)host->context;
    if (event->kind != WM_EVENT_ERROR || *other == 0)
        return;
    assert_int_equal(wm_conn_pipe(event->conn, *other), WM_ECLOSED);
    assert_int_equal(wm_conn_pipe(*other, event->conn), WM_ECLOSED);
    *other = 0;
}

/** A pipe with it would outlive it. */
static void begin__with_one_that_ends_is_refused(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 10), 0);
    struct pair pair = pair_begin(host);
    wm_conn other = pair.a;
    host->context = &other;
    host->react = pipe_in_error;
    client_say(host, &pair.b_peer, "more than ten bytes\n");
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    client_shut(&pair.b_peer); /* else its close takes close_timeout_ms */
    until_closed(host, 1);
    assert_int_equal(other, 0);
    client_say(host, &pair.a_peer, "hello\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&pair.a_peer);
    until_closed(host, 2);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 1)->flags, WM_REASON_PEER);
    pair_end(host, &pair);
}

/** What comes from the source would meet a socket that has ended. */
static void shutdown__of_a_target_by_the_host_is_refused(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = pair_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    assert_int_equal(wm_conn_shutdown(pair.b), WM_ESTATE);
    client_say(host, &pair.a_peer, "on");
    client_hear(host, &pair.b_peer, "on");
    assert_int_equal(wm_conn_pipe(pair.a, 0), 0);
    assert_int_equal(wm_conn_shutdown(pair.b), 0);
    client_hear_end(host, &pair.b_peer);
    pair_end(host, &pair);
}

static void destroy__of_the_source_ends_the_output_of_the_target(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = pair_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    assert_int_equal(wm_conn_destroy(pair.a), 0);
    client_hear_end(host, &pair.b_peer);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), WM_ECLOSED);
    client_say(host, &pair.b_peer, "to the host");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&pair.b_peer);
    until_closed(host, 2);
    assert_string_equal(trace(host, pair.b), "connect open message(to the host) close(peer)");
    pair_end(host, &pair);
}

/* Beginning and ending a pipe. */

static void act_in_event(struct host *host, const wm_event *event)
{
    struct pair *pair = (struct pair *)host->context;
    if (event->kind == WM_EVENT_BUFFER_FULL)
        wm_conn_close(pair->a, 0, NULL, 0);
    if (event->kind == WM_EVENT_CLOSE) {
        wm_conn_pipe(pair->a, pair->b);
        wm_conn_pipe(pair->b, 0);
        wm_conn_destroy(pair->b);
    }
}

static void callbacks__may_end_both_sides(void **state)
{
    enum { PART = 256 << 10 };
    struct host *host = host_begin(*state, "raw");
    struct pair pair = duplex_begin(host);
    host->context = &pair;
    host->react = act_in_event;
    char *data = (char *)calloc(1, PART);
    int64_t guard = clock_ms() + GUARD_MS;
    while (count_of(host, WM_EVENT_CLOSE) < 2) {
        ssize_t sent = client_write(&pair.a_peer, data, PART);
        if (sent < 0 && errno != EAGAIN)
            shutdown(pair.a_peer.fd, SHUT_RDWR);
        if (count_of(host, WM_EVENT_BUFFER_FULL) > 0)
            shutdown(pair.a_peer.fd, SHUT_WR);
        turn(host, 0);
        assert_true(clock_ms() < guard);
    }
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 2);
    free(data);
    pair_end(host, &pair);
}

/* The app ends. */

static void stop__ends_both_sides(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = duplex_begin(host);
    client_say(host, &pair.a_peer, "last");
    client_hear(host, &pair.b_peer, "last");
    assert_int_equal(wm_app_stop(host->app), 0);
    int64_t guard = clock_ms() + GUARD_MS;
    while (turn(host, 5) != WM_ESTOPPED)
        assert_true(clock_ms() < guard);
    client_hear_end(host, &pair.a_peer);
    client_hear_end(host, &pair.b_peer);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 2);
    pair_end(host, &pair);
}

static void free__of_an_app_with_pipes(void **state)
{
    struct host *host = host_begin(*state, "raw");
    struct pair pair = duplex_begin(host);
    client_say(host, &pair.a_peer, "unread");
    pair_end(host, &pair);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(end__of_one_side_is_passed_on_and_the_other_direction_lasts, OVER_PAIRS),
        SCENARIO(end__comes_behind_what_is_queued),
        SCENARIO_NOT_OVER(loss__of_the_source_resets_the_target, OVER_PAIRS),
        SCENARIO_NOT_OVER(loss__of_the_target_resets_the_source, OVER_PAIRS),
        SCENARIO(close__of_either_end_by_the_host_ends_the_other),
        SCENARIO_NOT_OVER(begin__with_one_that_ends_is_refused, OVER_PAIRS),
        SCENARIO_NOT_OVER(shutdown__of_a_target_by_the_host_is_refused, OVER_PAIRS),
        SCENARIO_NOT_OVER(destroy__of_the_source_ends_the_output_of_the_target, OVER_PAIRS),
        SCENARIO_NOT_OVER(callbacks__may_end_both_sides, OVER_PAIRS),
        SCENARIO(stop__ends_both_sides),
        SCENARIO(free__of_an_app_with_pipes),
    };
    return RUN_SCENARIOS("pipe end", scenarios);
}
