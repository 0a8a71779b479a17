/**
 * @file
 * Errors: one list of codes, their names and texts, and the detail of the last one.
 */
#ifndef WM_ERROR_H
#define WM_ERROR_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The list of errors: name, value, text. The values never change. @since 0.1.0 */
#define WM_ERROR_LIST(X)                                                                                                                   \
    X(WM_EINVAL, -1, "invalid argument")                                                                                                   \
    X(WM_ENOMEM, -2, "out of memory")                                                                                                      \
    X(WM_ECLOSED, -3, "closed, or never existed")                                                                                          \
    X(WM_EFULL, -4, "queue is full")                                                                                                       \
    X(WM_EMSGSIZE, -5, "message is too long")                                                                                              \
    X(WM_ESTATE, -6, "not possible in this state")                                                                                         \
    X(WM_ETHREAD, -7, "not on the app's thread")                                                                                           \
    X(WM_EFORK, -8, "not after a fork, or in a process with threads")                                                                      \
    X(WM_EADDRESS, -9, "malformed address")                                                                                                \
    X(WM_EADDRINUSE, -10, "Address already in use")                                                                                        \
    X(WM_EADDRNOTAVAIL, -11, "Cannot assign requested address")                                                                            \
    X(WM_EACCES, -12, "Permission denied")                                                                                                 \
    X(WM_EMFILE, -13, "Too many open files")                                                                                               \
    X(WM_EOPTION, -14, "unknown option")                                                                                                   \
    X(WM_EPROTOCOL, -15, "the peer broke the protocol")                                                                                    \
    X(WM_ETIMEDOUT, -16, "timed out")                                                                                                      \
    X(WM_ECONNREFUSED, -17, "Connection refused")                                                                                          \
    X(WM_EDNS, -18, "cannot resolve the host name")                                                                                        \
    X(WM_ETLS, -19, "TLS failed")                                                                                                          \
    X(WM_ESYS, -20, "system call failed")                                                                                                  \
    X(WM_EINTERNAL, -21, "internal error")                                                                                                 \
    X(WM_ESTOPPED, -22, "the app has stopped")                                                                                             \
    X(WM_EENGINE, -23, "not sent to a process that may have connections for it")                                                           \
    X(WM_ENOENT, -24, "No such file or directory")                                                                                         \
    X(WM_EISDIR, -25, "Is a directory")                                                                                                    \
    X(WM_EEXIST, -26, "File exists")

/** Error codes; 0 is success. @since 0.1.0 */
enum {
#define WM_ERROR_CONSTANT(name, value, text) name = value,
    WM_ERROR_LIST(WM_ERROR_CONSTANT)
#undef WM_ERROR_CONSTANT
};

/** Results above 0 of functions that return no count. @since 0.1.0 */
enum {
    WM_BACKPRESSURE = 1, /**< taken; more than send_high_water is queued: slow down until buffer_drain */
    WM_QUEUED = 2,       /**< copied to the mailbox of the app's thread */
    WM_PENDING = 3,      /**< the result comes later, exactly once */
    WM_PARTIAL = 4,      /**< status of a hub result: the count is a lower bound, not every process has answered */
    WM_CHILD = 100       /**< from wm_app_main with option pull: this is a child process, poll now */
};

/**
 * The text of a code, for instance "Address already in use"; "success" for 0, "unknown error" for any other
 * number. Static, never NULL. Any thread.
 *
 * @since 0.1.0
 */
WM_API const char *wm_strerror(int code);

/**
 * The name of a code, for instance "WM_EADDRINUSE"; "WM_OK" for 0, "WM_EUNKNOWN" for any other number.
 * Static, never NULL. Any thread.
 *
 * @since 0.1.0
 */
WM_API const char *wm_error_name(int code);

/**
 * The detail of the last error in the calling thread, for instance "Address already in use:
 * http://0.0.0.0:2016". Never NULL; empty before the first error; valid until the next call that fails in
 * this thread.
 *
 * @since 0.1.0
 */
WM_API const char *wm_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
