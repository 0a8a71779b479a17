/**
 * @file
 * Messages that wait for a slow peer, where a frame depends on those before it: masked ones of clients, windows that compress one message
 * after the other, and messages in parts. What arrives is whole, and in order.
 */
#include "support/raw_server.h"
#include "support/ws_client.h"

enum { FILL = 60000, FEW = 6 };

/** A client of the worker, with deflate, once both ends are open. */
static void connect_both(struct host *host, const char *mode, wm_conn ends[2])
{
    wm_client *client = host_ws_client(host);
    assert_int_equal(wm_client_set_str(client, "deflate", mode), 0);
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 2);
    for (size_t i = 0; i < 2; i++)
        ends[nth(host, WM_EVENT_OPEN, i)->worker ? 0 : 1] = nth(host, WM_EVENT_OPEN, i)->conn;
}

/** Fills what is between the two, while `to` is paused, with what does not compress; returns how many messages that took. */
static size_t fill(struct host *host, wm_conn from, wm_conn to)
{
    static char message[FILL];
    assert_int_equal(wm_conn_pause_recv(to), 0);
    for (size_t taken = 1; taken < 10000; taken++) {
        fill_pattern(message, sizeof message, (uint32_t)taken);
        assert_true(wm_conn_send(from, message, sizeof message, WM_SEND_NOW) >= 0);
        turn(host, 0);
        if (wm_conn_send_queue_size(from) > 0)
            return taken;
    }
    fail_msg("the kernel takes everything");
    return 0;
}

/** Long enough to be compressed, and with much in it that was in the one before. */
static void note(char *out, size_t room, int n)
{
    snprintf(out, room, "{\"progress\":%d,\"text\":\"%0400d is what this one says, and much of it was said before\"}", n, n);
}

static void expect(struct host *host, size_t at, const char *text)
{
    const struct seen *seen = nth(host, WM_EVENT_MESSAGE, at);
    assert_int_equal(seen->len, strlen(text));
    assert_memory_equal(seen->data, text, seen->len);
}

enum { ROUNDS = 6 };

/** Every mode of compression, each in both directions. */
static struct host *begin_round(void **state, int round, wm_conn *from, wm_conn *to)
{
    static const char *const MODES[] = {"off", "shared", "own"};
    const char *mode = MODES[round / 2];
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(host->worker, "deflate", mode), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    wm_conn ends[2];
    connect_both(host, mode, ends);
    *from = ends[round % 2];
    *to = ends[1 - round % 2];
    return host;
}

static void frames__fit_each_other_whatever_was_dropped_between_them(void **state)
{
    for (int round = 0; round < ROUNDS; round++) {
        wm_conn from, to;
        struct host *host = begin_round(state, round, &from, &to);
        char text[FEW][600];
        for (int i = 0; i < FEW; i++)
            note(text[i], sizeof text[i], i);
        assert_int_equal(wm_conn_send(from, text[0], strlen(text[0]), 0), 0);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
        size_t filled = fill(host, from, to);
        assert_true(wm_conn_send_latest(from, "a", 1, text[1], strlen(text[1]), 0) >= 0); /* replaced */
        assert_true(wm_conn_send_latest(from, "b", 1, text[2], strlen(text[2]), 0) >= 0);
        assert_true(wm_conn_send(from, text[3], strlen(text[3]), 0) >= 0);
        assert_true(wm_conn_send_latest(from, "a", 1, text[4], strlen(text[4]), WM_SEND_UNCOMPRESSED) >= 0);
        assert_int_equal(wm_conn_resume_recv(to), 0);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 1 + filled + 3);
        assert_int_equal(wm_conn_send(from, text[5], strlen(text[5]), 0), 0);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 1 + filled + 4);
        for (int i = 2; i < FEW; i++)
            expect(host, 1 + filled + (size_t)i - 2, text[i]);
        assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
        host_end(host);
    }
}

/** What was taken is sent, though others have used max_queue_total up since: it takes the place of what waited. */
static void frames__that_were_taken_arrive_when_all_queues_are_full(void **state)
{
    for (int round = 0; round < ROUNDS; round++) {
        wm_conn from, to;
        struct host *host = begin_round(state, round, &from, &to);
        size_t filled = fill(host, from, to);
        char text[FEW][600];
        for (int i = 0; i < FEW; i++) {
            note(text[i], sizeof text[i], i);
            char key = (char)('a' + i);
            int result = i % 2 == 0 ? wm_conn_send_latest(from, &key, 1, text[i], strlen(text[i]), 0)
                                    : wm_conn_send(from, text[i], strlen(text[i]), 0);
            assert_true(result >= 0);
        }
        assert_int_equal(wm_app_set_int(host->app, "max_queue_total", sizeof text[0]), 0);
        assert_int_equal(wm_conn_resume_recv(to), 0);
        until(host, count_of(host, WM_EVENT_MESSAGE) == filled + FEW);
        for (int i = 0; i < FEW; i++)
            expect(host, filled + (size_t)i, text[i]);
        assert_int_equal(count_of(host, WM_EVENT_ERROR), 0);
        host_end(host);
    }
}

static void parts__nothing_comes_between_them(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn ends[2];
    connect_both(host, "off", ends);
    size_t filled = fill(host, ends[0], ends[1]);
    assert_true(wm_conn_send_latest(ends[0], "a", 1, "before", 6, 0) >= 0);
    assert_true(wm_conn_send_begin(ends[0], 0) >= 0);
    assert_true(wm_conn_send_latest(ends[0], "a", 1, "behind", 6, 0) >= 0);
    assert_true(wm_conn_send_write(ends[0], "one", 3) >= 0);
    assert_true(wm_conn_send_latest(ends[0], "a", 1, "behind, too", 11, 0) >= 0);
    assert_int_equal(wm_conn_resume_recv(ends[1]), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == filled + 1);
    assert_true(wm_conn_send_write(ends[0], "two", 3) >= 0);
    assert_true(wm_conn_send_end(ends[0]) >= 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == filled + 4);
    expect(host, filled, "before");
    expect(host, filled + 1, "onetwo");
    expect(host, filled + 2, "behind");
    expect(host, filled + 3, "behind, too");
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(frames__fit_each_other_whatever_was_dropped_between_them),
        SCENARIO_OVER_SOCKETS(frames__that_were_taken_arrive_when_all_queues_are_full),
        SCENARIO_OVER_SOCKETS(parts__nothing_comes_between_them),
    };
    return RUN_SCENARIOS("slow_frames", scenarios);
}
