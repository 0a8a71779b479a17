/**
 * @file
 * Descriptors and signals of the host in the app's loop: the socket of a database client, inotify, the pipe of a child
 * process, the exit of a child, SIGHUP for a host's own use.
 *
 * What is added before the app runs is watched from its start on; under wm_app_main in every child process, not in the master.
 */
#ifndef WM_WATCH_H
#define WM_WATCH_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a watch waits for, and what is ready: bits. @since 0.1.0 */
enum {
    WM_WATCH_READ = 1, /**< readable, or at its end */
    WM_WATCH_WRITE = 2 /**< writable */
};

/**
 * A watched descriptor is ready. Called again in the next turn as long as it is (level-triggered).
 *
 * @param watch the watch
 * @param fd its descriptor
 * @param events what of the watch's events is ready; all of them after an error or when the other end is closed, which the next
 * read or write tells
 * @param user the pointer that was registered with the watch
 *
 * @since 0.1.0
 */
typedef void (*wm_watch_fn)(wm_watch watch, int fd, int32_t events, void *user);

/**
 * A signal has arrived, once or more often since the last call: after SIGCHLD, ask waitpid for each of your children.
 *
 * @param signal the registration
 * @param number the signal
 * @param user the pointer that was registered with it
 *
 * @since 0.1.0
 */
typedef void (*wm_signal_fn)(wm_signal signal, int32_t number, void *user);

/**
 * Watches a descriptor of the host. The descriptor stays the host's: the library neither reads nor closes it, and does not make it
 * non-blocking, which it should be. Several watches of one descriptor are called each for its own events.
 *
 * Delete the watch before its descriptor is closed. If it is closed first, or its number means another file by then, the watch is
 * never called for that other file: it ends with a line in the log at the latest when something would have been reported, and
 * wm_watch_set is WM_ECLOSED.
 *
 * With fn NULL there is a WM_EVENT_WATCH record (id, what is ready in detail, user), one a poll at most. One that is on its way, or in the
 * same array as another that makes the host delete the watch, may come after wm_watch_set and wm_watch_del: look at the id. Without a poll
 * a watch that has no callback is set to 0 events, with a line in the log.
 *
 * @param app the app
 * @param fd a socket, a pipe, a terminal, eventfd, timerfd, inotify, another loop's epoll ...; not a file or directory, which are
 * always ready
 * @param events WM_WATCH_READ, WM_WATCH_WRITE, both, or 0 for now
 * @param fn the callback; NULL: WM_EVENT_WATCH records
 * @param user passed to fn
 * @param destroy called once with user after wm_watch_del or when the app is freed; may be NULL. Not called when the call fails
 * @return the watch; 0 on failure (wm_last_error: WM_EINVAL for a descriptor that is not open or cannot be watched, or for other
 * events; WM_EMFILE, WM_ENOMEM, WM_ESTOPPED)
 *
 * @since 0.1.0
 */
WM_API wm_watch wm_watch_add(wm_app *app, int fd, int32_t events, wm_watch_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Changes what a watch waits for, from this turn on. Legal in any callback.
 *
 * @return 0; WM_ECLOSED for a stale id, or when the descriptor was closed or is another file now; WM_EINVAL for other events
 *
 * @since 0.1.0
 */
WM_API int wm_watch_set(wm_watch watch, int32_t events);

/**
 * Deletes a watch, also inside its own callback; also one whose descriptor is closed.
 *
 * @return 0, or WM_ECLOSED for a stale id
 *
 * @since 0.1.0
 */
WM_API int wm_watch_del(wm_watch watch);

/**
 * Calls fn in the app's loop when this process gets a signal. Several registrations of one number, also by apps in other threads, are
 * all called.
 *
 * The signal's disposition of before (the default, ignored, a handler) is replaced, not called, and restored with the last
 * registration of the number, when the app has stopped, and in a child of fork(2). The signal is unblocked in the calling thread. Library
 * and callback wait for no child process: waitpid of your own children is yours.
 *
 * The processes of wm_app_main handle SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE and SIGXFSZ themselves: wm_worker_on_stop
 * and wm_worker_on_reload are called for them. A registration of one of these there is WM_ESTATE, and one from before fails the start.
 *
 * @param app the app
 * @param number the signal, such as SIGCHLD; not SIGKILL and SIGSTOP, nor what a fault of the program raises (SIGSEGV, SIGBUS, SIGFPE,
 * SIGILL, SIGTRAP, SIGSYS, SIGABRT)
 * @param fn the callback; NULL: WM_EVENT_SIGNAL records (id, the number in detail, user), one a poll at most
 * @param user passed to fn
 * @param destroy called once with user after wm_signal_del or when the app is freed; may be NULL. Not called when the call fails
 * @return the registration; 0 on failure (wm_last_error: WM_EINVAL, WM_ESTATE, WM_ENOMEM, WM_ESTOPPED)
 *
 * @since 0.1.0
 */
WM_API wm_signal wm_signal_add(wm_app *app, int32_t number, wm_signal_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Deletes a registration, also inside its own callback.
 *
 * @return 0, or WM_ECLOSED for a stale id
 *
 * @since 0.1.0
 */
WM_API int wm_signal_del(wm_signal signal);

#ifdef __cplusplus
}
#endif

#endif
