/**
 * @file
 * Two clients and the connections that they have to a host, for pipes between them.
 */
#ifndef SUPPORT_PAIR_H
#define SUPPORT_PAIR_H

#include "support/ws_client.h"

/** Two clients and their connections. */
struct pair {
    struct client a_peer, b_peer;
    wm_conn a, b;
};

static inline struct pair pair_begin(struct host *host)
{
    struct pair pair;
    pair.a_peer = client_open(host, &pair.a);
    pair.b_peer = client_open(host, &pair.b);
    return pair;
}

/** The same, joined both ways. */
static inline struct pair duplex_begin(struct host *host)
{
    struct pair pair = pair_begin(host);
    assert_int_equal(wm_conn_pipe(pair.a, pair.b), 0);
    assert_int_equal(wm_conn_pipe(pair.b, pair.a), 0);
    return pair;
}

static inline void pair_end(struct host *host, struct pair *pair)
{
    client_end(&pair->a_peer);
    client_end(&pair->b_peer);
    host_end(host);
}

/** A connection of a further worker. */
static inline struct client open_at(struct host *host, wm_worker *worker, wm_conn *conn)
{
    wm_worker *first = host->worker;
    host->worker = worker;
    struct client client = client_open(host, conn);
    host->worker = first;
    return client;
}

static inline wm_worker *listening(struct host *host, const char *scheme)
{
    wm_worker *worker = host_worker(host, scheme);
    assert_int_equal(wm_worker_listen(worker), 0);
    return worker;
}

/** Sends what the kernel takes of data from *sent on; whether it took any. */
static inline int feed(struct client *client, const char *data, size_t len, size_t *sent)
{
    ssize_t taken = *sent < len ? client_write(client, data + *sent, len - *sent) : -1;
    *sent += taken > 0 ? (size_t)taken : 0;
    return taken > 0;
}

static inline void until_closed(struct host *host, size_t count)
{
    until(host, count_of(host, WM_EVENT_CLOSE) == count);
}

/* Bytes and messages. */

#endif
