// Connections behind a proxy while allocations fail: each is the client's that its PROXY header tells of, or it is refused before the host
// knows of it.
#include "fault/scenes.h"

#include <string.h>

static void check_address(struct rig *rig, const struct peer *peer)
{
    char ip[64] = "";
    if (!peer->seen || peer->seen->closes || !rig_ok(rig, wm_conn_remote_ip(peer->seen->conn, ip, sizeof ip)))
        return;
    if (strcmp(ip, "203.0.113.7") != 0 || wm_conn_remote_port(peer->seen->conn) != 50001)
        rig_wrong(rig, "the peer is %s, not the one that the proxy tells of", ip);
}

/* Enough connections that the list of what is told grows; a header that is none. */
void play_proxied(struct rig *rig)
{
    if (!rig_ok(rig, wm_worker_set_str(rig->worker, "trusted_proxies", "127.0.0.0/8")) ||
        !rig_ok(rig, wm_worker_set_int(rig->worker, "proxy_protocol", 1)) || !rig_ok(rig, wm_worker_set_int(rig->worker, "max_per_ip", 64)))
        return;
    rig->header = "PROXY TCP4 203.0.113.7 10.0.0.1 50001 443\r\n";
    struct peer *peers[12];
    int count = rig->tls ? 3 : 12;
    for (int i = 0; i < count; i++) {
        peers[i] = rig_connect(rig, 1);
        rig_say(rig, peers[i], 40, 1);
    }
    for (int i = 0; i < count; i++) {
        rig_hear(rig, peers[i]);
        check_address(rig, peers[i]);
    }
    rig->header = "PROXY TCP4 nobody\r\n";
    int before = rig->refused;
    struct peer *stranger = rig_connect(rig, 0);
    if (stranger->seen || rig->refused != before + 1)
        rig_wrong(rig, "a connection without an address was taken");
    rig->refused = before;
    rig->header = NULL;
    for (int i = 0; i < count; i++)
        rig_say(rig, peers[i], 3000, 2);
    for (int i = 0; i < count; i++)
        rig_hear(rig, peers[i]);
}
