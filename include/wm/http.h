/**
 * @file
 * HTTP requests and websocket handshakes: ids with accessors.
 *
 * A client that has ended its side of the connection still gets its answers, within close_timeout_ms.
 *
 * Slices that accessors hand out live as long as message data: until the callback returns, or until the next poll; after wm_request_keep,
 * until the request is answered or its connection closed. A request that is answered, or whose connection is gone, gives WM_ECLOSED.
 */
#ifndef WM_HTTP_H
#define WM_HTTP_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The request of the message callback that is running for conn; 0 outside of one. @since 0.1.0 */
WM_API wm_request wm_message_request(wm_conn conn);

/** The method, as sent. @since 0.1.0 */
WM_API int wm_request_method(wm_request request, const void **out, size_t *len);
/** The request target as sent: "/a?b=1", "http://host/a", "*". @since 0.1.0 */
WM_API int wm_request_target(wm_request request, const void **out, size_t *len);
/** The path of the target, not percent-decoded; "/" for an absolute form without one, "*" for "*". @since 0.1.0 */
WM_API int wm_request_path(wm_request request, const void **out, size_t *len);
/** What follows the first "?" of the target; empty if none. @since 0.1.0 */
WM_API int wm_request_query(wm_request request, const void **out, size_t *len);
/**
 * The host that the request is for, "name" or "name:port": the authority of an absolute target, whatever Host says (RFC 9112 §3.2.2), else
 * the Host field; empty for HTTP/1.0 without either.
 *
 * @since 0.1.0
 */
WM_API int wm_request_authority(wm_request request, const void **out, size_t *len);
/** "1.0" or "1.1". @since 0.1.0 */
WM_API int wm_request_version(wm_request request, const void **out, size_t *len);
/** The body, chunks joined; empty if none. @since 0.1.0 */
WM_API int wm_request_body(wm_request request, const void **out, size_t *len);

/** The value of the first header field of that name (ASCII case ignored), without the white space around it. 1: found, 0: not (out is NULL,
 * len 0). @since 0.1.0 */
WM_API int wm_request_header(wm_request request, const char *name, const void **out, size_t *len);
/** The header field at index, in the order of arrival. 1: found, 0: index is past the last. @since 0.1.0 */
WM_API int wm_request_header_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value,
                                size_t *value_len);

/** The connection that it came on; 0 when gone. @since 0.1.0 */
WM_API wm_conn wm_request_conn(wm_request request);

/** Copies the request's slices, so that they live until it is answered. WM_ENOMEM; WM_ESTATE when the slices are gone already. @since 0.1.0
 */
WM_API int wm_request_keep(wm_request request);

/**
 * Answers: status 200-599, header lines "Name: value\r\n" (no Content-Length, Transfer-Encoding or Connection, which the library writes; a
 * "Connection: close" line closes after the answer), body. May come in any order, also later; the library writes in the order of the
 * requests. HEAD, 204 and 304 leave without the body (RFC 9110 §9.3.2, §15). The request ends with it. Returns as wm_conn_send; WM_EINVAL
 * for a bad status or header line, with the line in the detail. @since 0.1.0
 */
WM_API int wm_request_respond(wm_request request, int32_t status, const void *headers, size_t headers_len, const void *body, size_t len,
                              int32_t flags);

/** Accepts a handshake whose callback returned WM_PENDING (or, inside it, adds header lines and accepts). @since 0.1.0 */
WM_API int wm_handshake_accept(wm_request request, const void *headers, size_t headers_len);
/** Rejects a handshake with an HTTP status of 300-599 and a text/plain body, then closes. @since 0.1.0 */
WM_API int wm_handshake_reject(wm_request request, int32_t status, const void *body, size_t len);

#ifdef __cplusplus
}
#endif

#endif
