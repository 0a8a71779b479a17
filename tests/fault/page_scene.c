// Websocket pages while allocations fail: fragments, broadcasts, closes; messages that the host sends in parts; handshakes that the host
// answers later, or refuses.
#include "fault/scenes.h"

#include <string.h>

enum { LARGE = 300 * 1024 };

static int64_t broadcast(struct rig *rig, size_t len)
{
    static char payload[LARGE];
    len = rig_payload(payload, '*', 1, len);
    int64_t taken = wm_worker_broadcast(rig->worker, payload, len, 0);
    rig_ok(rig, taken);
    return taken;
}

/* Pages: messages in fragments with a ping between them, broadcasts while one page does not read, closes from both sides. */
void play_pages(struct rig *rig)
{
    struct peer *witnesses[RIG_WITNESSES];
    rig_begin_witnesses(rig, witnesses);
    struct peer *peer = rig_connect(rig, 1), *slow = rig_connect(rig, 1);
    for (int i = 0; i < 10; i++)
        rig_say(rig, peer, 30, 1);
    rig_hear(rig, peer);
    rig_say(rig, peer, 90 * 1024, 3);
    rig_frame(rig, peer, 0x89, "ping", 4);
    rig_hear(rig, peer);
    if (peer->seen)
        rig_until(rig, peer->pongs || rig_over(peer));
    rig_ask_witnesses(rig, witnesses);
    slow->unread = 1;
    int64_t taken = 0, open = 0;
    for (int i = 0; i < RIG_CONNS && i < rig->seen_count; i++)
        open += rig->seen[i].opens && !rig->seen[i].closes;
    for (int i = 0; i < 14; i++)
        taken += broadcast(rig, i % 2 ? 20 : LARGE);
    rig_frame(rig, slow, 0x89, "ping", 4);
    if (taken < 14 * open)
        rig->noticed++; // the caller was told
    rig_ask_witnesses(rig, witnesses);
    slow->unread = 0;
    struct peer *all[] = {witnesses[0], witnesses[1], peer, slow};
    for (int i = 0; i < 4; i++)
        if (all[i]->seen && !rig->noticed)
            rig_until(rig, all[i]->broadcasts == 14 || rig_over(all[i]) || rig->noticed);
    peer->expected = slow->expected = 1;
    peer->said_close = 1;
    rig_frame(rig, peer, 0x88,
              "\x0f\xa0"
              "bye",
              5);
    if (peer->seen)
        rig_until(rig, rig_over(peer) && peer->seen->closes);
    if (slow->seen && !slow->seen->closes && rig_ok(rig, wm_conn_close(slow->seen->conn, 4001, "enough of it", 12)))
        rig_until(rig, slow->closes || rig_over(slow));
    if (slow->seen)
        rig_until(rig, rig_over(slow) && slow->seen->closes);
    rig_ask_witnesses(rig, witnesses);
}

static int is_alive(const struct peer *peer)
{
    return peer->seen && !peer->seen->closes;
}

/** Sends a message in parts; between them the peer pings, and speaks: what comes back waits for the end. */
static void send_in_parts(struct rig *rig, struct peer *peer, size_t len)
{
    static char payload[LARGE];
    len = rig_payload(payload, '*', 2, len);
    size_t part = len / 3 + 1;
    if (!is_alive(peer) || !rig_ok(rig, wm_conn_send_begin(peer->seen->conn, 0)))
        return;
    for (size_t at = 0; at < len && is_alive(peer); at += part) {
        rig_ok(rig, wm_conn_send_write(peer->seen->conn, payload + at, len - at < part ? len - at : part));
        rig_say(rig, peer, at == 0 ? 90 * 1024 : 40, 1);
        rig_frame(rig, peer, 0x89, "ping", 4);
        unsigned said = peer->said;
        rig_until(rig, !is_alive(peer) || peer->seen->messages == said);
    }
    if (is_alive(peer))
        rig_ok(rig, wm_conn_send_end(peer->seen->conn));
}

/* Messages in parts, some larger than the sockets hold; one whose end never comes. Subprotocols, and pings that the host is told of. */
void play_sent_parts(struct rig *rig)
{
    struct peer *witnesses[RIG_WITNESSES];
    if (!rig_ok(rig, wm_worker_set_str(rig->worker, "ws_subprotocols", "other, rig")) ||
        !rig_ok(rig, wm_worker_set_int(rig->worker, "ping_events", 1)))
        return;
    rig_begin_witnesses(rig, witnesses);
    struct peer *peer = rig_connect(rig, 1), *cut = rig_connect(rig, 1);
    char protocol[8] = "";
    if (is_alive(peer) && rig_ok(rig, wm_conn_ws_subprotocol(peer->seen->conn, protocol, sizeof protocol)) && strcmp(protocol, "rig") != 0)
        rig_wrong(rig, "the subprotocol is \"%s\"", protocol);
    for (int i = 0; i < 2; i++) {
        send_in_parts(rig, peer, i ? LARGE : 3000);
        rig_hear(rig, peer);
        rig_until(rig, !is_alive(peer) || peer->broadcasts == (unsigned)i + 1 || rig->noticed);
    }
    if (is_alive(peer) && rig_ok(rig, wm_conn_ping(peer->seen->conn, "are you there", 13)))
        rig_frame(rig, peer, 0x8A, "are you there", 13);
    rig_ask_witnesses(rig, witnesses);
    cut->expected = 1;
    if (is_alive(cut) && rig_ok(rig, wm_conn_send_begin(cut->seen->conn, WM_SEND_BINARY))) {
        rig_ok(rig, wm_conn_send_write(cut->seen->conn, "half", 4));
        rig_say(rig, cut, 40, 1);
        rig_until(rig, !is_alive(cut) || cut->seen->messages == 1);
        if (is_alive(cut))
            rig_ok(rig, wm_conn_close(cut->seen->conn, 1001, "gone", 4));
        rig_until(rig, rig_over(cut) && cut->seen->closes);
    }
    rig_ask_witnesses(rig, witnesses);
}

/* Handshakes that the host answers later, refuses, or that are no websocket's; frames that break the rules. */
void play_handshakes(struct rig *rig)
{
    static char fields[3000];
    memset(fields, 'x', sizeof fields);
    memcpy(fields, "X-Long: ", 8);
    memcpy(fields + sizeof fields - 2, "\r\n", 2);
    if (rig->cap && !rig_ok(rig, wm_worker_set_int(rig->worker, "defer_handshake", 1)))
        return;
    for (int i = 0; i < 3; i++) {
        rig->verdict = WM_PENDING;
        rig->handshake = 0;
        struct peer *peer = rig_connect(rig, 1);
        if (peer->seen)
            rig_until(rig, rig->handshake || rig_over(peer));
        rig->verdict = 0;
        peer->expected = 1;
        if (rig->handshake && !peer->seen->closes) {
            int result = i == 1 ? wm_handshake_reject(rig->handshake, 403, fields, sizeof fields, "no", 2)
                                : wm_handshake_accept(rig->handshake, fields, i == 0 ? sizeof fields : 0);
            if (!rig_ok(rig, result))
                wm_conn_destroy(peer->seen->conn);
            else if (i != 1)
                rig_until(rig, peer->seen->opens || rig_over(peer));
        }
        if (i != 1 && peer->seen && peer->seen->opens) {
            rig_say(rig, peer, 20, 1);
            rig_hear(rig, peer);
            if (i == 0)
                rig_frame(rig, peer, 0x83, "reserved", 8);
            else
                rig_write(rig, peer, "\x81\x01?", 3);
        }
        if (peer->seen)
            rig_until(rig, rig_over(peer) && peer->seen->closes);
        if (peer->seen && rig_is_clean(rig) && peer->closes != 1)
            rig_wrong(rig, "handshake %d: %u refusals or close frames", i, peer->closes);
    }
    rig->verdict = rig->cap ? 0 : -1;
    struct peer *peer = rig_connect(rig, 0);
    peer->expected = 1;
    rig_write(rig, peer, "GET / HTTP/1.1\r\nHost: test\r\n\r\n", 30);
    if (peer->seen)
        rig_until(rig, rig_over(peer) && peer->seen->closes);
    if (rig->cap)
        return;
    peer = rig_connect(rig, 1); // refused by the callback
    peer->expected = 1;
    if (peer->seen)
        rig_until(rig, rig_over(peer) && peer->seen->closes);
}
