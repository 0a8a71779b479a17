/**
 * @file
 * What the parts of the server of the process tests share: process_server.c serves, process_requests.c does what a request asks for.
 */
#ifndef SUPPORT_PROCESS_REQUESTS_H
#define SUPPORT_PROCESS_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

#include "wm/wm.h"

extern wm_app *app;
extern wm_worker *own; /**< of this process */
extern int pull;

/** Exits with what has failed, and the last error. */
void die(const char *what);
/** Appends a line to the file of --trace. */
void trace(const char *event, const char *detail);
void sleep_ms(long ms);
/** A worker of ADDRESS[,OPTION=VALUE]..., which does not listen. */
wm_worker *make_worker(const char *spec);
/** One that listens, or has an error that says why it does not; traced. */
wm_worker *open_inner(const char *spec);
/** The one of open_inner() with that address, else the process's own. */
wm_worker *listener_at(const char *address);

void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user);
void on_signal(wm_signal handler, int32_t number, void *user);
/** Has the app handle that signal, which is traced; once: until it has told of the spawned child. Not 0: the app refuses. */
int handle_signal(int number, int once);

#endif
