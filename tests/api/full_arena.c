/**
 * @file
 * The last bytes of a connection, written when what is sent to others in the same turn has filled the send arena: they are not lost to the
 * end of the connection.
 */
#include "support/ws_client.h"

/* With which of these counts the arena is full at the last bytes depends on its size (256 KiB), and on what stands in it. */
enum { FEWEST = 56, MOST = 72, LEN = 4000 };

static struct client others[MOST];
static wm_conn others_conns[MOST];
static int count; /* of the others that are sent LEN bytes */

static void send_to_others(void)
{
    static char line[LEN];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < count; i++)
        assert_int_equal(wm_conn_send(others_conns[i], line, sizeof line, 0), 0);
}

static struct host *begin(void **state, const char *scheme, void (*react)(struct host *host, const wm_event *event))
{
    struct host *host = host_begin(*state, scheme);
    wm_worker *lines = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(lines), 0);
    for (int i = 0; i < MOST; i++) {
        size_t before = count_of(host, WM_EVENT_OPEN);
        others[i] = client_to(lines);
        until(host, count_of(host, WM_EVENT_OPEN) == before + 1);
        others_conns[i] = nth(host, WM_EVENT_OPEN, before)->conn;
    }
    host->react = react;
    return host;
}

/** Each of the others has got what it was sent. */
static void hear_others(struct host *host)
{
    for (int i = 0; i < count; i++) {
        until(host, client_has(&others[i], LEN + 1));
        assert_int_equal(others[i].len, LEN + 1);
        client_drop(&others[i], LEN + 1);
    }
}

static void end(struct host *host)
{
    for (int i = 0; i < MOST; i++)
        client_end(&others[i]);
    host_end(host);
}

static void answer(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_MESSAGE || event->worker != host->worker)
        return;
    assert_int_equal(wm_request_respond(event->id, 200, NULL, 0, "yes", 3, 0), 0);
    send_to_others();
}

static void http__a_refusal_behind_an_answer_is_heard(void **state)
{
    struct host *host = begin(state, "http", answer);
    for (count = FEWEST; count < MOST; count++) {
        struct client client = client_begin(host);
        client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/9.9\r\n\r\n");
        assert_int_equal(http_head(host, &client, NULL), 200);
        client_hear(host, &client, "yes");
        assert_int_equal(http_head(host, &client, NULL), 505);
        client_end(&client);
        hear_others(host);
    }
    end(host);
}

static void send_back(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_MESSAGE || event->worker != host->worker)
        return;
    assert_int_equal(wm_conn_send(event->conn, "yes", 3, 0), 0);
    send_to_others();
}

static void websocket__a_close_frame_behind_a_message_is_heard(void **state)
{
    struct host *host = begin(state, "websocket", send_back);
    for (count = FEWEST; count < MOST; count++) {
        struct client client = ws_open(host, NULL);
        char frames[64];
        size_t len = ws_frame(frames, 0x81, "ask", 3);
        len += ws_frame(frames + len, 0x88, "\x03\xe8", 2);
        client_send(host, &client, frames, len);
        client_hear(host, &client, "\x81\x03yes");
        client_hear(host, &client, "\x88\x02\x03\xe8");
        client_end(&client);
        hear_others(host);
    }
    end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(http__a_refusal_behind_an_answer_is_heard, OVER_PAIRS),
        SCENARIO_NOT_OVER(websocket__a_close_frame_behind_a_message_is_heard, OVER_PAIRS),
    };
    return RUN_SCENARIOS("full_arena", scenarios);
}
