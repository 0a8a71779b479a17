// Values of requests while allocations fail: what cannot be decoded is an error, is there when it is asked for again, and is right.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <stdio.h>
#include <string.h>

static const char URLENCODED[] = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nf=a+b&g";
static const char MULTIPART[] = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 110\r\n\r\n"
                                "--b\r\nContent-Disposition: form-data; name=f\r\n\r\na b\r\n"
                                "--b\r\nContent-Disposition: form-data; name=\"g\"\r\n\r\n\r\n--b--\r\n";

enum { KEPT = 3 };

static wm_request kept[KEPT];
static int kept_count;

/** Compares what a lookup finds, and asks once more if it fails. */
static void check_value(struct rig *rig, int (*lookup)(wm_request, const char *, const void **, size_t *), wm_request request,
                        const char *name, const char *expected)
{
    const void *out;
    size_t len;
    int found = lookup(request, name, &out, &len);
    if (!rig_ok(rig, found))
        found = lookup(request, name, &out, &len);
    if (found >= 0 && (found != 1 || len != strlen(expected) || memcmp(out, expected, len) != 0))
        rig_wrong(rig, "%s is %.*s, not %s", name, found == 1 ? (int)len : 0, found == 1 ? (const char *)out : "", expected);
    rig_ok(rig, found);
}

static void read_values(struct rig *rig, wm_request request)
{
    const void *path;
    size_t len;
    if (rig_ok(rig, wm_request_path_decoded(request, &path, &len)) && (len != 2 || memcmp(path, "/1", 2) != 0))
        rig_wrong(rig, "the path is %.*s", (int)len, (const char *)path);
    check_value(rig, wm_request_cookie, request, "c", "1");
    check_value(rig, wm_request_form_value, request, "f", "a b");
    check_value(rig, wm_request_form_value, request, "g", "");
}

/** Answers with the number that the query has. */
static void answer(struct rig *rig, struct seen *seen, wm_request request)
{
    const void *number = NULL;
    size_t len = 0;
    int found = wm_request_query_value(request, "number", &number, &len);
    if (!rig_ok(rig, found) || !rig_ok(rig, wm_request_respond(request, 200, NULL, 0, number, len, 0)))
        wm_conn_destroy(seen->conn);
}

static void on_request(struct rig *rig, struct seen *seen, wm_request request)
{
    if (kept_count < KEPT) { // values before the copy, and behind it
        check_value(rig, wm_request_cookie, request, "c", "1");
        if (rig_ok(rig, wm_request_keep(request)))
            kept[kept_count++] = request;
        else
            answer(rig, seen, request);
        return;
    }
    read_values(rig, request);
    answer(rig, seen, request);
}

static void post(struct rig *rig, struct peer *peer, const char *rest)
{
    char text[512];
    int len = snprintf(text, sizeof text, "POST /%%31?number=%u HTTP/1.1\r\nHost: test\r\nCookie: c=1\r\n%s", peer->said++, rest);
    rig_write(rig, peer, text, (size_t)len);
}

void play_forms(struct rig *rig)
{
    kept_count = KEPT;
    rig->request = on_request;
    struct peer *peer = rig_connect(rig, 1);
    for (int i = 0; peer->seen && i < 4; i++)
        post(rig, peer, i % 2 ? MULTIPART : URLENCODED);
    rig_hear(rig, peer);
    kept_count = 0;
    for (int i = 0; peer->seen && i < KEPT; i++)
        post(rig, peer, i % 2 ? URLENCODED : MULTIPART);
    if (peer->seen)
        rig_until(rig, peer->seen->messages >= 4 + KEPT || rig_over(peer));
    for (int i = kept_count; i-- > 0 && peer->seen && !peer->seen->closes;) {
        read_values(rig, kept[i]);
        answer(rig, peer->seen, kept[i]);
    }
    kept_count = KEPT;
    rig_hear(rig, peer);
    struct peer *witness = rig_connect(rig, 1);
    if (witness->seen)
        post(rig, witness, MULTIPART);
    rig_hear(rig, witness);
}
