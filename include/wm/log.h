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
 * Takes one line of the log. Called on any thread that calls the library, on one at a time; must not call the
 * library.
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
 * Sets the function that takes every line of the log, for the whole process, instead of the log file and
 * standard error. Any thread.
 *
 * @param fn the function; NULL: the log file and standard error again
 * @param user passed to fn
 * @param destroy called once with user when fn is replaced, on the thread that replaces it; may be NULL
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_log_set(wm_log_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Writes a line to the library's log: to the function of wm_log_set, else to the log file or standard error.
 * After `start -d` the terminal shows neither standard output nor standard error, so a host's messages belong
 * here. Drops lines below the app option log_level, replaces control characters by spaces, and cuts a line at
 * 1023 bytes. Any thread, but not inside a wm_log_fn.
 *
 * @param level WM_LOG_...
 * @param text the line: len bytes of UTF-8 without a line break, copied; may be NULL when len is 0
 * @param len bytes at text
 * @return 0 or WM_EINVAL
 *
 * @since 0.1.0
 */
WM_API int wm_log(int32_t level, const void *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif
