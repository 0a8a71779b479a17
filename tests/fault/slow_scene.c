// Peers that read slowly while allocations fail: what is sent to them waits whole, is replaced by later messages or dropped, and the last
// one is closed for it; the others notice nothing.
#include "fault/scenes.h"

enum { LARGE = 300 * 1024, MESSAGES = 60 };

static char payload[LARGE];

static int is_alive(const struct peer *peer)
{
    return peer->seen && !peer->seen->closes;
}

static void send_droppable(struct rig *rig, const struct peer *slow, unsigned number)
{
    wm_conn conn = slow->seen->conn;
    size_t len = rig_payload(payload, '*', number, number % 2 ? 2000 : LARGE);
    if (number % 4 == 3)
        rig_ok(rig, wm_conn_send_latest(conn, "key", 3, payload, len, 0));
    else
        rig_ok(rig, wm_conn_send(conn, payload, len, number % 4 == 2 ? WM_SEND_SLOW_LATEST : WM_SEND_SLOW_DROP_OLDEST));
}

/** Sends until there is no room, which ends the connection. */
static void send_too_much(struct rig *rig, struct peer *slow)
{
    int result = 0;
    slow->unread = slow->expected = 1;
    for (unsigned i = 0; i < 4 * MESSAGES && is_alive(slow) && result >= 0; i++) {
        result = wm_conn_send(slow->seen->conn, payload, rig_payload(payload, '*', i, LARGE), WM_SEND_SLOW_CLOSE);
        if (result != WM_EFULL)
            rig_ok(rig, result);
        rig_turn(rig);
    }
    slow->unread = 0;
    if (result == WM_EFULL)
        rig_until(rig, rig_over(slow) && slow->seen->closes);
    else if (rig_is_clean(rig))
        rig_wrong(rig, "a peer that does not read took all that was sent");
}

void play_slow(struct rig *rig)
{
    struct peer *witnesses[RIG_WITNESSES];
    rig_begin_witnesses(rig, witnesses);
    struct peer *slow = rig_connect(rig, 1);
    if (!is_alive(slow) || !rig_ok(rig, wm_conn_set_int(slow->seen->conn, "max_send_buffer", 512 * 1024)))
        return;
    slow->unread = 1;
    for (unsigned i = 0; i < MESSAGES && is_alive(slow); i++) {
        send_droppable(rig, slow, i);
        if (i % 8 == 7)
            rig_turn(rig);
    }
    size_t len = rig_payload(payload, '*', MESSAGES, 30);
    rig_ok(rig, wm_worker_broadcast(rig->worker, payload, len, WM_SEND_SLOW_DROP_OLDEST));
    rig_ask_witnesses(rig, witnesses);
    slow->unread = 0;
    rig_until(rig, !is_alive(slow) || wm_conn_send_queue_size(slow->seen->conn) == 0);
    rig_say(rig, slow, 40, 1);
    rig_hear(rig, slow);
    if (rig_is_clean(rig) && (slow->broadcasts == 0 || slow->broadcasts > MESSAGES))
        rig_wrong(rig, "of %d messages %u have come, where some were to be dropped", MESSAGES + 1, slow->broadcasts);
    if (is_alive(slow))
        send_too_much(rig, slow);
    rig_ask_witnesses(rig, witnesses);
}
