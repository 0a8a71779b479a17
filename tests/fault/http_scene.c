// Http while allocations fail: answers in the order of the requests, refusals, bodies, a stop with answers that are due, and requests that
// a proxy passes on.
#include "fault/scenes.h"

#include <stdio.h>
#include <string.h>

/* Requests: the number of each is its path. Held ones are kept, and answered in an order of the host's. */
static struct {
    wm_request request[64];
    int count, hold;
} held;

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

static void respond(struct rig *rig, wm_request request, int status)
{
    static char fields[4096];
    char body[16];
    int number = number_of(rig, request);
    if (number < 0)
        return;
    int len = snprintf(body, sizeof body, "%d", number);
    memset(fields, 'x', sizeof fields);
    memcpy(fields, "X-Long: ", 8);
    size_t fields_len = number % 5 == 4 ? 3000 : 0;
    memcpy(fields + (fields_len ? fields_len - 2 : 0), "\r\n", 2);
    wm_conn conn = wm_request_conn(request);
    if (!rig_ok(rig, wm_request_respond(request, status, fields, fields_len, body, (size_t)len, 0)))
        wm_conn_destroy(conn);
}

static void on_request(struct rig *rig, struct seen *seen, wm_request request)
{
    if (held.hold == 0) {
        respond(rig, request, 200);
        return;
    }
    held.hold--;
    if (rig_ok(rig, wm_request_keep(request)))
        held.request[held.count++] = request;
    else
        wm_conn_destroy(seen->conn);
}

static char text[16 * 1024];

static void ask(struct rig *rig, struct peer *peer, int count, const char *fields, const char *body)
{
    int len = 0;
    if (!peer->seen)
        return;
    for (int i = 0; i < count; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s /%u HTTP/1.1\r\nHost: test\r\n%s\r\n%s", *body ? "POST" : "GET",
                        peer->said++, fields, body);
    rig_write(rig, peer, text, (size_t)len);
}

void play_http(struct rig *rig)
{
    memset(&held, 0, sizeof held);
    rig->request = on_request;
    struct peer *witness = rig_connect(rig, 1), *peer = rig_connect(rig, 1);
    ask(rig, witness, 1, "", "");
    rig_hear(rig, witness);
    ask(rig, peer, 8, "", "");
    rig_hear(rig, peer);
    held.hold = 6;
    ask(rig, peer, 6, "", "");
    if (peer->seen)
        rig_until(rig, held.hold == 0 || rig_over(peer));
    held.hold = 0; // the connection may have ended before
    ask(rig, witness, 2, "", "");
    rig_hear(rig, witness);
    for (int i = held.count; i-- > 0 && !(peer->seen && peer->seen->closes);)
        respond(rig, held.request[i], 200);
    rig_hear(rig, peer);
    ask(rig, peer, 1, "Expect: 100-continue\r\nContent-Length: 3\r\n", "");
    if (peer->seen)
        rig_until(rig, peer->pongs || rig_over(peer));
    rig_write(rig, peer, "abc", 3);
    rig_hear(rig, peer);
    ask(rig, peer, 1, "Transfer-Encoding: chunked\r\n", "5\r\nhel");
    rig_turn(rig);
    rig_write(rig, peer, "lo\r\n0\r\n\r\n", 9);
    rig_hear(rig, peer);
    peer->expected = 1;
    held.hold = 1;
    ask(rig, peer, 1, "", "");
    rig_write(rig, peer, "no request\r\n\r\n", 14);
    if (peer->seen)
        rig_until(rig, held.hold == 0 || rig_over(peer));
    held.hold = 0; // the connection may have ended before
    if (held.count > 0 && !(peer->seen && peer->seen->closes))
        respond(rig, held.request[held.count - 1], 200);
    if (peer->seen)
        rig_until(rig, rig_over(peer) && peer->seen->closes);
    if (peer->seen && rig_is_clean(rig) && (peer->heard != peer->said || peer->closes != 1))
        rig_wrong(rig, "%u of %u answers, %u refusals", peer->heard, peer->said, peer->closes);
    struct peer *bad = rig_connect(rig, 1);
    bad->expected = 1;
    rig_write(rig, bad, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 36);
    if (bad->seen)
        rig_until(rig, rig_over(bad) && bad->seen->closes);
    if (bad->seen && rig_is_clean(rig) && bad->closes != 1)
        rig_wrong(rig, "a bad request without an answer");
    ask(rig, witness, 1, "", "");
    rig_hear(rig, witness);
    ask(rig, witness, 1, "Connection: close\r\n", "");
    witness->expected = 1;
    if (witness->seen)
        rig_until(rig, rig_over(witness) && witness->seen->closes);
}

/* Answers that are due when the app stops: the last one closes its connection. */
void play_http_stop(struct rig *rig)
{
    memset(&held, 0, sizeof held);
    rig->request = on_request;
    struct peer *peers[3] = {rig_connect(rig, 1), rig_connect(rig, 1), rig_connect(rig, 1)};
    held.hold = 6;
    for (int i = 0; i < 3; i++)
        ask(rig, peers[i], 2, "", "");
    rig_until(rig, held.hold == 0 || !rig_is_clean(rig));
    held.hold = 0;
    wm_app_stop(rig->app);
    rig->stopped = 1;
    rig_turn(rig);
    for (int i = held.count; i-- > 0;)
        if (wm_request_conn(held.request[i]))
            respond(rig, held.request[i], 200);
    for (int i = 0; i < 3; i++)
        if (peers[i]->seen)
            rig_until(rig, rig_over(peers[i]));
    for (int i = 0; i < 3; i++)
        if (peers[i]->seen && rig_is_clean(rig) && peers[i]->heard != 2)
            rig_wrong(rig, "%u of 2 answers at a stop", peers[i]->heard);
}

/** The client of a connection's requests, as its proxy tells it. */
static void client_of(const struct rig *rig, const struct seen *seen, char out[32])
{
    snprintf(out, 32, "192.0.2.%d", (int)(seen - rig->seen) + 1);
}

static void on_forwarded(struct rig *rig, struct seen *seen, wm_request request)
{
    char expected[32], ip[64] = "";
    client_of(rig, seen, expected);
    if (rig_ok(rig, wm_conn_remote_ip(seen->conn, ip, sizeof ip)) && strcmp(ip, expected) != 0)
        rig_wrong(rig, "the client of a request is %s, not %s", ip, expected);
    on_request(rig, seen, request);
}

/* Requests of many clients by way of one proxy: some in one read, some that the host keeps. */
void play_forwarded(struct rig *rig)
{
    memset(&held, 0, sizeof held);
    rig->request = on_forwarded;
    if (!rig_ok(rig, wm_worker_set_str(rig->worker, "trusted_proxies", "127.0.0.0/8")) ||
        !rig_ok(rig, wm_worker_set_int(rig->worker, "max_per_ip", 2)))
        return;
    struct peer *peers[12];
    char fields[80] = "", client[32];
    for (int i = 0; i < 12; i++)
        peers[i] = rig_connect(rig, 1);
    for (int round = 0; round < 2; round++) {
        held.hold = round == 1 ? 6 : 0;
        for (int i = 0; i < 12; i++) {
            if (!peers[i]->seen)
                continue;
            client_of(rig, peers[i]->seen, client);
            snprintf(fields, sizeof fields, "X-Forwarded-For: %s\r\n", client);
            ask(rig, peers[i], 3, fields, "");
            if (held.hold > 0)
                rig_until(rig, held.hold <= 3 || rig_over(peers[i]));
        }
        rig_turn(rig);
        held.hold = 0; // a connection may have ended before
        for (int i = held.count; i-- > 0;)
            if (wm_request_conn(held.request[i]))
                respond(rig, held.request[i], 200);
        for (int i = 0; i < 12; i++)
            rig_hear(rig, peers[i]);
    }
}
