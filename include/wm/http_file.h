/**
 * @file
 * Answers with files, and the media types of files.
 *
 * A file leaves by sendfile(2), over TLS through a buffer of 16 KiB, as the peer takes it: a slow reader costs a descriptor and no memory.
 * One of up to 16 KiB is read at once and sent as any body. Reading a file may wait for its disk, and the app with it.
 *
 * No further request of a connection is read while a file leaves. The option max_file_answers of an app bounds the files over 16 KiB that
 * wait to be sent; one more is WM_EFULL, for which 503 is a fitting answer.
 *
 * What is announced is sent: a file that grows meanwhile ends at the length that it had, and one that shrinks, or cannot be read, resets
 * the connection (the close event has EIO), so that what has arrived does not look complete.
 */
#ifndef WM_HTTP_FILE_H
#define WM_HTTP_FILE_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of wm_request_respond_fd and wm_request_respond_file. @since 0.1.0 */
enum {
    WM_FILE_CONDITIONAL = 16,  /**< evaluates the request's conditions and its range */
    WM_FILE_PRECOMPRESSED = 32 /**< wm_request_respond_file alone: NAME.br or NAME.gz where the client takes it */
};

/**
 * Answers a request with a part of a file, and ends it: as wm_request_respond, with that part as the body.
 *
 * With WM_FILE_CONDITIONAL the part is the representation of what was requested (RFC 9110 §3.2), and the answer is by If-Match,
 * If-Unmodified-Since, If-None-Match, If-Modified-Since, If-Range and Range of the request (§13, §14) 200, 206, 304, 412 or 416, with ETag,
 * Last-Modified, Accept-Ranges and Content-Range; headers must have none of the last three. An ETag in headers, for instance of a content's
 * hash, is compared in the place of the library's, which is made of the file's time and size, and weak for two seconds after a change. A
 * 304 leaves without the Content- lines of headers (but for Content-Location), 412 and 416 without those, Cache-Control, Expires and ETag.
 * Several ranges get one part where they meet, else everything, as §14.2 allows.
 *
 * @param request the request; its id is stale afterwards. With WM_FILE_CONDITIONAL its slices must not have expired
 * @param status 200-599; 200 with WM_FILE_CONDITIONAL
 * @param headers as of wm_request_respond
 * @param headers_len bytes at headers
 * @param fd a regular file that can be read, best opened with O_CLOEXEC; the library's when the result is 0 or above, and closed when its
 * bytes have left, or the connection has ended. The caller's else. Its file offset is neither used nor moved
 * @param offset bytes; where the part begins
 * @param length bytes; below 0: to the end that the file has now
 * @param flags WM_SEND_... or WM_FILE_CONDITIONAL
 * @return as wm_request_respond; WM_EINVAL for what is no regular file, cannot be read, or has no such part; WM_EFULL at max_file_answers;
 * WM_ESYS when a file of up to 16 KiB cannot be read; WM_ESTATE when the slices have expired
 *
 * @since 0.1.0
 */
WM_API int wm_request_respond_fd(wm_request request, int32_t status, const void *headers, size_t headers_len, int fd, int64_t offset,
                                 int64_t length, int32_t flags);

/**
 * Answers a request with a file by its path beneath a directory: as wm_request_respond_fd does with WM_FILE_CONDITIONAL, and with a
 * Content-Type by its name, as wm_media_type has it, unless headers have one.
 *
 * The path cannot leave the directory, whatever is in it: neither by ".." nor by a link. Links that stay beneath it are followed. Without
 * openat2(2), before Linux 5.6 or in a container whose filter refuses it, no link is followed: it is WM_EACCES. The call waits for no FIFO
 * and no device.
 *
 * With WM_FILE_PRECOMPRESSED, of the neighbours NAME.br and NAME.gz, as `brotli -k` and `gzip -k` make them, the one goes in its place that
 * Accept-Encoding prefers (RFC 9110 §12.5.3), if there is one that is not older than NAME: with Content-Encoding and an ETag of its own.
 * Every answer has Vary: Accept-Encoding then.
 *
 * The results below 0 that a host answers differently, so that it need not read texts: WM_ENOENT (404), WM_EACCES (403), WM_EISDIR (a
 * directory: an index, a redirect to the path with "/", or 403).
 *
 * @param request the request; its id is stale when the result is 0 or above. Its slices must not have expired
 * @param directory a descriptor of the directory, which stays the caller's; AT_FDCWD: the current one
 * @param path percent-decoded; slashes in front are left out. Empty, and "/", are the directory itself
 * @param path_len bytes at path
 * @param headers as of wm_request_respond
 * @param headers_len bytes at headers
 * @param flags WM_SEND_... or WM_FILE_PRECOMPRESSED; WM_FILE_CONDITIONAL is implied
 * @return as wm_request_respond_fd; WM_ENOENT, also for a path with a NUL or one that is too long; WM_EISDIR; WM_EACCES for what this
 * process may not read, leads out of the directory, is a link that is not followed, or is no regular file; WM_EMFILE; WM_EINVAL when
 * directory is no descriptor; WM_ESYS
 *
 * @since 0.1.0
 */
WM_API int wm_request_respond_file(wm_request request, int directory, const void *path, size_t path_len, const void *headers,
                                   size_t headers_len, int32_t flags);

/**
 * The media type of a file name, of a path, or of an extension alone ("a.html", "/x/a.html", "html"), by /etc/mime.types, which is read at
 * the first call, and a small table where that has none. text/ types have ";charset=utf-8". "application/octet-stream" for NULL and all
 * else. Never NULL; static. Any thread.
 *
 * @since 0.1.0
 */
WM_API const char *wm_media_type(const char *name);

#ifdef __cplusplus
}
#endif

#endif
