/**
 * @file
 * What a websocket has beside its messages: pings and pongs (RFC 6455 §5.5). Of workers and clients on ws and wss.
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
/** Sets the pong callback: answers to the pings of wm_conn_ping and ping_interval_ms, and unasked ones. As wm_worker_on_ping. @since 0.1.0
 */
WM_API int wm_worker_on_pong(wm_worker *worker, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the ping callback of a client. As wm_worker_on_ping. @since 0.1.0 */
WM_API int wm_client_on_ping(wm_client *client, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the pong callback of a client. As wm_worker_on_pong. @since 0.1.0 */
WM_API int wm_client_on_pong(wm_client *client, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the ping callback of this connection alone. As wm_conn_on_message. @since 0.1.0 */
WM_API int wm_conn_on_ping(wm_conn conn, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the pong callback of this connection alone. As wm_conn_on_message. @since 0.1.0 */
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

#ifdef __cplusplus
}
#endif

#endif
