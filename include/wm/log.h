/**
 * @file
 * The log: lines on standard error, unless wm_log_set takes them.
 */
#ifndef WM_LOG_H
#define WM_LOG_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Levels of log lines. @since 0.1.0 */
enum { WM_LOG_DEBUG = 0, WM_LOG_INFO = 1, WM_LOG_WARN = 2, WM_LOG_ERROR = 3 };

/**
 * Takes one line of the log. Called on any thread that calls the library, on one at a time; must not call wm_log_set.
 *
 * @param level WM_LOG_...
 * @param text the line: len bytes without a line break, valid during the call
 * @param len bytes at text
 * @param user the pointer that was passed to wm_log_set
 *
 * @since 0.1.0
 */
typedef void (*wm_log_fn)(int32_t level, const void *text, size_t len, void *user);

/**
 * Sets the function that takes every line of the log, for the whole process, instead of standard error. Any thread.
 *
 * @param fn the function; NULL: standard error again
 * @param user passed to fn
 * @param destroy called once with user when fn is replaced, on the thread that replaces it; may be NULL
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_log_set(wm_log_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Writes a line to the library's log, where the library's own lines go: the host's function (wm_log_set), the log file, standard error.
 * After `start -d` standard output and standard error are closed to the terminal, so this is where a host's messages belong. Lines below
 * the app option log_level are dropped. Control characters become spaces, and a line is cut at 1023 bytes. Any thread; not inside a
 * wm_log_fn.
 *
 * @param level WM_LOG_DEBUG, _INFO, _WARN or _ERROR.
 * @param text The line, UTF-8, without a line break; need not end in NUL. Copied.
 * @param len Bytes at text.
 * @return 0, or WM_EINVAL for another level or a NULL text with a length.
 * @since 0.1.0
 */
WM_API int wm_log(int32_t level, const void *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif
