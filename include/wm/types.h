/**
 * @file
 * The types that every other header of libwm uses: ids, opaque objects, the export macro.
 *
 * What holds unless a declaration says otherwise:
 *
 * A function is called on the thread of its app (the thread that runs or polls it, wm/app.h); on another it
 * returns WM_ETHREAD. A function that returns an int returns 0 or more on success and a negative WM_E... code
 * (wm/error.h) on failure, a function that returns a pointer or an id NULL or 0; the detail is in
 * wm_last_error. NULL for an object, or for a pointer that the call needs, is WM_EINVAL, and so are a length
 * that no object in memory has and a flag that is not listed.
 *
 * In a child of fork(2) an app whose loop was open stays the parent's: calls return WM_EFORK, wm_app_free frees the
 * child's copy, and the child may make apps of its own. A child that was forked in a callback ends without a return
 * from it (exec, _exit). The processes that wm_app_main makes are no such children.
 *
 * Strings and data are (pointer, length), and are copied before the call returns; addresses and option names
 * end in NUL. Times are milliseconds, sizes bytes. A `user` pointer stays the caller's when the registration
 * fails.
 */
#ifndef WM_TYPES_H
#define WM_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define WM_API __attribute__((visibility("default")))
#else
#define WM_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A connection: an id of at most 53 bits, 0: none. Unique in the process; a stale one gives WM_ECLOSED.
 *
 * @since 0.1.0
 */
typedef uint64_t wm_conn;
/** An HTTP request or a websocket handshake: an id like wm_conn. @since 0.1.0 */
typedef uint64_t wm_request;
/** A timer: an id like wm_conn. @since 0.1.0 */
typedef uint64_t wm_timer;
/** A watched descriptor: an id like wm_conn. @since 0.1.0 */
typedef uint64_t wm_watch;
/** A registration for a signal: an id like wm_conn. @since 0.1.0 */
typedef uint64_t wm_signal;

/** One event loop with its workers, timers and hubs (Workerman: what runAll() runs). @since 0.1.0 */
typedef struct wm_app wm_app;
/** A listener with its callbacks and options (Workerman: Worker). @since 0.1.0 */
typedef struct wm_worker wm_worker;
/** An outgoing connection that can come back (Workerman: AsyncTcpConnection). @since 0.1.0 */
typedef struct wm_client wm_client;
/** A protocol of the host's own (Workerman: a class with ProtocolInterface). @since 0.1.0 */
typedef struct wm_protocol wm_protocol;
/** What the encode or decode callback of a protocol writes to. @since 0.1.0 */
typedef struct wm_out wm_out;
/** Connections by uid and group, and functions by topic. @since 0.1.0 */
typedef struct wm_hub wm_hub;

/**
 * Called exactly once when the library no longer needs a `user` pointer that was registered with it: at the
 * end of the turn in which it was replaced or its owner freed. On the app's thread.
 *
 * @since 0.1.0
 */
typedef void (*wm_destroy_fn)(void *user);

/** What a message is, as `kind` of a message callback and in the low byte of wm_event.flags. @since 0.1.0 */
enum {
    WM_KIND_RAW = 1,      /**< bytes as they were read, without message boundaries */
    WM_KIND_TEXT = 2,     /**< a line of the text protocol, a websocket text message (valid UTF-8), a message of a protocol of kind text */
    WM_KIND_BINARY = 3,   /**< a websocket binary message, a frame, a message of a protocol of kind binary */
    WM_KIND_HTTP = 4,     /**< an HTTP request; data is its body, wm_message_request() its id */
    WM_KIND_DATAGRAM = 5, /**< a datagram */
    WM_KIND_HTTP_HEAD = 6 /**< with option stream_body: an HTTP request whose body follows in pieces (wm/http_body.h); len is 0 */
};

/**
 * Flags of wm_conn_send, wm_worker_broadcast, wm_hub_send, _broadcast and _group_send, and the first three of wm_request_respond.
 * One WM_SEND_SLOW_... at most: it takes the place of the connection's slow_policy for that message, and none is for http.
 *
 * @since 0.1.0
 */
enum {
    WM_SEND_BINARY = 1,        /**< websocket: as a binary message; without it, as text */
    WM_SEND_RAW = 2,           /**< the bytes as they are, without framing */
    WM_SEND_NOW = 4,           /**< hand to the kernel at once, not after the callback or at the end of the turn */
    WM_SEND_FIRST = 8,         /**< hubs alone: the result as soon as one connection has it, WM_PARTIAL if processes have yet to answer */
    WM_SEND_UNCOMPRESSED = 64, /**< websocket, option deflate: as it is: a message with a secret beside text that others can choose, whose
                                length when compressed tells of the secret; or data that is compressed already */
    WM_SEND_SLOW_CLOSE = 256,  /**< WM_SLOW_CLOSE */
    WM_SEND_SLOW_DROP_OLDEST = 512, /**< WM_SLOW_DROP_OLDEST */
    WM_SEND_SLOW_LATEST = 1024      /**< WM_SLOW_LATEST, with an empty key */
};

/**
 * What happens to messages for an open connection whose peer reads too slowly (option slow_policy).
 *
 * With the last two, messages wait whole behind what the kernel has refused, and are dropped as long as they do. They count as sent:
 * WM_BACKPRESSURE, buffer_full and buffer_drain are as ever. What a peer gets is always in the order of the sends; a message that may not
 * be dropped goes behind those that wait, and takes their room when it needs it. Answers of http, and what is piped, are never dropped.
 *
 * @since 0.1.0
 */
enum {
    WM_SLOW_REFUSE = 0,      /**< a send is WM_EFULL while more than max_send_buffer is queued */
    WM_SLOW_CLOSE = 1,       /**< the same, and the connection closes with what is queued sent (websocket: 1013 "too slow") */
    WM_SLOW_DROP_OLDEST = 2, /**< over max_send_buffer the oldest message that waits is dropped for the new one */
    WM_SLOW_LATEST = 3       /**< the same, and a message that waits is dropped for a new one with its key (wm_conn_send_latest) */
};

/** Why a connection ended: `reason` of a close callback. @since 0.1.0 */
enum {
    WM_REASON_PEER = 1,     /**< the peer closed */
    WM_REASON_LOCAL = 2,    /**< wm_conn_close, wm_conn_destroy, wm_hub_kick or wm_worker_free */
    WM_REASON_TIMEOUT = 3,  /**< a deadline passed: idle, handshake, pong or close */
    WM_REASON_PROTOCOL = 4, /**< the peer broke the protocol's rules */
    WM_REASON_LIMIT = 5,    /**< the peer exceeded a limit (max_message, max_assembly_total ...) */
    WM_REASON_ERROR = 6,    /**< the socket failed; the close event has the errno */
    WM_REASON_STOP = 7,     /**< the app or the worker stopped */
    WM_REASON_PIPE = 8      /**< the other end of a pipe has closed (wm_conn_pipe) */
};

#ifdef __cplusplus
}
#endif

#endif
