/**
 * @file
 * The client: an outgoing connection that can come back (Workerman: AsyncTcpConnection).
 *
 * Address: SCHEME://HOST:PORT with SCHEME tcp, text, frame, ssl (bytes over TLS) or the name of a wm_protocol, and HOST an IPv4, an
 * [IPv6] or a name; or SCHEME+unix:///PATH, unix:///PATH (raw), unix://@NAME (abstract). Websockets: ws://HOST[:PORT][/PATH][?QUERY] and
 * wss, port 80 or 443 if none is given; ws+unix:///SOCKET, whose path is option ws_path. A fragment is refused, and a user, which belongs
 * to option ws_headers. Option transport=ssl is TLS below any of them; the server's certificate is verified by its name (tls_verify).
 *
 * Datagrams: udp://HOST:PORT and udp+unix:///PATH, or option transport=udp, as of a worker. The client is open at once, and stays so: that
 * nothing receives what it sends is an error event (WM_ECONNREFUSED).
 *
 * A client has one connection at a time. Each attempt is a connection of its own: its id exists from wm_client_connect on, what is sent
 * before the open event is held within max_send_buffer, and one close event ends it, also where the host name or the connection fails.
 *
 * Order of its events: connect, open, then any of message, buffer_full, buffer_drain and error, then closing where a stop ends it, then
 * close: exactly one close and nothing after it. An attempt that fails has error, then close. None of them comes inside
 * wm_client_connect. Callbacks are those of wm/worker.h, with worker NULL: wm_conn_client has the client. Any call is legal in any
 * callback, wm_client_free included.
 */
#ifndef WM_CLIENT_H
#define WM_CLIENT_H

#include "wm/types.h"
#include "wm/worker.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes a client. Connects nothing yet: wm_client_connect does.
 *
 * @param app the app
 * @param address ends in NUL; copied; its scheme in any case
 * @return the client, which the app owns until wm_client_free; NULL on failure (wm_last_error has the reason and the right form of an
 * address: WM_EADDRESS)
 *
 * @since 0.1.0
 */
WM_API wm_client *wm_client_new(wm_app *app, const char *address);

/**
 * Closes the client's connection at once (WM_REASON_LOCAL), connects no more, and frees the client at the end of the turn. NULL is
 * allowed.
 *
 * @since 0.1.0
 */
WM_API void wm_client_free(wm_client *client);

/**
 * Sets an option by name (wm/option.h, scope WM_SCOPE_CLIENT). What concerns connecting applies to the next attempt.
 *
 * @return 0, WM_EOPTION (unknown; the detail has the nearest name) or WM_EINVAL (the detail has the range or the form)
 *
 * @since 0.1.0
 */
WM_API int wm_client_set_int(wm_client *client, const char *option, int64_t value);
/** As wm_client_set_int, for a text, which is copied. @since 0.1.0 */
WM_API int wm_client_set_str(wm_client *client, const char *option, const char *value);
/**
 * Reads an option into *value.
 *
 * @return 0 or WM_EOPTION
 *
 * @since 0.1.0
 */
WM_API int wm_client_get_int(wm_client *client, const char *option, int64_t *value);
/** As wm_client_get_int, for a text; *value is borrowed until the option is set again. @since 0.1.0 */
WM_API int wm_client_get_str(wm_client *client, const char *option, const char **value);

/**
 * Sets the connect callback: the socket is connected, before any handshake.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy called once with user when fn is replaced or the client is freed; NULL: not called. Not called when the registration
 * fails
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_connect(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the open callback: the connection is ready for messages.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_client_on_connect
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_open(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the message callback.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_client_on_connect
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_message(wm_client *client, wm_message_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the error callback: among others, why an attempt has failed. The text names the address and the cause; the code is WM_EDNS,
 * WM_ECONNREFUSED, WM_ETIMEDOUT, WM_EMFILE, another one of the errno, or WM_ESYS; of a handshake WM_ETLS, WM_EACCES (a websocket's 401 or
 * 403, or a proxy's refusal), WM_EPROTOCOL or WM_ECLOSED.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_client_on_connect
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_error(wm_client *client, wm_error_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the close callback: the connection, or the attempt, has ended. In it the client may connect again, at once or later.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_client_on_connect
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_close(wm_client *client, wm_close_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the closing callback: a stop of the app ends the connection (see wm_worker_on_closing).
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_client_on_connect
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_closing(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the callback for a queue that rose over send_high_water; called once until the queue has drained.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_client_on_connect
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_buffer_full(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the callback for a queue that fell to zero after buffer_full.
 *
 * @param client the client
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_client_on_connect
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_on_buffer_drain(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Connects. Never blocks, and calls nothing back before it returns; wm_client_conn has the connection from then on. Before the app runs
 * it only prepares: the attempt, and the time of connect_timeout_ms, begin with the run or the first poll, under wm_app_main in each
 * process.
 *
 * While a connection of the client is still closing, it connects once that has had its close event. Replaces what wm_client_reconnect
 * has planned.
 *
 * @return 0; WM_ESTATE when it connects or is connected already; WM_ESTOPPED when the app stops; WM_ENOMEM; where option transport or a
 * file of TLS cannot be, WM_EINVAL, WM_ETLS or the code of the file's errno
 *
 * @since 0.1.0
 */
WM_API int wm_client_connect(wm_client *client);

/**
 * Connects after a while, as Workerman's reConnect: most useful in the close callback. A connection that is there is closed first. The
 * last call counts, also in place of reconnect_min_ms.
 *
 * @param client the client
 * @param delay_ms 0: now
 * @return 0, WM_EINVAL, WM_ESTOPPED when the app stops, WM_ENOMEM, or with delay_ms 0 another as of wm_client_connect. An attempt that
 * is made later and cannot be is logged, and made again
 *
 * @since 0.1.0
 */
WM_API int wm_client_reconnect(wm_client *client, int64_t delay_ms);

/**
 * Cancels an attempt that is planned, by wm_client_reconnect or by reconnect_min_ms. A connection that is there stays.
 *
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_cancel_reconnect(wm_client *client);

/**
 * Closes the connection after what is queued has left, as its protocol does, and connects no more until wm_client_connect or
 * wm_client_reconnect. One that is not open yet is given up, with what is queued.
 *
 * @return 0, also without a connection
 *
 * @since 0.1.0
 */
WM_API int wm_client_close(wm_client *client);

/** The connection of the present attempt; 0: there is none. @since 0.1.0 */
WM_API wm_conn wm_client_conn(wm_client *client);
/** The client of a connection; NULL for one that a worker has accepted, or without such a connection. @since 0.1.0 */
WM_API wm_client *wm_conn_client(wm_conn conn);

/**
 * The subprotocol that the server has chosen among option ws_subprotocol, in the handshake of the present or last connection; "" if it
 * chose none, or has not answered yet. A server need not choose one (RFC 6455 §4.1): a client that depends on it looks in the open
 * callback. Never NULL; valid until the next attempt.
 *
 * @since 0.1.0
 */
WM_API const char *wm_client_ws_subprotocol(wm_client *client);
/**
 * Reads a header of the response that has opened the present or last websocket connection.
 *
 * @param client the client
 * @param name in any case; the first of several is taken. "": all header lines, each with CRLF
 * @param out the value, borrowed until the next attempt; NULL when there is no such header
 * @param len its length
 * @return 1: found, 0: no such header, WM_EINVAL, or WM_ESTATE (not a websocket client, or it has not connected yet)
 *
 * @since 0.1.0
 */
WM_API int wm_client_response_header(wm_client *client, const char *name, const void **out, size_t *len);

/** The address as it was given. Never NULL; valid as long as the client. @since 0.1.0 */
WM_API const char *wm_client_address(wm_client *client);
/** Why the last attempt failed; "" if it did not. Never NULL; valid until the next attempt. @since 0.1.0 */
WM_API const char *wm_client_error(wm_client *client);
/** The app of a client. @since 0.1.0 */
WM_API wm_app *wm_client_app(wm_client *client);
/** The pointer of wm_client_set_user, or NULL. @since 0.1.0 */
WM_API void *wm_client_user(wm_client *client);
/**
 * Sets a pointer of the host's.
 *
 * @param client the client
 * @param user any pointer
 * @param destroy called once with user when it is replaced or the client is freed; NULL: not called
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_client_set_user(wm_client *client, void *user, wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
