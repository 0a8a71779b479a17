/**
 * @file
 * Streamed answers to HTTP requests, server-sent events, interim responses, and what a request carries for the host.
 *
 * A streamed answer is begun, written in parts and ended. Until its end, or its abort, the request's id stays the host's. It is sent in
 * the turn of its request: while earlier requests of the connection are unanswered, what is written is held, within limits. A request
 * behind it gets its answer once it has ended.
 *
 * With an announced length the answer has Content-Length. Without one it is chunked, a chunk for each write (RFC 9112 §7.1); an HTTP/1.0
 * client gets it up to the end of the connection. The content of an answer to HEAD, with status 204, 205 or 304, or with 2xx to CONNECT is
 * taken and not sent (RFC 9110 §6.4.1).
 *
 * A part of an answer never looks like the whole of it: an answer that is aborted, ends before its announced length, or is open when its
 * connection ends, whether by the host, a deadline, a stop or a reload, resets the connection; over TLS without close_notify. A unix
 * socket has no reset: there an HTTP/1.0 client without an announced length cannot tell. A stop waits for open answers as it does for
 * unanswered requests, a reload up to its timeout; one that ends then closes its connection behind it.
 *
 * When the peer is gone each function returns WM_ECLOSED, and the connection's close event is the notice. A peer that does not read:
 * max_send_buffer bounds its memory, idle_timeout_ms its time, which begins anew with each part that it takes. A silent host is not timed:
 * request_timeout_ms ends with the begin.
 *
 * All functions: on the app's thread, else WM_ETHREAD.
 */
#ifndef WM_HTTP_STREAM_H
#define WM_HTTP_STREAM_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Begins a streamed answer: sends its head, or holds it until its turn.
 *
 * @param request the request; its id stays valid until the answer ends
 * @param status 200-599
 * @param headers lines "Name: value\r\n" as for wm_request_respond, copied; may be NULL when headers_len is 0. With "Connection: close" the
 * connection closes behind the answer
 * @param headers_len bytes at headers
 * @param length bytes of the content, or below 0 when that is not known
 * @return as wm_request_respond; WM_ESTATE when the answer has begun. The request stays unanswered when it is below 0
 *
 * @since 0.1.0
 */
WM_API int wm_request_respond_begin(wm_request request, int32_t status, const void *headers, size_t headers_len, int64_t length);
/**
 * Sends a part of a streamed answer. Parts of one turn leave together.
 *
 * @param request the request of wm_request_respond_begin
 * @param data the part, copied or written before the return; may be NULL when len is 0, which sends nothing
 * @param len bytes at data
 * @return as wm_conn_send: 0, WM_BACKPRESSURE (taken; the buffer_drain event follows), WM_EFULL (not taken: the connection's queue is over
 * max_send_buffer, or before the answer's turn what it holds would be over send_high_water or max_kept_total; buffer_drain follows also
 * when the turn has come and what was held has left), WM_EMSGSIZE (not taken: it would be over the announced length, or is over
 * max_queue_total), WM_ECLOSED (ended, or the peer is gone), WM_ESTATE (not begun) or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_request_respond_write(wm_request request, const void *data, size_t len);
/**
 * Ends a streamed answer, and its request. The connection serves the next request, or closes if the client or the answer said so.
 *
 * @return 0; WM_EMSGSIZE when bytes of the announced length are missing: the connection is reset, so that the peer does not take
 * the part for the whole; WM_ECLOSED, WM_ESTATE as wm_request_respond_write; WM_ENOMEM (before its turn: it stays open)
 *
 * @since 0.1.0
 */
WM_API int wm_request_respond_end(wm_request request);
/**
 * Gives a streamed answer up: resets the connection, at once and with what is queued for it, so that the peer does not take the part for
 * the whole. The close event has WM_REASON_LOCAL.
 *
 * @return 0, WM_ECLOSED or WM_ESTATE as wm_request_respond_write
 *
 * @since 0.1.0
 */
WM_API int wm_request_respond_abort(wm_request request);

/**
 * Sends an interim response before the answer, for instance 103 with Link fields (RFC 8297): any number of them. Before the turn of its
 * request it is held, within the limits of wm_request_respond_write. An HTTP/1.0 client does not know interim responses and gets none
 * (RFC 9110 §15.2).
 *
 * @param request the request, whose answer has not begun
 * @param status 102-199; the library itself sends 100, and 101 belongs to an upgrade
 * @param headers lines "Name: value\r\n" as for wm_request_respond, without Connection; copied; may be NULL when headers_len is 0
 * @param headers_len bytes at headers
 * @return 0, WM_BACKPRESSURE, WM_EFULL, WM_EINVAL (a bad status or header line, which the detail shows), WM_ECLOSED, WM_ESTATE (the answer
 * has begun), WM_EMSGSIZE or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_request_inform(wm_request request, int32_t status, const void *headers, size_t headers_len);

/**
 * Attaches a pointer of the host's to a request, for the time until it is answered. Replaces the one before.
 *
 * @param request the request
 * @param user the pointer; may be NULL
 * @param destroy called with it exactly once: at the end of the turn in which it is replaced, the answer has left the library's hands, was
 * aborted, or the connection is gone, and when the app is freed. May be NULL
 * @return 0, WM_ECLOSED or WM_ENOMEM; below 0 destroy is not called
 *
 * @since 0.1.0
 */
WM_API int wm_request_set_user(wm_request request, void *user, wm_destroy_fn destroy);
/** That pointer; NULL if there is none, or no such request. @since 0.1.0 */
WM_API void *wm_request_user(wm_request request);

/**
 * Begins a stream of server-sent events (WHATWG HTML §9.2) as the answer: 200 with Content-Type: text/event-stream, Cache-Control: no-cache
 * and X-Accel-Buffering: no, the last two unless headers have them. While nothing is sent for event_keepalive_ms, an empty comment is, so
 * that proxies do not take the connection for dead. wm_request_respond_end ends it; a browser then connects again, and says in the header
 * Last-Event-ID which id it has seen last.
 *
 * @param request the request; its id stays valid until the answer ends
 * @param headers lines "Name: value\r\n" as for wm_request_respond, without Content-Type; copied; may be NULL when headers_len is 0
 * @param headers_len bytes at headers
 * @return as wm_request_respond_begin
 *
 * @since 0.1.0
 */
WM_API int wm_request_event_begin(wm_request request, const void *headers, size_t headers_len);
/**
 * Sends an event. Texts are UTF-8 and copied.
 *
 * @param request the request of wm_request_event_begin
 * @param id what the client is to remember as the last id, without NUL, CR and LF; empty: it forgets it; NULL: the event has none
 * @param id_len bytes at id
 * @param event the type, by which a page has listeners, without CR and LF; NULL or empty: "message"
 * @param event_len bytes at event
 * @param retry_ms how long the client is to wait before it connects again, in milliseconds; below 0: no change
 * @param data the data: CR, LF and CRLF each begin a new line of it, and arrive as LF. NULL: the event has none, so that the client takes
 * id and retry time and calls no listener
 * @param len bytes at data
 * @return as wm_request_respond_write; WM_EINVAL (not taken: the detail has the rule); WM_ESTATE also for an answer of another kind
 *
 * @since 0.1.0
 */
WM_API int wm_request_event_send(wm_request request, const void *id, size_t id_len, const void *event, size_t event_len, int64_t retry_ms,
                                 const void *data, size_t len);
/**
 * Sends a comment, which clients ignore.
 *
 * @param request the request of wm_request_event_begin
 * @param text UTF-8, copied; each of its lines becomes a comment; may be NULL when len is 0
 * @param len bytes at text
 * @return as wm_request_event_send
 *
 * @since 0.1.0
 */
WM_API int wm_request_event_comment(wm_request request, const void *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif
