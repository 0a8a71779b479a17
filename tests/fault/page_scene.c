// Websocket pages while allocations fail: fragments, broadcasts, closes; handshakes that the host answers later, or refuses.
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
