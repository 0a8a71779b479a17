/**
 * @file
 * The worker: a listener on one address, its callbacks and its options.
 *
 * Address: SCHEME://HOST:PORT with SCHEME tcp, text, frame, websocket (= ws), http, over TLS ssl, wss or https, or the name of a
 * wm_protocol, and HOST an IPv4, an [IPv6] or a name; or SCHEME+unix:///PATH, unix:///PATH (raw), unix://@NAME (abstract). Option
 * transport=ssl is TLS below any of them.
 *
 * Datagrams: udp://HOST:PORT and udp+unix:///PATH, whose messages are whole datagrams (WM_KIND_DATAGRAM), or option transport=udp with tcp,
 * text, frame or a wm_protocol, which parses each datagram by itself: what is incomplete at its end is dropped. A peer is a wm_conn, the
 * same one while it is among the udp_peers that were used last; it comes and goes without an event. wm_conn_close forgets it, and never
 * touches the socket.
 *
 * Order of a connection's events: connect, handshake, open, then any of message, buffer_full, buffer_drain
 * and error, then closing where a drain or stop ends it, then close: exactly one close and nothing after it. Any call
 * is legal in any callback, wm_conn_close and wm_worker_free included.
 */
#ifndef WM_WORKER_H
#define WM_WORKER_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The worker starts in this process.
 *
 * @param worker the worker
 * @param index the process's number among those of its worker, from 0
 * @param user the pointer that was registered with the callback
 * @return 0 or more; below 0: this process cannot serve
 *
 * @since 0.1.0
 */
typedef int32_t (*wm_start_fn)(wm_worker *worker, int32_t index, void *user);
/** The worker stops. @since 0.1.0 */
typedef void (*wm_stop_fn)(wm_worker *worker, void *user);
/** A reload has reached this process of the worker. @since 0.1.0 */
typedef void (*wm_reload_fn)(wm_worker *worker, void *user);
/**
 * A websocket handshake has arrived.
 *
 * @param worker the worker
 * @param conn the connection, not open yet
 * @param request the handshake, for the accessors of wm/http.h
 * @param user the pointer that was registered with the callback
 * @return 0: accept. Below 0: reject with status 403. WM_PENDING: wm_handshake_accept or wm_handshake_reject
 * follows, within handshake_timeout_ms of the connection's start
 *
 * @since 0.1.0
 */
typedef int32_t (*wm_handshake_fn)(wm_worker *worker, wm_conn conn, wm_request request, void *user);
/** The events connect, open, buffer_full, buffer_drain and closing. @since 0.1.0 */
typedef void (*wm_conn_fn)(wm_worker *worker, wm_conn conn, void *user);
/**
 * A message has arrived.
 *
 * @param worker the worker
 * @param conn the connection
 * @param data the message: len bytes, valid during the callback; never NULL, does not end in NUL
 * @param len bytes at data
 * @param kind WM_KIND_...
 * @param user the pointer that was registered with the callback
 *
 * @since 0.1.0
 */
typedef void (*wm_message_fn)(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user);
/**
 * An error on a connection. A close follows if the error ends the connection.
 *
 * @param worker the worker
 * @param conn the connection
 * @param code WM_E...
 * @param text the error text: len bytes, valid during the callback
 * @param len bytes at text
 * @param user the pointer that was registered with the callback
 *
 * @since 0.1.0
 */
typedef void (*wm_error_fn)(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user);
/**
 * A connection has ended.
 *
 * @param worker the worker
 * @param conn the connection; getters still work, except those of addresses when the peer has reset the connection
 * @param reason WM_REASON_...
 * @param code websocket: the close code (RFC 6455 §7.4; 1005: the close frame had none, 1006: no close frame
 * came). Else the errno of WM_REASON_ERROR, or 0
 * @param text the peer's or the library's reason: len bytes, valid during the callback
 * @param len bytes at text
 * @param user the pointer that was registered with the callback
 *
 * @since 0.1.0
 */
typedef void (*wm_close_fn)(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user);

/**
 * Makes a worker. Opens nothing yet: wm_app_run and the first poll do, or wm_worker_listen in a running app.
 *
 * @param app the app
 * @param address ends in NUL; copied; its scheme in any case. NULL: a worker that only starts (on_start, timers)
 * @return the worker, which the app owns until wm_worker_free; NULL on failure (wm_last_error has the reason
 * and the right form of an address: WM_EADDRESS)
 *
 * @since 0.1.0
 */
WM_API wm_worker *wm_worker_new(wm_app *app, const char *address);

/**
 * Stops listening, closes the worker's connections at once (WM_REASON_LOCAL) and frees the worker at the end
 * of the turn. NULL is allowed.
 *
 * @since 0.1.0
 */
WM_API void wm_worker_free(wm_worker *worker);

/**
 * Sets an option by name (wm/option.h, scope WM_SCOPE_WORKER). A new timeout applies to a connection when its
 * next deadline passes; with wm_conn_set_int it applies at once.
 *
 * @return 0, WM_EOPTION (unknown; the detail has the nearest name), WM_EINVAL (the detail has the range) or
 * WM_ESTATE (too late)
 *
 * @since 0.1.0
 */
WM_API int wm_worker_set_int(wm_worker *worker, const char *option, int64_t value);
/** As wm_worker_set_int, for a text, which is copied. @since 0.1.0 */
WM_API int wm_worker_set_str(wm_worker *worker, const char *option, const char *value);
/**
 * Adds a certificate for clients that ask for one of its server names (SNI). Beside it, option tls_cert has the certificate for all
 * others; without that, it is the first that was added. One of RSA and one of ECDSA for the same names serve together.
 *
 * Before listen, the files are read at listen. While the worker listens, they are read here and serve at once; but not under
 * wm_app_main, whose master reads certificates before it starts the processes.
 *
 * @param worker the worker
 * @param name the server name, "www.example.com" or "*.example.com"; NULL: those that the certificate has
 * @param cert_file path of the certificate with its chain behind it, PEM; copied
 * @param key_file path of its key, PEM; NULL: it is in cert_file
 * @return 0, WM_EINVAL (the name), WM_ESTATE (too late), or WM_ETLS, WM_EACCES, WM_ESYS, WM_ENOMEM with the path and the reason in
 * wm_last_error()
 *
 * @since 0.1.0
 */
WM_API int wm_worker_add_certificate(wm_worker *worker, const char *name, const char *cert_file, const char *key_file);
/**
 * Reads an option into *value.
 *
 * @return 0 or WM_EOPTION
 *
 * @since 0.1.0
 */
WM_API int wm_worker_get_int(wm_worker *worker, const char *option, int64_t *value);
/** As wm_worker_get_int, for a text; *value is borrowed until the option is set again. @since 0.1.0 */
WM_API int wm_worker_get_str(wm_worker *worker, const char *option, const char **value);

/**
 * Sets the start callback: wm_app_run or the first poll calls it, before connections are accepted.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy called once with user when fn is replaced or the worker is freed; NULL: not called. Not
 * called when the registration fails
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_start(wm_worker *worker, wm_start_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the stop callback.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_stop(wm_worker *worker, wm_stop_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the reload callback: under wm_app_main, before the process drains its connections in a reload; with
 * option reloadable 0, the process stays.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_reload(wm_worker *worker, wm_reload_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the connect callback: a connection was accepted, before any handshake.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_connect(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the websocket handshake callback: the request is readable, and not answered yet.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_handshake(wm_worker *worker, wm_handshake_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the open callback: the connection is ready for messages. A websocket's request can no longer be read: what is needed of it here,
 * the handshake callback hands on by wm_conn_set_user.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_open(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the message callback.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_message(wm_worker *worker, wm_message_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the error callback.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_error(wm_worker *worker, wm_error_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the close callback.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_close(wm_worker *worker, wm_close_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the closing callback: a drain (reload, graceful stop) or a stop of the app ends the connection. Not on http, which answers only.
 *
 * Nothing more is delivered. What the host sends in the callback is the last that the peer gets: its end of stream, or the websocket
 * close frame, comes right behind. A host that still owes answers holds the connection open by wm_conn_pause_recv in the callback, and
 * closes it when it has sent them (wm_conn_close, or wm_conn_resume_recv); reload_timeout_ms, graceful_timeout_ms or stop_timeout_ms is
 * the limit.
 *
 * A drain ends text connections between two messages, never with one that was delivered and not answered. A host that answers later, and
 * has no closing callback, says so by wm_conn_pause_recv in its message callback, and wm_conn_resume_recv after its answer.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_closing(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the callback for a queue that rose over send_high_water; called once until the queue has drained.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_buffer_full(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the callback for a queue that fell to zero after buffer_full.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_buffer_drain(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Listens in this process: no fork, no on_start. Legal in any callback. Accepts from the next turn on.
 *
 * @return 0, also when the worker listens already. WM_EADDRINUSE ("Address already in use: ADDRESS"),
 * WM_EACCES, WM_EADDRNOTAVAIL, WM_EDNS, WM_EMFILE, or WM_ESTATE (a worker without an address, or one that has
 * stopped); wm_worker_error keeps the text
 *
 * @since 0.1.0
 */
WM_API int wm_worker_listen(wm_worker *worker);

/**
 * Checks what wm_worker_listen needs, without listening: resolves the address, and reads the certificate and key files, which have to fit
 * each other. For programs that check their settings before a restart.
 *
 * @return 0, or what wm_worker_listen would return, with the path and the reason in wm_last_error
 *
 * @since 0.1.0
 */
WM_API int wm_worker_check(wm_worker *worker);

/**
 * Closes the listening socket; connections stay open. The worker may listen again.
 *
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_unlisten(wm_worker *worker);

/**
 * Stops accepting; the kernel's backlog continues to fill.
 *
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_pause_accept(wm_worker *worker);
/**
 * Accepts again.
 *
 * @return 0 or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_worker_resume_accept(wm_worker *worker);

/**
 * Makes a socket that is connected already a connection of the worker, as if it had accepted it: one end of a socketpair, what
 * another process has accepted and sent (SCM_RIGHTS), or what systemd hands over (Accept=yes). The limits of an accept apply
 * (max_connections, max_per_ip ...), the connect event comes before the call returns, where there is a callback, and all others follow. The
 * worker need not listen, and the address family need not be its own.
 *
 * Once the app has started, or in on_start.
 *
 * @param worker the worker
 * @param fd a connected stream socket. On success it is the library's, which sets O_NONBLOCK (for every process that has the socket)
 * and close-on-exec; on failure it stays the caller's
 * @return the connection; 0 on failure (wm_last_error: WM_EINVAL for any other descriptor, WM_EFULL for a limit, WM_ESTATE before the
 * start and from a stop on, WM_ENOMEM)
 *
 * @since 0.1.0
 */
WM_API wm_conn wm_worker_adopt(wm_worker *worker, int fd);

/**
 * Stops the worker: at the end of the turn it calls on_stop, stops listening, and closes each connection as its protocol does
 * (websocket 1001). wm_worker_listen in between keeps the listener open.
 *
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_stop(wm_worker *worker);

/**
 * The address as it was given; while the worker listens, with the real port in place of 0. "none" for a
 * worker without an address. Valid until the next listen or unlisten.
 *
 * @since 0.1.0
 */
WM_API const char *wm_worker_address(wm_worker *worker);
/** The number of the worker's connections. @since 0.1.0 */
WM_API int64_t wm_worker_conn_count(wm_worker *worker);
/**
 * Walks the worker's connections. May miss connections that come or go during the walk.
 *
 * @param worker the worker
 * @param previous the connection that the last call returned; 0: the first
 * @return the next connection; 0 after the last
 *
 * @since 0.1.0
 */
WM_API wm_conn wm_worker_next_conn(wm_worker *worker, wm_conn previous);
/**
 * Sends one message to every open connection of the worker, framed once. A connection whose queue is full
 * gets an error event (WM_EFULL). Connections on http, which take answers only, are left out; those that wm_request_upgrade has made
 * websockets are not.
 *
 * @param worker the worker
 * @param data the message: len bytes, copied or written before the return; may be NULL when len is 0
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @return how many connections took it, WM_EMSGSIZE (over max_queue_total or 2 GiB), WM_EINVAL or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int64_t wm_worker_broadcast(wm_worker *worker, const void *data, size_t len, int32_t flags);
/**
 * Sends a datagram to an address, whether something has come from it or not. From here on the address is a peer of the worker, as one that
 * has sent something: wm_worker_next_conn has it, and the oldest goes for it where udp_peers are known.
 *
 * @param worker a worker of datagrams that listens
 * @param address what wm_conn_remote_address writes: IP:PORT, [IPv6]:PORT or [fe80::1%eth0]:PORT; of a worker at udp+unix:// the path or
 * '@' name of a socket. No host names. Ends in NUL
 * @param data the message: len bytes, copied; may be NULL when len is 0
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @return as wm_conn_send; WM_EADDRESS with the right form, WM_ESTATE (no datagrams, or it does not listen), WM_EFULL (in a poll that has
 * messages of udp_peers peers), WM_ESTOPPED (the app is being freed), or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_worker_send_to(wm_worker *worker, const char *address, const void *data, size_t len, int32_t flags);
/** The error text of the last listen; empty when it succeeded. Valid until the next listen. @since 0.1.0 */
WM_API const char *wm_worker_error(wm_worker *worker);
/**
 * The index of this process among those of the worker. Under wm_app_main a process serves one worker; the
 * others start there only by wm_worker_listen. With option pull it is how a process learns what it serves.
 *
 * @return the index, from 0 (without a master: 0); WM_ESTATE: another process serves the worker
 *
 * @since 0.1.0
 */
WM_API int wm_worker_index(wm_worker *worker);
/** The worker's app. @since 0.1.0 */
WM_API wm_app *wm_worker_app(wm_worker *worker);
/** The worker's user pointer, NULL at first. @since 0.1.0 */
WM_API void *wm_worker_user(wm_worker *worker);
/**
 * Sets the worker's user pointer.
 *
 * @param worker the worker
 * @param user the pointer; NULL is allowed
 * @param destroy called once with user when it is replaced or the worker freed; may be NULL. Not called when
 * the call fails
 * @return 0 or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_worker_set_user(wm_worker *worker, void *user, wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
