/**
 * @file
 * The worker: a listener on one address, its callbacks and its options.
 *
 * Address: SCHEME://HOST:PORT with SCHEME tcp, text, websocket (= ws) or http and HOST an IPv4, an [IPv6] or a name;
 * or SCHEME+unix:///PATH, unix:///PATH (raw), unix://@NAME (abstract).
 *
 * Order of a connection's events: connect, handshake, open, then any of message, buffer_full, buffer_drain and error, then close:
 * exactly one close and nothing after it. Any call is legal in any callback, wm_conn_close and wm_worker_free included.
 */
#ifndef WM_WORKER_H
#define WM_WORKER_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The worker starts in this process; index is the process's number, from 0. Below 0: this process cannot serve. @since 0.1.0 */
typedef int32_t (*wm_start_fn)(wm_worker *worker, int32_t index, void *user);
/** The worker stops. @since 0.1.0 */
typedef void (*wm_stop_fn)(wm_worker *worker, void *user);
/** A reload has reached this process of the worker. @since 0.1.0 */
typedef void (*wm_reload_fn)(wm_worker *worker, void *user);
/** A websocket handshake has arrived. 0: accept; below 0: refuse with 403; WM_PENDING: wm_handshake_accept or _reject follows,
 * within handshake_timeout_ms of the connection's start. @since 0.1.0 */
typedef int32_t (*wm_handshake_fn)(wm_worker *worker, wm_conn conn, wm_request request, void *user);
/** connect, open, buffer_full and buffer_drain. @since 0.1.0 */
typedef void (*wm_conn_fn)(wm_worker *worker, wm_conn conn, void *user);
/** A message of `kind` WM_KIND_...; data is valid during the callback, never NULL, and not NUL-terminated. @since 0.1.0 */
typedef void (*wm_message_fn)(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user);
/** Something failed; code is a WM_E... code, text says what. A close follows when the connection ends by it. @since 0.1.0 */
typedef void (*wm_error_fn)(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user);
/**
 * The connection ended: reason WM_REASON_...; code is the websocket close code (RFC 6455 §7.4; 1005: none was given, 1006: no close
 * frame came), else the errno of WM_REASON_ERROR, else 0; text is the peer's or the library's reason. conn is still readable here, but for
 * the addresses of a peer that has reset. @since 0.1.0
 */
typedef void (*wm_close_fn)(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user);

/**
 * Makes a worker for an address; NULL as address: a worker that only starts (on_start, timers). Opens nothing yet: wm_app_run, or
 * wm_worker_listen in a running app, does. Owned by the app, until wm_worker_free.
 * NULL on failure with WM_EADDRESS and the like in wm_last_error: what was wrong, and the nearest right form. @since 0.1.0
 */
WM_API wm_worker *wm_worker_new(wm_app *app, const char *address);

/** Unlistens, closes its connections at once (reason WM_REASON_LOCAL) and frees the worker at the end of the turn. NULL is allowed. @since
 * 0.1.0 */
WM_API void wm_worker_free(wm_worker *worker);

/** Sets an option by name (wm/option.h, scope WM_SCOPE_WORKER). WM_EOPTION with the nearest name, WM_EINVAL with the range, WM_ESTATE when
 * too late. A changed timeout reaches a connection when its
 * next deadline passes; wm_conn_set_int at once. @since 0.1.0 */
WM_API int wm_worker_set_int(wm_worker *worker, const char *option, int64_t value);
/** As wm_worker_set_int, for a text; the value is copied. @since 0.1.0 */
WM_API int wm_worker_set_str(wm_worker *worker, const char *option, const char *value);
/** Reads an option into *value. WM_EOPTION. @since 0.1.0 */
WM_API int wm_worker_get_int(wm_worker *worker, const char *option, int64_t *value);
/** As wm_worker_get_int, for a text; *value is borrowed until the option is set again. @since 0.1.0 */
WM_API int wm_worker_get_str(wm_worker *worker, const char *option, const char **value);

/** Sets the start callback, called by wm_app_run or the first poll; fn NULL removes it, as with all that follow. destroy(user) when
 * replaced or freed. @since 0.1.0 */
WM_API int wm_worker_on_start(wm_worker *worker, wm_start_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the stop callback. @since 0.1.0 */
WM_API int wm_worker_on_stop(wm_worker *worker, wm_stop_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the reload callback: under wm_app_main, before the process lets its connections go, or, with option reloadable 0, instead. @since
 * 0.1.0 */
WM_API int wm_worker_on_reload(wm_worker *worker, wm_reload_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the connect callback: a connection was accepted, before any handshake. @since 0.1.0 */
WM_API int wm_worker_on_connect(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the websocket handshake callback: the request is readable, nothing was answered yet. @since 0.1.0 */
WM_API int wm_worker_on_handshake(wm_worker *worker, wm_handshake_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the open callback: ready for messages. @since 0.1.0 */
WM_API int wm_worker_on_open(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the message callback. @since 0.1.0 */
WM_API int wm_worker_on_message(wm_worker *worker, wm_message_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the error callback. @since 0.1.0 */
WM_API int wm_worker_on_error(wm_worker *worker, wm_error_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the close callback. @since 0.1.0 */
WM_API int wm_worker_on_close(wm_worker *worker, wm_close_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the callback for a queue that rose over send_high_water; once until it has drained. @since 0.1.0 */
WM_API int wm_worker_on_buffer_full(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/** Sets the callback for a queue that fell to zero after buffer_full. @since 0.1.0 */
WM_API int wm_worker_on_buffer_drain(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Listens now, in this process: no fork, no on_start. Legal from any callback and timer. Accepts from the next turn on.
 * 0 also when it listens already. WM_EADDRINUSE ("Address already in use: ADDRESS"), WM_EACCES, WM_EADDRNOTAVAIL, WM_EDNS, WM_EMFILE,
 * WM_ESTATE for a worker without address; the text is in wm_last_error and wm_worker_error. @since 0.1.0
 */
WM_API int wm_worker_listen(wm_worker *worker);

/** Closes the listening socket; connections live on. listen may follow. @since 0.1.0 */
WM_API int wm_worker_unlisten(wm_worker *worker);

/** Stops accepting; the kernel's backlog goes on filling. @since 0.1.0 */
WM_API int wm_worker_pause_accept(wm_worker *worker);
/** Accepts again. @since 0.1.0 */
WM_API int wm_worker_resume_accept(wm_worker *worker);

/** Stops the worker: on_stop, unlisten, each connection closed in its protocol's way (websocket 1001). @since 0.1.0 */
WM_API int wm_worker_stop(wm_worker *worker);

/** The address as it was given, with the real port where 0 was asked for once it listens; "none" for a worker without. Valid until its
 * next listen or unlisten. @since 0.1.0 */
WM_API const char *wm_worker_address(wm_worker *worker);
/** How many connections it has. @since 0.1.0 */
WM_API int64_t wm_worker_conn_count(wm_worker *worker);
/** Walks its connections: 0 as previous gives the first; 0 is returned after the last. Connections that come or go meanwhile may be missed.
 * @since 0.1.0 */
WM_API wm_conn wm_worker_next_conn(wm_worker *worker, wm_conn previous);
/** Sends one message to every open connection; it is framed once. Returns how many took it. @since 0.1.0 */
WM_API int64_t wm_worker_broadcast(wm_worker *worker, const void *data, size_t len, int32_t flags);
/** The text of its last listen, if that failed; else empty. Valid until the next. @since 0.1.0 */
WM_API const char *wm_worker_error(wm_worker *worker);
/** Its app. @since 0.1.0 */
WM_API wm_app *wm_worker_app(wm_worker *worker);
/** Its user pointer, NULL at first. @since 0.1.0 */
WM_API void *wm_worker_user(wm_worker *worker);
/** Sets its user pointer; destroy(user) when it is replaced or the worker freed. @since 0.1.0 */
WM_API int wm_worker_set_user(wm_worker *worker, void *user, wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
