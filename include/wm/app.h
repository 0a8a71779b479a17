/**
 * @file
 * The app: one event loop, its workers, timers and hubs.
 *
 * The app's thread is the one that is inside wm_app_run, wm_app_run_once or wm_app_poll; before the first
 * of these, the thread that made the app; between two of them, the thread of the last. What other threads may call says so.
 */
#ifndef WM_APP_H
#define WM_APP_H

#include "wm/event.h"
#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Runs on the app's thread for a wm_app_post. @since 0.1.0 */
typedef void (*wm_post_fn)(wm_app *app, void *user);
/** Something happened in the master process of wm_app_main; called there. @since 0.1.0 */
typedef void (*wm_app_fn)(wm_app *app, void *user);
/**
 * A process of `worker` has ended; called in the master, before it is replaced. status is that of waitpid(2): WIFEXITED, WIFSIGNALED and
 * so on take it apart. @since 0.1.0
 */
typedef void (*wm_exit_fn)(wm_app *app, wm_worker *worker, int32_t pid, int32_t status, void *user);

/**
 * Makes an app. Opens no descriptor and starts no thread: these appear in run or in the first poll.
 * At most 32 live in one process. Owned by the caller, freed by wm_app_free.
 * NULL on failure; the detail is in wm_last_error. Any thread. @since 0.1.0
 */
WM_API wm_app *wm_app_new(void);

/**
 * Frees an app with its workers, hubs, timers and connections; each connection gets its close event first
 * (callbacks only), each `user` its destroy notifier. Inside a callback of the app: takes effect when the run
 * or poll returns. Any thread when nobody is inside of it; while another thread is, nothing happens and wm_last_error says so. NULL is
 * allowed. @since 0.1.0
 */
WM_API void wm_app_free(wm_app *app);

/** Sets an option by name (wm/option.h, scope WM_SCOPE_APP). WM_EOPTION with the nearest name, WM_EINVAL with the range, WM_ESTATE when too
 * late. @since 0.1.0 */
WM_API int wm_app_set_int(wm_app *app, const char *option, int64_t value);
/** As wm_app_set_int, for a text; the value is copied. @since 0.1.0 */
WM_API int wm_app_set_str(wm_app *app, const char *option, const char *value);
/** Reads an option into *value. WM_EOPTION. @since 0.1.0 */
WM_API int wm_app_get_int(wm_app *app, const char *option, int64_t *value);
/** As wm_app_get_int, for a text; *value is borrowed until the option is set again. @since 0.1.0 */
WM_API int wm_app_get_str(wm_app *app, const char *option, const char **value);

/**
 * Starts the workers (listen, then on_start with index 0, then accept) and serves until wm_app_stop, in the
 * calling thread: no fork, no argv, no signal handlers. 0 after a stop; a listener that cannot open or an on_start below 0
 * is returned as an error with nothing left running. WM_ESTATE inside a callback. @since 0.1.0
 */
WM_API int wm_app_run(wm_app *app);

/**
 * Starts the workers if that has not happened, then runs one turn of the loop: waits up to timeout_ms
 * (-1: without limit, 0: not at all) and dispatches what is ready to callbacks. 0, or WM_ESTOPPED after a stop. @since 0.1.0
 */
WM_API int wm_app_run_once(wm_app *app, int64_t timeout_ms);

/**
 * Pull mode: as wm_app_run_once, but events without a callback are written to events[0..cap). Returns their count (0: none in time);
 * a return of cap means: poll again before waiting. WM_ESTOPPED after a stop, WM_ESTATE inside a callback. Pointers in the
 * records are valid until the next poll, run_once or free. What was sent since the last poll leaves first. @since 0.1.0
 */
WM_API int wm_app_poll(wm_app *app, wm_event *events, size_t cap, int64_t timeout_ms);

/** Hands to the kernel what was sent since the last poll, without waiting for the next. @since 0.1.0 */
WM_API int wm_app_flush(wm_app *app);

/**
 * The descriptor of the loop (its epoll): readable whenever a wm_app_poll(app, events, cap, 0) has something to do,
 * deadlines included. For asyncio, libuv and other loops; owned by the app: watch it, never read or close it. Starts nothing
 * but the loop. Negative on error. @since 0.1.0
 */
WM_API int wm_app_fd(wm_app *app);

/**
 * Asks the app to stop: run returns after on_stop, close handshakes and at most stop_timeout_ms; polls return WM_ESTOPPED
 * from then on. Http requests that were delivered may still be answered until then. In a process of wm_app_main it ends that process, in a
 * callback of its master all of them, as the command stop does. Any thread, any callback. Not for signal handlers:
 * write to a descriptor or use sigwait and call it from there. @since 0.1.0
 */
WM_API int wm_app_stop(wm_app *app);

/**
 * Workerman's runAll(): reads the command line, and for `start` becomes a master process that keeps `count` processes of each worker
 * alive, each of them with a loop of its own that serves that worker (and what it opens by wm_worker_listen).
 *
 * Commands: start, stop, restart, reload, status, connections, with -d (in the background), -g (gracefully), -q (say less), --json, --name;
 * anything else is answered with the usage. argv[0] is skipped. All but start speak to the master that runs under the same name.
 *
 * The result is an exit code: 0 done, 1 failed, 2 usage, 3 not running, 4 already running; texts go to standard output and standard error.
 * In a child it does not return: the process ends when its work has. With option pull it returns WM_CHILD in each child: poll then,
 * until WM_ESTOPPED, and end the process.
 *
 * Call it before anything runs: not inside a callback, not after the app's loop was opened, and with start_method fork only in a process
 * without other threads (each of these is said and gives 1). Handles SIGINT, SIGTERM, SIGHUP (stop; one that was ignored before stays so),
 * SIGQUIT (stop gracefully), SIGUSR1 (reload), SIGUSR2 (reload gracefully), SIGCHLD and SIGPIPE while it runs. @since 0.1.0
 */
WM_API int wm_app_main(wm_app *app, int argc, char **argv);

/** Called in the master before its first child is started, with every configured listener open; fn NULL removes it, as with all that
 * follow. destroy(user) when replaced or freed, in each process that has it. @since 0.1.0 */
WM_API int wm_app_on_master_start(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
/** Called in the master when its last child has ended and its files are gone. @since 0.1.0 */
WM_API int wm_app_on_master_stop(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
/** Called in the master when a reload begins. @since 0.1.0 */
WM_API int wm_app_on_master_reload(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
/** Called in the master for each child that has ended. @since 0.1.0 */
WM_API int wm_app_on_worker_exit(wm_app *app, wm_exit_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Has fn(app, user) called on the app's thread, in order per calling thread; destroy(user), if given, after it, or when the app goes
 * before. fn NULL: a WM_EVENT_POST record. Any thread. WM_EFULL over max_mailbox, WM_ESTOPPED. @since 0.1.0
 */
WM_API int wm_app_post(wm_app *app, wm_post_fn fn, void *user, wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
