/**
 * @file
 * Ends a server of the benchmarks at SIGTERM and SIGINT.
 */
#ifndef BENCH_STOP_ON_SIGNALS_H
#define BENCH_STOP_ON_SIGNALS_H

#include <signal.h>
#include <stddef.h>

#include "wm/wm.h"

static volatile sig_atomic_t stopped;

static void note_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void stop_when_signalled(wm_timer timer, void *app)
{
    (void)timer;
    if (stopped)
        wm_app_stop(app);
}

/* A look ten times a second, not a thread that waits for signals: with a second thread each system call takes longer, in libc and in the
 * kernel. */
static int stop_on_signals(wm_app *app)
{
    struct sigaction action = {.sa_handler = note_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return wm_timer_add(app, 100, 100, stop_when_signalled, app, NULL) != 0 ? 0 : -1;
}

#endif
