// Forms in pieces while allocations fail: each form reaches the host whole, its file too, or its connection ends.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"

/** In chunks that cut heads, boundaries and contents. */
static const char *const CHUNKS[] = {"--b\r\nContent-Disposition: form-da",
                                     "ta; name=a\r\n\r\nfie",
                                     "ld\r",
                                     "\n--b\r\nContent-Disposition: form-data; name=f; filename=\"x\"\r\n\r\nfile",
                                     " content\r\n--",
                                     "b--\r\n"};

static struct {
    char field[16];
    size_t len;
    int files;
    unsigned number;
} coming;

/** The answer comes behind the form. */
static void on_head(struct rig *rig, struct seen *seen, wm_request request)
{
    (void)rig, (void)seen, (void)request;
}

static void on_part(wm_worker *worker, wm_conn conn, wm_request request, const wm_part *part, const void *data, size_t len, int32_t last,
                    void *user)
{
    (void)worker, (void)conn, (void)request;
    struct rig *rig = user;
    char content[32];
    if (part->filename) {
        int stored = rig_ok(rig, part->error);
        if (!last || (stored && (read(part->fd, content, sizeof content) != 12 || memcmp(content, "file content", 12) != 0)))
            rig_wrong(rig, "the file is not what was sent");
        coming.files++;
    } else if (part->name_len != 1 || *(const char *)part->name != 'a' || coming.len + len > 5) {
        rig_wrong(rig, "a piece of %.*s", (int)part->name_len, (const char *)part->name);
    } else {
        memcpy(coming.field + coming.len, data, len);
        coming.len += len;
    }
}

static void on_whole(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
{
    (void)worker, (void)data;
    struct rig *rig = user;
    char text[16];
    if (len != 0 || !last || coming.len != 5 || memcmp(coming.field, "field", 5) != 0 || coming.files != 1)
        rig_wrong(rig, "the form is not what was sent");
    coming.len = 0;
    coming.files = 0;
    int size = snprintf(text, sizeof text, "%u", coming.number++);
    if (!rig_ok(rig, wm_request_respond(request, 200, NULL, 0, text, (size_t)size, 0)))
        wm_conn_destroy(conn);
}

static void take_record(struct rig *rig, const wm_event *event)
{
    const wm_part *part = event->data;
    int32_t last = (int32_t)event->flags;
    if (event->kind == WM_EVENT_PART)
        on_part(event->worker, event->conn, event->id, part, part->data, part->data_len, last, rig);
    else
        on_whole(event->worker, event->conn, event->id, event->data, event->len, last, rig);
}

/** Parts as records, for a host that polls, or by callbacks. */
static int watch_parts(struct rig *rig)
{
    rig->body = take_record;
    if (rig->cap)
        return rig_ok(rig, wm_worker_set_int(rig->worker, "stream_parts", 1));
    return rig_ok(rig, wm_worker_on_part(rig->worker, on_part, rig, NULL)) &&
           rig_ok(rig, wm_worker_on_body(rig->worker, on_whole, rig, NULL));
}

void play_parts(struct rig *rig)
{
    memset(&coming, 0, sizeof coming);
    rig->request = on_head;
    if (!rig_ok(rig, wm_worker_set_int(rig->worker, "stream_body", 1)) ||
        !rig_ok(rig, wm_worker_set_str(rig->worker, "upload_dir", "/tmp")) || !watch_parts(rig))
        return;
    struct peer *peer = rig_connect(rig, 1);
    for (int i = 0; i < 3; i++) {
        char text[256];
        rig_write(rig, peer, text, (size_t)snprintf(text, sizeof text, "POST /%u HTTP/1.1\r\n" HEAD, peer->said++));
        for (size_t at = 0; at < sizeof CHUNKS / sizeof *CHUNKS; at++) {
            rig_write(rig, peer, text, (size_t)snprintf(text, sizeof text, "%zx\r\n%s\r\n", strlen(CHUNKS[at]), CHUNKS[at]));
            rig_turn(rig);
        }
        rig_write(rig, peer, "0\r\n\r\n", 5);
        rig_hear(rig, peer);
    }
}
