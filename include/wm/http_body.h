/**
 * @file
 * Bodies of requests that come in pieces, and trailers.
 *
 * With the worker's option stream_body a request that has a body arrives in two kinds of events. Its head is a message of
 * WM_KIND_HTTP_HEAD, as soon as it is complete. Its body follows in pieces (wm_worker_on_body, or WM_EVENT_BODY), as they are read, the
 * last one with last = 1: exactly one, which may be empty. A request without a body (no Content-Length, or 0, and no chunks) is a message
 * of WM_KIND_HTTP, as without the option. So the kind tells whether a body follows:
 *
 *     message, WM_KIND_HTTP        the whole request: answer it
 *     message, WM_KIND_HTTP_HEAD   its head: begin to store, or answer with an error
 *     body                         a piece; with last, the request is whole: answer it
 *
 * The slices of the head (wm/http.h) live as those of a message; wm_request_keep copies them, and nothing of the body. The library holds
 * no part of the body but what has just been read, so max_message is not its limit: max_body is (bytes of a body, 413 above it; 0: none).
 * The request's id is that of all its pieces. A host that polls takes both kinds of events as records, or both by callbacks: a callback
 * for pieces alone would run before the host has the record of the head.
 *
 * Backpressure: wm_conn_pause_recv stops the pieces at once, and TCP stops the client; wm_conn_resume_recv goes on. A client that sends
 * Expect: 100-continue is told to go on once the host has had the head, at the end of the turn or with the next poll, unless it has
 * answered, or has paused: then when it resumes. So a host may look at the head as long as it likes before a body is sent.
 *
 * An answer that comes before the last piece ends the request: no more pieces come. The rest of the body is read and discarded, up to
 * max_discard bytes from the answer on. If it is known to be longer, or if the client has not been told to send it, the answer has
 * Connection: close, and the connection is closed behind it as every connection is: our side first, then reading on for up to
 * close_timeout_ms, so that the client gets to read the answer (RFC 9112 §9.6).
 *
 * A body that breaks RFC 9112, is over max_body, or does not come in time (body_timeout_ms) is answered with 400, 413 or 408, unless the
 * host has answered; the connection ends with an error event and a close event. When the client leaves in the middle there is a close
 * event alone. In both cases no last piece comes, and the request's id is stale.
 *
 * Forms: with a part callback (wm_worker_on_part), or for a host that polls with the option stream_parts, a body of multipart/form-data
 * comes as its parts, in pieces (the callback, or WM_EVENT_PART), and behind them as one piece of the body, the last, with len 0: the
 * request is whole, answer it. Bodies of other types come as they are, and so do all without these. As with pieces of a body, a host takes
 * parts, pieces and messages as records, or all by callbacks. Pausing, and an answer that comes early, do the same between two pieces of a
 * part as between two of a body.
 *
 * A record of WM_EVENT_PART has a wm_part as its data, and sizeof(wm_part) as its len. What that refers to lives as long as the record,
 * also a file: its descriptor stays open until the next poll, unless the host itself ends the request before. Each record has a copy of the
 * texts of its part.
 *
 * A form that breaks RFC 7578 or RFC 2046 is answered with 400 as a body is, one over max_parts, max_part_header_bytes or max_upload
 * with 413.
 *
 * Files: with the worker's option upload_dir a part that has a filename is written to a file there as it comes, and there is one call of
 * the part callback, or one record, for it, behind its last octet, with last = 1 and len 0. wm_part has the file in fd: open for reading
 * and writing, mode 0600, at its first octet. The file belongs to the request: when that ends, by its answer or with its connection, it is
 * closed and removed. A host that wants it longer takes it before: wm_part_save gives it a name that stays, dup(part->fd) keeps its content
 * without one.
 *
 * path is NULL where the file system can make files without a name (O_TMPFILE), which leave nothing behind when the process dies. The name
 * that it has otherwise is upload_dir/wm-upload.XXXXXXXXXXXXXXXX. Writing is done on the app's thread.
 *
 * What cannot be stored (no such directory, no permission, a full disk, more files open than the app's option max_uploads) has no fd, and
 * an error in wm_part; the log has a line with the directory and the reason, at most one a second. The rest of that part is dropped, and
 * the form goes on. A file over max_upload (bytes; 0: max_body alone) is answered with 413.
 */
#ifndef WM_HTTP_BODY_H
#define WM_HTTP_BODY_H

#include "wm/form.h"
#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A piece of the body of a request has arrived.
 *
 * @param worker the worker
 * @param conn the connection
 * @param request the request, whose head was a message of WM_KIND_HTTP_HEAD
 * @param data the piece: len bytes, valid during the callback; never NULL, does not end in NUL
 * @param len bytes at data; 0 at most with the last piece
 * @param last 1: the body is complete, and the trailers are known; else 0
 * @param user the pointer that was registered with the callback
 *
 * @since 0.1.0
 */
typedef void (*wm_body_fn)(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user);

/**
 * Sets the body callback, for option stream_body. Without one, and without a poll, pieces are dropped.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_body(wm_worker *worker, wm_body_fn fn, void *user, wm_destroy_fn destroy);

/**
 * A piece of a part of a form has arrived, or all of a part that was written to a file.
 *
 * @param worker the worker
 * @param conn the connection
 * @param request the request, whose head was a message of WM_KIND_HTTP_HEAD
 * @param part the part, valid during the callback; its data is this piece. It is equal in all pieces of a part, but for data and size
 * @param data the piece: len bytes, valid during the callback; never NULL, does not end in NUL
 * @param len bytes at data; 0 at most with the last piece
 * @param last 1: the part is complete, once for each part; else 0
 * @param user the pointer that was registered with the callback
 *
 * @since 0.1.0
 */
typedef void (*wm_part_fn)(wm_worker *worker, wm_conn conn, wm_request request, const wm_part *part, const void *data, size_t len,
                           int32_t last, void *user);

/**
 * Sets the part callback, for option stream_body: forms whose heads come from then on are read by the library.
 *
 * @param worker the worker
 * @param fn the callback; NULL removes it, and the parts of forms that are being read are dropped
 * @param user passed to fn
 * @param destroy as for wm_worker_on_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_worker_on_part(wm_worker *worker, wm_part_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Gives the file of a part a name, with which it stays when its request ends: a hard link, which copies nothing and takes the place of no
 * other file. Its mode is 0600. Any thread.
 *
 * @param part with fd, as the part callback or the record has it, while its request has not ended
 * @param path ends in NUL; relative to the current directory, on the file system of upload_dir. Of the host's making: what the client calls
 * the file may be any path, or a name that is taken
 * @return 0; WM_EEXIST: there is a file of that name; WM_ENOENT: no such directory; WM_EACCES; WM_EINVAL for a part without a file; WM_ESYS
 * for another file system, and else
 *
 * @since 0.1.0
 */
WM_API int wm_part_save(const wm_part *part, const char *path);

/**
 * The value of the first trailer field of a name, without the white space around it (RFC 9110 §6.5). Fields that a recipient needs before
 * the body are never found among the trailers, whatever was sent: those of framing, routing, request control, authentication and
 * content, as Host, Content-Length, Authorization or Content-Type (RFC 9110 §6.5.1). The trailers have the limits of the head, once more:
 * max_header_bytes and max_headers.
 *
 * They live as long as the request's other slices; those of a body in pieces until the callback of the last piece returns, or until the
 * next poll, whether or not the head is kept.
 *
 * @param request the request
 * @param name ends in NUL; ASCII case is ignored
 * @param out takes the value; NULL when there is no such field
 * @param len takes the value's length in bytes
 * @return 1: found, 0: no such field, WM_ECLOSED, or WM_ESTATE when the slices have expired or the last piece has not come
 *
 * @since 0.1.0
 */
WM_API int wm_request_trailer(wm_request request, const char *name, const void **out, size_t *len);
/**
 * The trailer field at index, in the order of arrival, without those that wm_request_trailer does not find.
 *
 * @param request the request
 * @param index from 0
 * @param name takes the name
 * @param name_len takes the name's length in bytes
 * @param value takes the value, without the white space around it
 * @param value_len takes the value's length in bytes
 * @return 1: found, 0: index is past the last field, WM_ECLOSED, WM_ESTATE as for wm_request_trailer
 *
 * @since 0.1.0
 */
WM_API int wm_request_trailer_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value,
                                 size_t *value_len);

#ifdef __cplusplus
}
#endif

#endif
