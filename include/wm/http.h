/**
 * @file
 * HTTP requests and websocket handshakes: ids with accessors.
 *
 * The slices that accessors return live as long as message data: until the callback returns, or until the
 * next poll; after wm_request_keep, until the request is answered or its connection is closed. Accessors
 * return 0 with the slice in *out and *len, which must not be NULL; WM_ECLOSED when the request is answered
 * or its connection gone; WM_ESTATE when its slices have expired.
 *
 * A client that has ended its side of the connection still gets its answers, within close_timeout_ms.
 *
 * Requests that break RFC 9110 or 9112 do not reach the host; the answer names the rule. Where the RFCs leave a choice:
 *
 * Methods are case-sensitive. By default GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE and PATCH reach the host, HEAD as
 * HEAD; the option methods names others, or any. One of these nine that it does not list is answered with 405 and Allow, any other
 * with 501 (RFC 9110 §9.1). A websocket worker takes GET with Upgrade: websocket only; what has no such field gets 426,
 * whatever its method, a health check for instance.
 *
 * Host is "name", "name:port", an IPv4 address or an IPv6 address in brackets, with or without a port, or empty (RFC 9112 §3.2).
 * It may contain a comma (RFC 3986 §3.2.2): a host that serves several names compares the whole of it. Refused with 400: none
 * in HTTP/1.1, or two; user information ("user@name"), a scheme or a path; octets outside of RFC 3986, so that names are
 * punycode; an IPv6 address without brackets, or with a zone ("[fe80::1%eth0]"); a port that is no number up to 65535. HTTP/1.0
 * needs no Host. A websocket handshake needs one that is not empty (RFC 6455 §4.2.1). The library takes any name: one
 * that is not the host's own is the host's to refuse, as a page that has rebound its DNS name has it.
 *
 * A body over max_message, or any in a websocket handshake, is answered with 413 before it has come. A target is what RFC 3986 allows, but
 * for "[" and "]" in a query, which browsers send as they are; anything else has to be percent-encoded, else 400 (RFC 9112 §3). An https
 * target is answered with 421 (RFC 9110 §7.4), unless the connection is over TLS, or a trusted proxy says that its client's is
 * (trusted_proxies). HTTP/1.2 to 1.9 are served as 1.1 (RFC 9110 §2.5). Empty
 * elements of a Transfer-Encoding, as in "chunked,", are refused with 400, although RFC 9110 §5.6.1 has lists ignore them: a proxy that
 * does not ignore them sees another last coding, and so another end of the body.
 *
 * CONNECT reaches the host, which may refuse it; a 2xx answer opens no tunnel: the connection ends behind every answer to
 * it, and nothing that follows is read as a request.
 */
#ifndef WM_HTTP_H
#define WM_HTTP_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The request of the message callback that runs for conn; 0 outside of it. @since 0.1.0 */
WM_API wm_request wm_message_request(wm_conn conn);

/** The method, as sent. @since 0.1.0 */
WM_API int wm_request_method(wm_request request, const void **out, size_t *len);
/** The request target as sent: "/a?b=1", "http://host/a", "*", of CONNECT "host:443". @since 0.1.0 */
WM_API int wm_request_target(wm_request request, const void **out, size_t *len);
/** The path of the target, not percent-decoded; "/" for an absolute form without one, "*" for "*", empty for CONNECT. @since 0.1.0 */
WM_API int wm_request_path(wm_request request, const void **out, size_t *len);
/** What follows the first "?" of the target; empty if none. @since 0.1.0 */
WM_API int wm_request_query(wm_request request, const void **out, size_t *len);
/**
 * The host that the request is for, "name" or "name:port": the authority of an absolute target, whatever Host
 * says (RFC 9112 §3.2.2), else the Host field; empty for an empty Host, and for HTTP/1.0 without either.
 *
 * @since 0.1.0
 */
WM_API int wm_request_authority(wm_request request, const void **out, size_t *len);
/** "1.0", or "1.1" also for higher minor versions. @since 0.1.0 */
WM_API int wm_request_version(wm_request request, const void **out, size_t *len);
/** The body, chunks joined; empty if none. @since 0.1.0 */
WM_API int wm_request_body(wm_request request, const void **out, size_t *len);

/**
 * The value of the first header field of a name, without the white space around it. The value of Host is
 * wm_request_authority's.
 *
 * @param request the request
 * @param name ends in NUL; ASCII case is ignored
 * @param out takes the value; NULL when there is no such field
 * @param len takes the value's length in bytes
 * @return 1: found, 0: no such field, WM_ECLOSED, WM_ESTATE
 *
 * @since 0.1.0
 */
WM_API int wm_request_header(wm_request request, const char *name, const void **out, size_t *len);
/**
 * The header field at index, in the order of arrival. The value of Host is wm_request_authority's.
 *
 * @param request the request
 * @param index from 0
 * @param name takes the name
 * @param name_len takes the name's length in bytes
 * @param value takes the value, without the white space around it
 * @param value_len takes the value's length in bytes
 * @return 1: found, 0: index is past the last field, WM_ECLOSED, WM_ESTATE
 *
 * @since 0.1.0
 */
WM_API int wm_request_header_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value,
                                size_t *value_len);

/** The connection of the request; 0 when it is gone. @since 0.1.0 */
WM_API wm_conn wm_request_conn(wm_request request);

/**
 * Copies the request's slices, so that they live until it is answered. Copies of a connection over max_message
 * bytes pause its reading, those of all connections have max_kept_total: answer requests, and there is room again.
 *
 * @return 0, WM_EFULL (it would be over max_kept_total), WM_ENOMEM, WM_ECLOSED, or WM_ESTATE when the slices have
 * expired
 *
 * @since 0.1.0
 */
WM_API int wm_request_keep(wm_request request);

/**
 * Answers a request and ends it. Answers may come in any order, also after the callback: the library writes
 * them in the order of the requests. Answers to HEAD, with status 204, 205 and 304, and with 2xx to CONNECT
 * leave without the body (RFC 9110 §9.3.2, §9.3.6, §15).
 *
 * @param request the request; its id is stale afterwards
 * @param status 200-599
 * @param headers lines "Name: value\r\n", copied; may be NULL when headers_len is 0. The library writes
 * Content-Length, Transfer-Encoding and Connection, so these are refused, but for "Connection: close", which
 * closes the connection after the answer; with a field Upgrade it writes "Connection: Upgrade"
 * @param headers_len bytes at headers
 * @param body the body, copied or written before the return; may be NULL when len is 0
 * @param len bytes at body
 * @param flags WM_SEND_...
 * @return as wm_conn_send; WM_EFULL also when the answers that wait for earlier ones are over max_send_buffer;
 * WM_EINVAL for a bad status or header line, which the detail shows. The request stays when it is below 0
 *
 * @since 0.1.0
 */
WM_API int wm_request_respond(wm_request request, int32_t status, const void *headers, size_t headers_len, const void *body, size_t len,
                              int32_t flags);

/**
 * Answers a request of an http worker with 101: its connection speaks websocket from here on (RFC 6455 §4.2.2), so that pages and sockets
 * have one port. Later messages have kind WM_KIND_TEXT or WM_KIND_BINARY, and the worker's websocket options apply, as
 * ping_interval_ms; there is no other open event. Who may open one is the host's to judge, by Origin for instance: the
 * handshake callback is not called.
 *
 * @param request the request, the connection's only one; in its message callback, or kept. Its id is stale afterwards
 * @param headers lines "Name: value\r\n" for the answer, copied; may be NULL when headers_len is 0
 * @param headers_len bytes at headers
 * @return 0; WM_EPROTOCOL: it is no websocket handshake, the detail says why (426 or 400 would be the answer); WM_ESTATE: its answer
 * has begun, or other requests of the connection have no answer yet, or its slices have expired, or the process is about to end (503 would
 * be the answer); WM_ECLOSED; WM_EINVAL (bad header lines); WM_EMSGSIZE (over max_queue_total); WM_ENOMEM. The request stays when it is
 * below 0
 *
 * @since 0.1.0
 */
WM_API int wm_request_upgrade(wm_request request, const void *headers, size_t headers_len);

/**
 * Accepts a handshake whose callback returned WM_PENDING, or, inside the callback, accepts it with header lines. The open event follows
 * at the end of the turn.
 *
 * @param request the handshake; its id is stale afterwards
 * @param headers lines "Name: value\r\n" for the answer, copied; may be NULL when headers_len is 0
 * @param headers_len bytes at headers
 * @return 0, WM_ECLOSED (no handshake is pending at this id), WM_EINVAL (bad header lines) or WM_EMSGSIZE (over
 * max_queue_total)
 *
 * @since 0.1.0
 */
WM_API int wm_handshake_accept(wm_request request, const void *headers, size_t headers_len);
/**
 * Rejects a handshake with an HTTP response, then closes the connection.
 *
 * @param request the handshake; its id is stale afterwards
 * @param status 300-599
 * @param headers lines "Name: value\r\n" as for wm_request_respond, copied; without a Content-Type it is
 * text/plain;charset=utf-8. May be NULL when headers_len is 0
 * @param headers_len bytes at headers
 * @param body the body, copied; may be NULL when len is 0
 * @param len bytes at body
 * @return 0, WM_ECLOSED (no handshake is pending at this id), WM_EINVAL (a bad status or header line) or
 * WM_EMSGSIZE (over max_queue_total)
 *
 * @since 0.1.0
 */
WM_API int wm_handshake_reject(wm_request request, int32_t status, const void *headers, size_t headers_len, const void *body, size_t len);

#ifdef __cplusplus
}
#endif

#endif
