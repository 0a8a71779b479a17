// Streamed answers while allocations fail: in turn and held, with user pointers, events and interim responses; each is whole, or its
// connection ends.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <stdio.h>
#include <string.h>

enum { STREAMS = 6, LONG = 120000 };

static struct {
    wm_request request[STREAMS];
    int users, destroyed, count, hold;
} streams;

static void user_gone(void *user)
{
    (void)user;
    streams.destroyed++;
}

/* The number that the path is; -1 when it is gone. */
static int number_of(struct rig *rig, wm_request request)
{
    const void *path;
    size_t len;
    if (!rig_ok(rig, wm_request_path(request, &path, &len)))
        return -1;
    int number = 0;
    for (size_t i = 1; i < len; i++)
        number = number * 10 + (((const char *)path)[i] - '0');
    return number;
}

/* What a host does with an answer that it cannot go on with. */
static void give_up(wm_request request)
{
    wm_conn conn = wm_request_conn(request);
    if (wm_request_respond_abort(request) < 0)
        wm_conn_destroy(conn);
}

/* Begins the answer, whose body is the number and then white space, and writes the number. */
static void begin(struct rig *rig, wm_request request, int number)
{
    char body[16];
    int len = snprintf(body, sizeof body, "%d", number);
    int ok = rig_ok(rig, wm_request_set_user(request, &streams, user_gone));
    streams.users += ok;
    ok = ok && (number % 3 || rig_ok(rig, wm_request_inform(request, 100 + 3, "Link: </>\r\n", 11)));
    ok = ok && rig_ok(rig, wm_request_respond_begin(request, 200, "X-A: b\r\n", 8, len + LONG)) &&
         rig_ok(rig, wm_request_respond_write(request, body, (size_t)len));
    if (!ok)
        give_up(request);
}

static void finish(struct rig *rig, wm_request request)
{
    static char rest[LONG];
    memset(rest, ' ', sizeof rest);
    if (!rig_ok(rig, wm_request_respond_write(request, rest, 100)) || !rig_ok(rig, wm_request_respond_write(request, rest, LONG - 100)) ||
        !rig_ok(rig, wm_request_respond_end(request)))
        give_up(request);
}

static void on_request(struct rig *rig, struct seen *seen, wm_request request)
{
    int number = number_of(rig, request);
    if (number < 0) {
        wm_conn_destroy(seen->conn);
    } else if (streams.hold == 0) {
        begin(rig, request, number);
        finish(rig, request);
    } else if (rig_ok(rig, wm_request_keep(request))) {
        streams.hold--;
        streams.request[streams.count++] = request;
    } else {
        streams.hold = 0;
        wm_conn_destroy(seen->conn);
    }
}

static void on_event_request(struct rig *rig, struct seen *seen, wm_request request)
{
    (void)seen;
    int number = number_of(rig, request);
    if (number < 0 || !rig_ok(rig, wm_request_event_begin(request, NULL, 0)) ||
        !rig_ok(rig, wm_request_event_send(request, "1", 1, "number", 6, 100, "some\ndata", 9)) ||
        !rig_ok(rig, wm_request_event_comment(request, "end", 3)))
        wm_conn_destroy(wm_request_conn(request));
    else
        give_up(request);
}

static void ask(struct rig *rig, struct peer *peer, int count)
{
    char text[1024];
    int len = 0;
    if (!peer->seen)
        return;
    for (int i = 0; i < count; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "GET /%u HTTP/1.1\r\nHost: test\r\n\r\n", peer->said++);
    rig_write(rig, peer, text, (size_t)len);
}

static int is_gone(const struct peer *peer)
{
    return !peer->seen || peer->seen->closes;
}

void play_streams(struct rig *rig)
{
    memset(&streams, 0, sizeof streams);
    rig->request = on_request;
    struct peer *witness = rig_connect(rig, 1), *peer = rig_connect(rig, 1);
    ask(rig, witness, 2);
    rig_hear(rig, witness);
    streams.hold = STREAMS;
    ask(rig, peer, STREAMS);
    if (peer->seen)
        rig_until(rig, streams.hold == 0 || rig_over(peer));
    streams.hold = 0; // the connection may have ended before
    for (int i = streams.count; i-- > 0 && !is_gone(peer);)
        if (wm_request_conn(streams.request[i]))
            begin(rig, streams.request[i], number_of(rig, streams.request[i]));
    rig_turn(rig);
    for (int i = 0; i < streams.count && !is_gone(peer); i++)
        if (wm_request_conn(streams.request[i]))
            finish(rig, streams.request[i]);
    rig_hear(rig, peer);
    ask(rig, witness, 1);
    rig_hear(rig, witness);
    rig->request = on_event_request;
    struct peer *listener = rig_connect(rig, 1);
    listener->expected = 1;
    ask(rig, listener, 1);
    rig_until(rig, is_gone(listener));
    rig->request = on_request;
    ask(rig, witness, 1);
    rig_hear(rig, witness);
    rig_turn(rig);
    if (!rig->wrong[0] && streams.destroyed != streams.users)
        rig_wrong(rig, "%d of %d user pointers of requests destroyed", streams.destroyed, streams.users);
}
