/**
 * @file
 * The app: one event loop, its workers, timers and hubs.
 *
 * The app's thread is the one that is inside wm_app_run, wm_app_run_once or wm_app_poll; before the first of
 * these, the thread that made the app; between two of them, the thread of the last. A function that other
 * threads may call says so.
 *
 * A call that sets the app up (wm_..._new, _set_..., _on_..., wm_timer_add) and fails is an error of the start:
 * wm_app_main, wm_app_run and the first poll report the first one, "wm_worker_set_int has failed: unknown option
 * 'cuont': did you mean 'count'?". So a program that checks nothing does not serve otherwise than it was written
 * to. A host that means to go on without that call reads wm_last_error before another call fails, or sets the
 * same option right later.
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
/** An event of the master process of wm_app_main; called in that process. @since 0.1.0 */
typedef void (*wm_app_fn)(wm_app *app, void *user);
/**
 * A child has exited. Called in the master, before it starts a replacement.
 *
 * @param app the app
 * @param worker the worker that the child served
 * @param pid the child's process id
 * @param status as from waitpid(2), for WIFEXITED, WIFSIGNALED and so on
 * @param user the pointer that was registered with the callback
 *
 * @since 0.1.0
 */
typedef void (*wm_exit_fn)(wm_app *app, wm_worker *worker, int32_t pid, int32_t status, void *user);

/**
 * Makes an app. Opens no descriptor and starts no thread: the loop opens in wm_app_run, in the first poll or
 * in wm_app_fd. A process has at most 32 apps at a time. Any thread.
 *
 * @return the app, which the caller owns and frees with wm_app_free; NULL on failure (wm_last_error:
 * WM_EFULL, WM_ENOMEM)
 *
 * @since 0.1.0
 */
WM_API wm_app *wm_app_new(void);

/**
 * Frees an app with its workers, hubs, timers and connections. Each connection gets its close event first
 * (callbacks only), and the library calls the destroy of every registration. Inside a callback of the app it
 * takes effect when the run or poll returns: wm_app_run returns 0, wm_app_run_once and wm_app_poll
 * WM_ESTOPPED, without records. Any thread, unless another one is inside run or poll: then the app stays and
 * wm_last_error has the reason. NULL is allowed.
 *
 * In a child of fork(2) it frees the child's copy of an app whose loop was open: it closes descriptors and
 * calls each destroy, but no connection of the parent closes, and no event comes. If another thread than the
 * app's has forked, it does nothing.
 *
 * @since 0.1.0
 */
WM_API void wm_app_free(wm_app *app);

/**
 * Sets an option by name (wm/option.h, scope WM_SCOPE_APP).
 *
 * @return 0, WM_EOPTION (unknown; the detail has the nearest name), WM_EINVAL (the detail has the range) or
 * WM_ESTATE (too late)
 *
 * @since 0.1.0
 */
WM_API int wm_app_set_int(wm_app *app, const char *option, int64_t value);
/** As wm_app_set_int, for a text, which is copied. @since 0.1.0 */
WM_API int wm_app_set_str(wm_app *app, const char *option, const char *value);
/**
 * Reads an option into *value.
 *
 * @return 0 or WM_EOPTION
 *
 * @since 0.1.0
 */
WM_API int wm_app_get_int(wm_app *app, const char *option, int64_t *value);
/** As wm_app_get_int, for a text; *value is borrowed until the option is set again. @since 0.1.0 */
WM_API int wm_app_get_str(wm_app *app, const char *option, const char **value);

/**
 * Starts the workers (listen, then on_start with index 0, then accept) and serves until wm_app_stop, in the
 * calling thread: no fork, no argv, no signal handlers.
 *
 * @return 0 after a stop. The error of a call that has set the app up (above). The error of the listener that
 * did not open, also where on_start has tried and then returned below 0; else WM_ESTATE when an on_start
 * returned below 0: the other listeners are closed again. WM_ESTATE inside a callback, or while another thread
 * runs the app. WM_EFORK in a child (wm/types.h)
 *
 * @since 0.1.0
 */
WM_API int wm_app_run(wm_app *app);

/**
 * Starts the workers unless they have started, then runs one turn of the loop: waits for events and calls the
 * callbacks that are due.
 *
 * @param app the app
 * @param timeout_ms the longest wait; -1: no limit, 0: no wait
 * @return 0, WM_ESTOPPED after a stop, or an error as from wm_app_run
 *
 * @since 0.1.0
 */
WM_API int wm_app_run_once(wm_app *app, int64_t timeout_ms);

/**
 * Pull mode: as wm_app_run_once, but an event that has no callback becomes a record. What was sent since the
 * last poll leaves first.
 *
 * @param app the app
 * @param events an array of cap records. The pointers in them are valid until the next poll, run_once or free
 * of the app
 * @param cap from 1
 * @param timeout_ms the longest wait; -1: no limit, 0: no wait
 * @return the number of records, 0 when none came in time; after cap records poll again before waiting.
 * WM_ESTOPPED once the app has stopped and all its records were delivered, WM_EINVAL (cap is 0), WM_ENOMEM,
 * or an error as from wm_app_run
 *
 * @since 0.1.0
 */
WM_API int wm_app_poll(wm_app *app, wm_event *events, size_t cap, int64_t timeout_ms);

/**
 * Hands to the kernel what was sent since the last poll, without waiting for the next.
 *
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_app_flush(wm_app *app);

/**
 * The descriptor of the loop (its epoll) for asyncio, libuv and other loops: readable whenever
 * wm_app_poll(app, events, cap, 0) has something to do, deadlines included. Opens the loop, starts no worker.
 * The app owns the descriptor: watch it, never read or close it.
 *
 * @return the descriptor, or an error (WM_EMFILE, WM_ENOMEM, WM_ESYS)
 *
 * @since 0.1.0
 */
WM_API int wm_app_fd(wm_app *app);

/**
 * Asks the app to stop: wm_app_run returns after on_stop and the close handshakes, within stop_timeout_ms;
 * polls deliver the remaining events and then return WM_ESTOPPED. The host may still answer http requests
 * that it has received. Any thread, any callback. A signal handler must not call it: the callback of
 * wm_signal_add may.
 *
 * In a child of wm_app_main it asks for another process in its place: the child serves on until that one
 * does, for a second at least, then accepts no more and drains as in a reload, without on_reload. If the other
 * cannot start, it drains all the same. In a callback of the master it stops the master with all children, as
 * the command stop does.
 *
 * @return 0, or WM_EFORK in a child (wm/types.h)
 *
 * @since 0.1.0
 */
WM_API int wm_app_stop(wm_app *app);

/**
 * Workerman's runAll(): reads the command line, and for `start` becomes a master process that keeps `count`
 * processes of each worker alive. Each child runs a loop of its own, which serves that worker (and what it
 * opens with wm_worker_listen).
 *
 * Commands: start, stop, restart, reload, status, connections, with -d (in the background), -g (gracefully),
 * -q (fewer messages), --json, --name. Anything else prints the usage. All commands but start talk to the
 * master that runs under the same name, and fail if that one runs another program.
 *
 * argv[0] is the program: without option name and --name the instance is named after it and its absolute path,
 * so that programs of the same name in different directories are different instances. A host passes its script
 * there.
 *
 * Call it before anything runs: not inside a callback, not once the app's loop is open, and with start_method
 * fork only in a process without other threads; each of these prints an error and returns 1. While it runs it
 * handles SIGINT, SIGTERM and SIGHUP (stop; a signal that was ignored before stays ignored), SIGQUIT (stop
 * gracefully), SIGUSR1 (reload), SIGUSR2 (reload gracefully), SIGCHLD and SIGPIPE.
 *
 * @param app the app
 * @param argc entries of argv
 * @param argv the command line, as main has it; NULL only with an argc of 0
 * @return an exit code: 0 done, 1 failed, 2 usage, 3 not running, 4 already running; texts go to standard
 * output and standard error. A child does not return: its process exits when it has served. With option pull
 * it returns WM_CHILD in each child: poll until WM_ESTOPPED, then exit
 *
 * @since 0.1.0
 */
WM_API int wm_app_main(wm_app *app, int argc, char **argv);

/**
 * Called in the master before it starts the first child, with every configured listener open.
 *
 * @param app the app
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy called once with user when fn is replaced or the app is freed, in each process that has it;
 * NULL: not called. Not called when the registration fails
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_app_on_master_start(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Called in the master when its last child has exited and its files are removed.
 *
 * @param app the app
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_app_on_master_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_app_on_master_stop(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Called in the master when a reload begins.
 *
 * @param app the app
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_app_on_master_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_app_on_master_reload(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Called in the master for each child that has exited.
 *
 * @param app the app
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_app_on_master_start
 * @return 0
 *
 * @since 0.1.0
 */
WM_API int wm_app_on_worker_exit(wm_app *app, wm_exit_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Calls fn(app, user) on the app's thread, in the order of the calling thread. Any thread.
 *
 * @param app the app
 * @param fn the function; NULL: a WM_EVENT_POST record
 * @param user passed to fn
 * @param destroy called once with user after fn, or when the app is freed before; may be NULL. Not called
 * when the post fails
 * @return 0, WM_EFULL (over max_mailbox), WM_ESTOPPED or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_app_post(wm_app *app, wm_post_fn fn, void *user, wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
