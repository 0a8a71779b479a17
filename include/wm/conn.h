/**
 * @file
 * The connection: an id, never a pointer. A stale id gives WM_ECLOSED (getters of counts and pointers: negative or NULL).
 */
#ifndef WM_CONN_H
#define WM_CONN_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Sends one message in the protocol's framing: the whole of it or nothing. data is copied or written before the return.
 * 0: taken. WM_BACKPRESSURE: taken, more than send_high_water is queued. WM_EFULL: not taken, what was queued before is over
 * max_send_buffer. WM_ECLOSED. WM_EMSGSIZE: longer than both max_message and max_send_buffer.
 * WM_ESTATE: http without an unanswered request. That a websocket text is UTF-8, and a text line without a line break, is the caller's to
 * see to. On http it answers the oldest unanswered request with 200 and text/html;charset=utf-8. Before open it is held, within
 * max_send_buffer. Any thread: from another than the app's it is copied to the mailbox and returns WM_QUEUED, or WM_EFULL over max_mailbox.
 * @since 0.1.0
 */
WM_API int wm_conn_send(wm_conn conn, const void *data, size_t len, int32_t flags);

/**
 * Closes after what is queued has left, within close_timeout_ms. websocket: the close handshake with `code` (0: 1000) and text (at most
 * 123 bytes of UTF-8; longer: WM_EINVAL); other protocols take no code or text. No message is delivered after it. Any thread, as
 * wm_conn_send. @since 0.1.0
 */
WM_API int wm_conn_close(wm_conn conn, int32_t code, const void *text, size_t len);

/** Ends it at once and drops what is queued; the close event comes at the end of the turn. @since 0.1.0 */
WM_API int wm_conn_destroy(wm_conn conn);

/** Stops reading; what was read and not delivered is held. @since 0.1.0 */
WM_API int wm_conn_pause_recv(wm_conn conn);
/** Reads again; what was held is delivered first. @since 0.1.0 */
WM_API int wm_conn_resume_recv(wm_conn conn);

/** The peer's IP as text ("::1" without brackets; empty for unix), NUL-terminated into out[0..cap). Returns its length; WM_EMSGSIZE if cap
 * is too small. @since 0.1.0 */
WM_API int wm_conn_remote_ip(wm_conn conn, char *out, size_t cap);
/** The peer's port; 0 for unix. @since 0.1.0 */
WM_API int wm_conn_remote_port(wm_conn conn);
/** The peer's address as "IP:PORT" or "[IPv6]:PORT"; as wm_conn_remote_ip. @since 0.1.0 */
WM_API int wm_conn_remote_address(wm_conn conn, char *out, size_t cap);
/** Our IP; as wm_conn_remote_ip. @since 0.1.0 */
WM_API int wm_conn_local_ip(wm_conn conn, char *out, size_t cap);
/** Our port. @since 0.1.0 */
WM_API int wm_conn_local_port(wm_conn conn);
/** Our address, for unix the socket's path; as wm_conn_remote_address. @since 0.1.0 */
WM_API int wm_conn_local_address(wm_conn conn, char *out, size_t cap);

/** Bytes read from the peer so far. @since 0.1.0 */
WM_API int64_t wm_conn_bytes_read(wm_conn conn);
/** Bytes that the kernel took for the peer so far. @since 0.1.0 */
WM_API int64_t wm_conn_bytes_written(wm_conn conn);
/** Bytes sent and not yet taken by the kernel. @since 0.1.0 */
WM_API int64_t wm_conn_send_queue_size(wm_conn conn);

/** Its worker. @since 0.1.0 */
WM_API wm_worker *wm_conn_worker(wm_conn conn);
/** Its user pointer, NULL at first. @since 0.1.0 */
WM_API void *wm_conn_user(wm_conn conn);
/** Sets its user pointer; destroy(user) when it is replaced, or after the close event. @since 0.1.0 */
WM_API int wm_conn_set_user(wm_conn conn, void *user, wm_destroy_fn destroy);
/** Sets an option for this connection alone (wm/option.h, scope WM_SCOPE_CONN). @since 0.1.0 */
WM_API int wm_conn_set_int(wm_conn conn, const char *option, int64_t value);
/** Reads an option as it holds for this connection. @since 0.1.0 */
WM_API int wm_conn_get_int(wm_conn conn, const char *option, int64_t *value);

#ifdef __cplusplus
}
#endif

#endif
