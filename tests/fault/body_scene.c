// Bodies in pieces while allocations fail: each body reaches the host whole, or its connection ends.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <stdio.h>
#include <string.h>

enum { LEN = 60000 };

static char body[LEN];

static struct {
    size_t len; /**< of the body that is coming */
    unsigned number;
    int keep, early;
} coming;

static void respond(struct rig *rig, wm_request request)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%u", coming.number++);
    wm_conn conn = wm_request_conn(request);
    if (!rig_ok(rig, wm_request_respond(request, 200, NULL, 0, text, (size_t)len, 0)))
        wm_conn_destroy(conn);
}

static void on_head(struct rig *rig, struct seen *seen, wm_request request)
{
    coming.len = 0;
    if (coming.keep && !rig_ok(rig, wm_request_keep(request)))
        wm_conn_destroy(seen->conn);
    else if (coming.early)
        respond(rig, request);
}

static void take_piece(struct rig *rig, const wm_event *event)
{
    if (coming.early)
        return; /* in the same batch as the head, which is answered */
    if (coming.len + event->len > LEN || memcmp(event->data, body + coming.len, event->len) != 0)
        rig_wrong(rig, "a piece at %zu is not what was sent", coming.len);
    coming.len += event->len;
    if (!event->flags)
        return;
    const void *value;
    size_t value_len;
    wm_request request = event->id;
    if (wm_request_trailer(request, "X", &value, &value_len) == 1 && (value_len != 1 || *(const char *)value != 'y'))
        rig_wrong(rig, "the trailer is not what was sent");
    respond(rig, request);
}

static void on_body(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
{
    wm_event event = {
        .kind = WM_EVENT_BODY, .flags = (uint32_t)last, .conn = conn, .worker = worker, .data = data, .len = len, .id = request};
    take_piece((struct rig *)user, &event);
}

static void ask(struct rig *rig, struct peer *peer, const char *fields)
{
    char head[256];
    int len = snprintf(head, sizeof head, "POST /%u HTTP/1.1\r\nHost: a\r\n%s\r\n", peer->said++, fields);
    rig_write(rig, peer, head, (size_t)len);
}

static void send_chunks(struct rig *rig, struct peer *peer)
{
    for (size_t at = 0; at < LEN; at += LEN / 4) {
        char line[32];
        rig_write(rig, peer, line, (size_t)snprintf(line, sizeof line, "%x\r\n", LEN / 4));
        rig_write(rig, peer, body + at, LEN / 4);
        rig_write(rig, peer, "\r\n", 2);
        rig_turn(rig);
    }
    rig_write(rig, peer, "0\r\nX: ", 6);
    rig_turn(rig);
    rig_write(rig, peer, "y\r\n\r\n", 5);
}

static int is_live(const struct peer *peer)
{
    return peer->seen && !peer->seen->closes;
}

void play_bodies(struct rig *rig)
{
    memset(&coming, 0, sizeof coming);
    rig_payload(body, 'b', 1, LEN);
    rig->request = on_head;
    rig->body = take_piece;
    if (!rig_ok(rig, wm_worker_set_int(rig->worker, "stream_body", 1)) ||
        (rig->cap == 0 && !rig_ok(rig, wm_worker_on_body(rig->worker, on_body, rig, NULL))))
        return;
    struct peer *peer = rig_connect(rig, 1);
    for (int i = 0; i < 3; i++) {
        coming.keep = i == 1;
        coming.early = i == 2;
        ask(rig, peer, "Transfer-Encoding: chunked\r\n");
        send_chunks(rig, peer);
        rig_hear(rig, peer);
    }
    coming.early = 0;
    ask(rig, peer, "Expect: 100-continue\r\nContent-Length: 60000\r\n");
    if (peer->seen)
        rig_until(rig, peer->pongs || rig_over(peer));
    rig_write(rig, peer, body, LEN);
    if (is_live(peer) && rig_ok(rig, wm_conn_pause_recv(peer->seen->conn))) { /* what has been read is held */
        rig_turn(rig);
        rig_ok(rig, wm_conn_resume_recv(peer->seen->conn));
    }
    rig_hear(rig, peer);
    peer->expected = 1;
    ask(rig, peer, "Transfer-Encoding: chunked\r\n");
    rig_write(rig, peer, "nonsense\r\n", 10);
    if (peer->seen)
        rig_until(rig, rig_over(peer) && peer->seen->closes);
}
