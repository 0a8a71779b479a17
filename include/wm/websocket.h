/**
 * @file
 * What a websocket has beside whole messages: pings and pongs (RFC 6455 §5.5), its subprotocol (§1.9), and messages that are sent in parts
 * (§5.4). Of workers and clients on ws and wss, and of http connections after wm_request_upgrade.
 *
 * All functions: on the app's thread, else WM_ETHREAD.
 */
#ifndef WM_WEBSOCKET_H
#define WM_WEBSOCKET_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A ping or a pong has arrived, possibly between the fragments of a message. With option auto_pong, the default, a ping has had its answer
 * already.
 *
 * @param worker the worker; NULL for a client's connection
 * @param conn the connection
 * @param data its payload: len bytes, valid during the callback; never NULL
 * @param len 0-125
 * @param user the pointer that was registered with the callback
 *
 * @since 0.1.0
 */
typedef void (*wm_ping_fn)(wm_worker *worker, wm_conn conn, const void *data, size_t len, void *user);

/**
 * Sets the ping callback. In pull mode pings are records (WM_EVENT_PING) where option ping_events is 1 and there is no callback.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy called once with user when fn is replaced or the worker is freed; NULL: not called. Not called when the registration
 * fails
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_ping(wm_worker *worker, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the pong callback: answers to the pings of wm_conn_ping and ping_interval_ms, and unasked ones. As wm_worker_on_ping.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_ping
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_pong(wm_worker *worker, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the ping callback of a client. As wm_worker_on_ping.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_ping
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_ping(wm_client *client, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the pong callback of a client. As wm_worker_on_pong.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_ping
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_pong(wm_client *client, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the ping callback of this connection alone. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_ping(wm_conn conn, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the pong callback of this connection alone. As wm_conn_on_message.
 *
 * @param conn the connection
 * @param fn the callback; NULL: that of the worker or client again, or a record of the poll
 * @param user passed to fn
 * @param destroy as for wm_conn_on_message
 * @return as wm_conn_on_message
 *
 * @since 0.1.0
 */
WM_API int wm_conn_on_pong(wm_conn conn, wm_ping_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Sends a ping, also between the parts of a message. Its pong has the same payload. It asks for no answer in time: that is
 * ping_interval_ms with pong_timeout_ms.
 *
 * @param conn the connection
 * @param data the payload, copied; may be NULL when len is 0
 * @param len at most 125
 * @return 0 or WM_BACKPRESSURE as wm_conn_send; WM_EMSGSIZE; WM_EFULL (what is queued is over max_send_buffer); WM_ESTATE (not a websocket,
 * or not open yet); WM_ECLOSED, WM_EINVAL or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_ping(wm_conn conn, const void *data, size_t len);
/**
 * Sends a pong: the answer to a ping where option auto_pong is 0, or an unasked one. Of pongs that wait in the send queue only the latest
 * is sent (RFC 6455 §5.5.3), so no limit refuses it.
 *
 * @return as wm_conn_ping, without WM_EFULL
 *
 * @since 0.1.0
 */
WM_API int wm_conn_pong(wm_conn conn, const void *data, size_t len);

/**
 * Writes the subprotocol that was chosen in the opening handshake: by option ws_subprotocols, or by a header line Sec-WebSocket-Protocol of
 * wm_handshake_accept or wm_request_upgrade; of a client's connection by the server. In the handshake callback it is the one that
 * ws_subprotocols chooses.
 *
 * @param conn the connection
 * @param out takes the text and a NUL
 * @param cap bytes at out
 * @return the length without the NUL, 0: none was chosen; WM_EMSGSIZE (cap is too small), WM_ESTATE (not a websocket) or WM_ECLOSED
 *
 * @since 0.1.0
 */
WM_API int wm_conn_ws_subprotocol(wm_conn conn, char *out, size_t cap);

/**
 * Begins a message in parts, for what is not at hand as a whole, or too large for memory: its length need not be known. The peer gets it as
 * one message, once it ends; a browser delivers nothing before.
 *
 * Until wm_conn_send_end, whole messages wait and leave behind it: those of wm_conn_send, broadcasts and hubs. What waits is bounded by
 * max_send_buffer (WM_EFULL) and counts in wm_conn_send_queue_size. Pings, pongs and bytes of WM_SEND_RAW are sent between the parts.
 *
 * There is no way to take a begun message back but to close: by wm_conn_close or wm_conn_destroy, in which case the peer drops it, and what
 * waits is dropped. A reload (drain) waits for its end, up to reload_timeout_ms.
 *
 * @param conn the connection, open
 * @param flags 0: a text, whose UTF-8 the library does not check; WM_SEND_BINARY
 * @return 0 or WM_BACKPRESSURE as wm_conn_send; WM_EFULL; WM_ESTATE (not a websocket, not open yet, a message in parts is open already, or
 * another connection is piped to this one); WM_ECLOSED, WM_EINVAL or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_send_begin(wm_conn conn, int32_t flags);
/**
 * Sends a part of a message, as a frame. A character of a text may be divided by parts.
 *
 * @param conn the connection
 * @param data the part, copied or written before the return; may be NULL when len is 0, which sends nothing
 * @param len bytes at data
 * @return 0; WM_BACKPRESSURE (taken; the buffer_drain event follows); WM_EFULL (not taken: what is queued is over max_send_buffer, or with
 * the part over max_queue_total); WM_EMSGSIZE (over max_queue_total alone); WM_ESTATE (not begun); WM_ECLOSED, WM_EINVAL or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_send_write(wm_conn conn, const void *data, size_t len);
/**
 * Ends a message in parts. No limit refuses it. What has waited leaves behind it.
 *
 * @return 0, WM_ESTATE (not begun), WM_ECLOSED or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_send_end(wm_conn conn);

#ifdef __cplusplus
}
#endif

#endif
