/**
 * @file
 * A peer of the contract suite that is a wm_client: raw bytes of tcp or ssl, whatever the worker's scheme is.
 *
 * It behaves as a socket does: it reads only when it is asked for bytes, what it has sent leaves while the host turns, and what it has
 * not sent when it ends still does. All of them share an app of their own, on the same thread.
 */
#ifndef SUPPORT_OWN_PEER_H
#define SUPPORT_OWN_PEER_H

#include "support/contract.h"

#include <errno.h>

struct own_peer {
    wm_client *client;
    wm_conn conn;
    char *in;
    size_t len;
    int ended;  /**< 1: end of file, else an errno */
    int orphan; /**< the scenario has ended it */
    struct own_peer *next;
};

static __thread wm_app *own_peer_app;
static __thread struct own_peer *own_peers;

static inline void own_peer_connect(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)user;
    assert_int_equal(wm_conn_pause_recv(conn), 0);
}

static inline void own_peer_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    struct own_peer *peer = (struct own_peer *)user;
    (void)worker, (void)conn, (void)kind;
    peer->in = (char *)realloc(peer->in, peer->len + len);
    assert_non_null(peer->in);
    memcpy(peer->in + peer->len, data, len);
    peer->len += len;
}

static inline void own_peer_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    struct own_peer *peer = (struct own_peer *)user;
    (void)worker, (void)conn, (void)text, (void)len;
    peer->ended = reason == WM_REASON_ERROR && code > 0 ? code : reason == WM_REASON_ERROR ? EPROTO : 1;
}

static inline void own_peer_free(struct own_peer *peer)
{
    free(peer->in);
    free(peer);
}

/** Frees those that have ended, for the scenario and on the wire. */
static inline void own_peer_sweep(void)
{
    for (struct own_peer **link = &own_peers; *link;) {
        struct own_peer *peer = *link;
        if (!peer->orphan || !peer->ended) {
            link = &peer->next;
            continue;
        }
        *link = peer->next;
        wm_client_free(peer->client);
        own_peer_free(peer);
    }
}

static inline void own_turn(void)
{
    if (!own_peer_app)
        return;
    wm_app_run_once(own_peer_app, 0);
    own_peer_sweep();
}

/** The clients go with their app, which tells them the ends of their connections; what a scenario has not let go of goes in own_peer_end.
 */
static inline void own_finish(void)
{
    wm_app_free(own_peer_app);
    own_peer_app = NULL;
    while (own_peers) {
        struct own_peer *peer = own_peers;
        own_peers = peer->next;
        peer->client = NULL;
        if (peer->orphan)
            own_peer_free(peer);
    }
}

static inline struct own_peer *own_peer_new(const char *worker_address, int tls)
{
    char address[128];
    struct own_peer *peer = (struct own_peer *)calloc(1, sizeof *peer);
    assert_non_null(peer);
    if (!own_peer_app)
        assert_non_null(own_peer_app = wm_app_new());
    snprintf(address, sizeof address, "%s%s", tls ? "ssl" : "tcp", strstr(worker_address, "://"));
    peer->client = wm_client_new(own_peer_app, address);
    if (!peer->client)
        fail_msg("%s: %s", address, wm_last_error());
    if (tls) {
        assert_int_equal(wm_client_set_str(peer->client, "tls_ca", WM_TEST_TLS "/localhost.pem"), 0);
        assert_int_equal(wm_client_set_str(peer->client, "tls_server_name", "localhost"), 0);
    }
    assert_int_equal(wm_client_on_connect(peer->client, own_peer_connect, peer, NULL), 0);
    assert_int_equal(wm_client_on_message(peer->client, own_peer_message, peer, NULL), 0);
    assert_int_equal(wm_client_on_close(peer->client, own_peer_close, peer, NULL), 0);
    if (wm_client_connect(peer->client) != 0)
        fail_msg("%s: %s", address, wm_last_error());
    peer->conn = wm_client_conn(peer->client);
    peer->next = own_peers;
    own_peers = peer;
    before_turn = own_turn;
    at_end = own_finish;
    own_turn();
    return peer;
}

/** As send. */
static inline ssize_t own_peer_send(struct own_peer *peer, const void *data, size_t len)
{
    int taken = wm_conn_send(peer->conn, data, len, WM_SEND_NOW);
    if (taken >= 0)
        return (ssize_t)len;
    errno = taken == WM_EFULL ? EAGAIN : EPIPE;
    return -1;
}

/** As recv. */
static inline ssize_t own_peer_recv(struct own_peer *peer, void *out, size_t len)
{
    if (peer->len == 0 && !peer->ended) {
        wm_conn_resume_recv(peer->conn);
        wm_app_run_once(own_peer_app, 0);
        wm_conn_pause_recv(peer->conn);
    }
    if (peer->len == 0) {
        errno = peer->ended > 1 ? peer->ended : EAGAIN;
        return peer->ended == 1 ? 0 : -1;
    }
    size_t taken = len < peer->len ? len : peer->len;
    memcpy(out, peer->in, taken);
    memmove(peer->in, peer->in + taken, peer->len - taken);
    peer->len -= taken;
    return (ssize_t)taken;
}

/** Its connection closes when what it has sent has left. */
static inline void own_peer_end(struct own_peer *peer)
{
    if (!peer->client) {
        own_peer_free(peer);
        return;
    }
    peer->orphan = 1;
    wm_conn_resume_recv(peer->conn);
    wm_conn_close(peer->conn, 0, NULL, 0);
    own_turn();
}

#endif
