/**
 * @file
 * The connection: an id, never a pointer. A stale id gives WM_ECLOSED, also from getters of counts; getters
 * of pointers return NULL.
 */
#ifndef WM_CONN_H
#define WM_CONN_H

#include "wm/types.h"
#include "wm/worker.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Sends one message in the protocol's framing: the whole of it or nothing. An empty queue takes a message of
 * any size up to max_queue_total; max_message limits what a peer may send, not this. Any thread.
 *
 * The message leaves when the input that is being handled has been, or at the end of the turn, with the others of it
 * to the same connection. Before the open event it is held, within max_send_buffer. On
 * http it answers the oldest unanswered request with status 200 and text/html;charset=utf-8. The library does
 * not check that a websocket text is UTF-8 and that a text line contains no line break. From another thread
 * the data are copied to the app's mailbox; a send that fails there becomes an error event.
 *
 * @param conn the connection
 * @param data the message: len bytes, copied or written before the return; may be NULL when len is 0
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @return 0: taken. WM_BACKPRESSURE: taken, and more than send_high_water is queued. WM_QUEUED: in the
 * mailbox. Not taken: WM_EFULL (what is queued is over max_send_buffer, or with the message over
 * max_queue_total or max_mailbox), WM_EMSGSIZE (the message alone is over max_queue_total, or from another
 * thread over max_mailbox), WM_ESTATE (http without an unanswered request), WM_ECLOSED, WM_ESTOPPED, WM_EINVAL
 * (also for flags that are not WM_SEND_...), WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_send(wm_conn conn, const void *data, size_t len, int32_t flags);

/**
 * Sends a message that only matters until there is a newer one with the same key, as a progress or a price: as wm_conn_send, by
 * WM_SLOW_LATEST whatever slow_policy says. While the peer reads too slowly, the last message of each key waits for it, at its place
 * in the order of the sends. Any thread.
 *
 * @param conn the connection
 * @param key what the message is about: key_len bytes of any value, copied; nothing that the peer gets
 * @param key_len from 1 to 255
 * @param data the message: len bytes, copied or written before the return; may be NULL when len is 0
 * @param len bytes at data
 * @param flags WM_SEND_BINARY, _RAW, _NOW and _UNCOMPRESSED
 * @return as wm_conn_send. 0 and WM_BACKPRESSURE: taken; it may be replaced or dropped later, which `status` counts. WM_EFULL: what
 * waits and may not be dropped is over max_send_buffer. WM_ESTATE (http); WM_EINVAL also for key_len
 *
 * @since 0.1.0
 */
WM_API int wm_conn_send_latest(wm_conn conn, const void *key, size_t key_len, const void *data, size_t len, int32_t flags);

/**
 * Sends several messages, each as wm_conn_send does, for hosts in which a call costs more than a send. Any
 * thread.
 *
 * @param data the messages, one behind the other; may be NULL when len is 0
 * @param len bytes at data
 * @param sends three numbers for each message: the connection, its length in bytes, its WM_SEND_... flags
 * @param count messages
 * @param results takes the result of each message (wm_conn_send); may be NULL
 * @return how many of the results are not 0; WM_EINVAL, with nothing sent, when the lengths do not add up to
 * len, or count is over 2147483647
 *
 * @since 0.1.0
 */
WM_API int wm_conn_send_many(const void *data, size_t len, const int64_t *sends, size_t count, int32_t *results);

/**
 * Closes a connection once its queue is sent, within close_timeout_ms; for websocket with the close
 * handshake. No message is delivered after it; the close event has WM_REASON_LOCAL. Any thread.
 *
 * @param conn the connection
 * @param code websocket: the close code, 1000-1003, 1007-1014 or 3000-4999; 0: 1000. Other protocols send none
 * @param text the reason in UTF-8, len bytes, copied; only websocket sends it. May be NULL when len is 0
 * @param len at most 123
 * @return 0, WM_QUEUED from another thread, WM_EINVAL, WM_ECLOSED, WM_EFULL (over max_mailbox), WM_ESTOPPED
 * or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_close(wm_conn conn, int32_t code, const void *text, size_t len);

/**
 * Ends this side of a connection once its queue is sent, as shutdown(2) does (over TLS by a close_notify): the peer reads the
 * end of the stream, and may still send. Later sends are WM_ECLOSED. The connection closes when the peer ends its side, too;
 * until then idle_timeout_ms is its only deadline. Before the open event the end is held with what is queued. The other way round, a peer
 * that has ended its side: option half_open.
 *
 * @return 0, also where it was called before; WM_ESTATE (http and websocket, which have no such end; or another connection is piped to
 * it: wm_conn_pipe); WM_ECLOSED
 *
 * @since 0.1.0
 */
WM_API int wm_conn_shutdown(wm_conn conn);

/**
 * Sends on what `from` receives: from here on its messages go to `to` and not to the host, until either closes. One direction; a
 * second call the other way round makes a duplex, and wm_conn_pipe(conn, conn) an echo. `to` may still be connecting.
 *
 * Bytes of tcp, unix and ssl go as they come. A message of text, frame, websocket or a custom protocol is a message at `to`, text or
 * binary as it was. Bytes to websocket are binary messages, one for each read, and its messages are bytes the other way.
 *
 * `from` is not read while more than send_high_water of `to` is queued, nor while all queues take half of max_queue_total; so a pipe
 * holds send_high_water and one read (512 KiB) at most. `to` has its buffer_full and buffer_drain events as with any send.
 *
 * When the peer of `from` ends its side, `to` is shut down (wm_conn_shutdown) once all is sent; websocket is closed. `from` stays
 * open while something is piped to it, whatever half_open says. When `from` closes otherwise, `to` is shut down, too; when `to`
 * closes, `from` is closed once its queue is sent. Where one is lost (WM_REASON_ERROR, _PROTOCOL, _LIMIT), the other is
 * reset, so that its peer does not mistake a truncated stream for a complete one. The close event of the other has WM_REASON_PIPE.
 * A drain does not end a piped connection before its deadline: the silence of a stream does not say that nothing is in flight.
 *
 * In pull mode records of `from` that the host has not handled yet are the host's to send on.
 *
 * @param from whose messages are sent on; its host may still send to it
 * @param to gets them, beside what its host sends; 0: ends the pipe of `from`, if there is one, and its messages go to the host again
 * @return 0; WM_ESTATE (http on either side; bytes to a protocol of messages; `from` or `to` is in another pipe of this direction
 * already), WM_EINVAL (connections of two apps), WM_ECLOSED (either is closing, or wm_conn_shutdown has ended `to`) or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_pipe(wm_conn from, wm_conn to);

/**
 * Closes a connection at once and drops its queue; the close event comes at the end of the turn.
 *
 * @return 0 or WM_ECLOSED
 *
 * @since 0.1.0
 */
WM_API int wm_conn_destroy(wm_conn conn);

/**
 * Stops reading; input that was read and not delivered is held. A drain does not end a paused text connection: its host answers later.
 *
 * @return 0, WM_ECLOSED or WM_ESTATE (over datagrams: wm_worker_pause_accept pauses all of a worker)
 *
 * @since 0.1.0
 */
WM_API int wm_conn_pause_recv(wm_conn conn);
/**
 * Reads again; held input is delivered first.
 *
 * @return 0 or WM_ECLOSED
 *
 * @since 0.1.0
 */
WM_API int wm_conn_resume_recv(wm_conn conn);

/**
 * Writes the peer's IP as text ("::1" without brackets; empty for unix).
 *
 * Behind trusted proxies (trusted_proxies, proxy_protocol, proxy_header) the peer is the client that they tell of, also in the log and in
 * listings: from the connect event on with a PROXY header; of an http connection, that of the last request that has come.
 *
 * @param conn the connection
 * @param out takes the text and a NUL
 * @param cap bytes at out; 46 are enough for an IP, 110 for any address
 * @return the length without the NUL, WM_EMSGSIZE (cap is too small) or WM_ECLOSED (also for a peer that has
 * reset the connection)
 *
 * @since 0.1.0
 */
WM_API int wm_conn_remote_ip(wm_conn conn, char *out, size_t cap);
/** The peer's port; 0: unix, or a proxy has told an IP alone. Or WM_ECLOSED. @since 0.1.0 */
WM_API int wm_conn_remote_port(wm_conn conn);
/** The peer's address as "IP:PORT", "[IPv6]:PORT" or, on one link, "[fe80::1%eth0]:PORT"; as wm_conn_remote_ip. @since 0.1.0 */
WM_API int wm_conn_remote_address(wm_conn conn, char *out, size_t cap);
/** The local IP; as wm_conn_remote_ip. @since 0.1.0 */
WM_API int wm_conn_local_ip(wm_conn conn, char *out, size_t cap);
/** The local port, 0 for unix, or WM_ECLOSED. @since 0.1.0 */
WM_API int wm_conn_local_port(wm_conn conn);
/** The local address, for unix the socket's path; as wm_conn_remote_address. @since 0.1.0 */
WM_API int wm_conn_local_address(wm_conn conn, char *out, size_t cap);

/** Bytes read from the peer so far, or WM_ECLOSED; after a CLOSE record still known until the next poll. @since 0.1.0 */
WM_API int64_t wm_conn_bytes_read(wm_conn conn);
/** Bytes that the kernel has taken for the peer so far, or WM_ECLOSED; as wm_conn_bytes_read. @since 0.1.0 */
WM_API int64_t wm_conn_bytes_written(wm_conn conn);
/** Bytes sent that the kernel has not taken yet, or WM_ECLOSED. @since 0.1.0 */
WM_API int64_t wm_conn_send_queue_size(wm_conn conn);

/** What wm_conn_tls_info tells. @since 0.1.0 */
enum {
    WM_TLS_VERSION = 1,          /**< "TLSv1.3" */
    WM_TLS_CIPHER = 2,           /**< "TLS_AES_256_GCM_SHA384" */
    WM_TLS_ALPN = 3,             /**< the protocol of ALPN (RFC 7301), "http/1.1"; empty: none */
    WM_TLS_SERVER_NAME = 4,      /**< the server name that the client has asked for; empty: none */
    WM_TLS_PEER_SUBJECT = 5,     /**< the subject of the peer's certificate, "CN=alice,O=Example" (RFC 2253); empty: it has sent none */
    WM_TLS_PEER_FINGERPRINT = 6, /**< SHA-256 of the peer's certificate, 64 hexadecimal digits; empty: it has sent none */
    WM_TLS_RESUMED = 7           /**< "1": the session of an earlier connection was resumed; "0": a full handshake */
};

/**
 * Writes what was negotiated for the TLS of a connection, as text. From the open event on.
 *
 * @param conn the connection
 * @param what WM_TLS_...
 * @param out takes the text and a NUL
 * @param cap bytes at out
 * @return the length without the NUL, WM_ESTATE (not over TLS, or its handshake is not through), WM_EMSGSIZE (cap is too small),
 * WM_EINVAL, WM_ENOMEM or WM_ECLOSED
 *
 * @since 0.1.0
 */
WM_API int wm_conn_tls_info(wm_conn conn, int32_t what, char *out, size_t cap);

/** The connection's worker; NULL for a stale id. @since 0.1.0 */
WM_API wm_worker *wm_conn_worker(wm_conn conn);
/** The connection's user pointer; NULL at first, and for a stale id. @since 0.1.0 */
WM_API void *wm_conn_user(wm_conn conn);
/**
 * Sets the connection's user pointer.
 *
 * @param conn the connection
 * @param user the pointer; NULL is allowed
 * @param destroy called once with user when it is replaced, or after the close event; may be NULL. Not called
 * when the call fails
 * @return 0, WM_ECLOSED or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_set_user(wm_conn conn, void *user, wm_destroy_fn destroy);
/**
 * Sets an option for this connection alone (wm/option.h, scope WM_SCOPE_CONN). It takes effect at once. When all
 * options are as the worker's again, the connection follows the worker's, and needs no memory for its own.
 *
 * @return 0, WM_EOPTION, WM_EINVAL (the detail has the range), WM_ECLOSED or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_set_int(wm_conn conn, const char *option, int64_t value);
/**
 * Reads into *value the option that applies to this connection: its own, else its worker's.
 *
 * @return 0, WM_EOPTION or WM_ECLOSED
 *
 * @since 0.1.0
 */
WM_API int wm_conn_get_int(wm_conn conn, const char *option, int64_t *value);

/**
 * Sets the message callback of this connection alone, in place of its worker's or client's; what comes from now on goes to it, also in
 * pull mode. It stays until it is replaced, or the connection has closed. In its own callback it can replace itself.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy called once with user when fn is replaced, or after the close event; may be NULL. Not called when the registration fails
 * @return 0, WM_ECLOSED, WM_ETHREAD or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_message(wm_conn conn, wm_message_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the websocket handshake callback of this connection alone; to be set in the connect callback. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_handshake(wm_conn conn, wm_handshake_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the open callback of this connection alone; to be set in the connect or handshake callback. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_open(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the error callback of this connection alone. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_error(wm_conn conn, wm_error_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the closing callback of this connection alone. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_closing(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the close callback of this connection alone. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_close(wm_conn conn, wm_close_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the buffer_full callback of this connection alone. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_buffer_full(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the buffer_drain callback of this connection alone. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_buffer_drain(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
