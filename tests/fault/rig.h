/**
 * @file
 * The rig of the allocation sweep: a host and its peers in one thread, without an allocation of their own, that know what must hold
 * while any allocation of the library may fail.
 *
 * A call of the library that fails, an error event, a close with an error and a connection that is not accepted are *noticed*: the
 * library has said it. What breaks the contract is *wrong*: an event twice or out of order, bytes that are another's, a peer that waits
 * for ever, an untouched peer that loses its connection, a user pointer that is destroyed early, twice or never.
 */
#ifndef FAULT_RIG_H
#define FAULT_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "wm/wm.h"

enum { RIG_CONNS = 160, RIG_PEERS = 80, RIG_IN = 2 << 20, RIG_BATCH = 64 };

/** RIG_OWN: lines, by a protocol of callbacks. */
enum { RIG_RAW, RIG_TEXT, RIG_HTTP, RIG_WS, RIG_OWN };

/** A connection as the host sees it. */
struct seen {
    wm_conn conn;
    int connects, opens, closes;
    int users, destroyed; /**< user pointers set, and destroyed */
    unsigned messages;
    uint64_t bytes; /**< raw: received */
    int failed;     /**< a send failed, so the host destroyed it */
};

/** A client. */
struct peer {
    int fd; /**< -1: closed */
    struct tls_peer *tls;
    int index, kind, ended;
    struct seen *seen; /**< NULL: refused */
    size_t len;
    unsigned said, heard; /**< messages, or raw: bytes */
    unsigned broadcasts, pongs, closes;
    int said_close; /**< ws: has sent a close frame, so it does not answer one */
    size_t joined;  /**< ws: bytes of a message whose frames come one by one */
    int unread;     /**< does not read for now */
    int expected;   /**< the scene ends this connection */
    char *in;
};

struct rig {
    size_t cap; /**< records per poll; 0: callbacks */
    int kind, tls;
    const char *log;    /**< the format of the access log; NULL: there is none */
    const char *header; /**< a PROXY header, which comes first on each connection from then on; NULL: none */
    wm_app *app;
    wm_worker *worker;
    struct seen seen[RIG_CONNS];
    int seen_count;
    struct peer peers[RIG_PEERS];
    int peer_count;
    int noticed, refused, closed; /**< calls and events with errors; connections not accepted; connections that ended early */
    int stopped;
    int weakened; /**< no memory while TLS was set up: OpenSSL goes without the algorithms that it cannot look up, and tells nobody */
    int timers, posts, results, destroys, watches, signals;
    void (*request)(struct rig *rig, struct seen *seen, wm_request request);
    void (*body)(struct rig *rig, const wm_event *event); /**< of a piece of a body, or of a part */
    int32_t verdict;
    wm_request handshake;
    char wrong[400];
    wm_event batch[RIG_BATCH];
};

void rig_wrong(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Whether a call has succeeded; else it is noticed, and must say that memory has run out, or follow from that. */
int rig_ok(struct rig *rig, int64_t result);

/** An app and a worker of that kind that listens, `tls`: over TLS, `log`: with an access log; 0 if that failed. */
int rig_begin(struct rig *rig, size_t cap, int kind, int tls, const char *log);
/** Stops and frees the app, and checks what must hold of every connection. */
void rig_end(struct rig *rig);
void rig_turn(struct rig *rig);
/** Gives the worker an access log; 0 if that failed. In access_scene.c. */
int rig_begin_log(struct rig *rig);
/** Checks its lines, and removes it. */
void rig_end_log(struct rig *rig);

/** Runs turns until the condition holds; wrong if it never does. */
#define rig_until(rig, condition)                                                                                                          \
    do {                                                                                                                                   \
        int64_t guard_ = rig_clock_ms() + RIG_GUARD_MS;                                                                                    \
        while (!(condition) && !(rig)->wrong[0]) {                                                                                         \
            rig_turn(rig);                                                                                                                 \
            if (rig_clock_ms() > guard_)                                                                                                   \
                rig_wrong(rig, "silence at line %d: %s", __LINE__, #condition);                                                            \
        }                                                                                                                                  \
    } while (0)
enum { RIG_GUARD_MS = 3000 };
int64_t rig_clock_ms(void);

/** Connects a client; its connection is accepted or refused when this returns. ws: and open, unless `handshake` is 0. */
struct peer *rig_connect(struct rig *rig, int handshake);
/** A client that says what no TLS server understands, and is gone when this returns. */
void rig_stranger(struct rig *rig);
void rig_write(struct rig *rig, struct peer *peer, const void *data, size_t len);
/** Sends a message of len bytes, in `parts` pieces with turns between them; ws: in as many frames. */
void rig_say(struct rig *rig, struct peer *peer, size_t len, int parts);
/** Sends len bytes of the raw stream. */
void rig_stream(struct rig *rig, struct peer *peer, size_t len);
/** Waits until all that the peer said has come back, or its connection has ended. */
void rig_hear(struct rig *rig, struct peer *peer);
int rig_over(const struct peer *peer);
/** A websocket frame, masked. */
void rig_frame(struct rig *rig, struct peer *peer, int first, const void *data, size_t len);
/** A message that every page may get: '*' and a pattern. */
size_t rig_payload(char *out, char tag, unsigned number, size_t len);
/** Whether it is one, and which. */
int rig_is_payload(const char *data, size_t len, char *tag, unsigned *number);
/** The byte at that place of the raw stream of a connection. */
char rig_raw_byte(int index, uint64_t at);
/** Takes what has come for the peer. */
void rig_peer_read(struct rig *rig, struct peer *peer);
/** Ends the direction of the peer. */
void rig_shut(struct peer *peer);
void rig_close_peer(struct peer *peer);

/** Peers that nothing happens to: what they say comes back while others are in trouble. */
enum { RIG_WITNESSES = 2 };
void rig_begin_witnesses(struct rig *rig, struct peer **witnesses);
void rig_ask_witnesses(struct rig *rig, struct peer **witnesses);
/** Whether nothing has failed so far, so that everything is due. */
int rig_is_clean(const struct rig *rig);

#endif
