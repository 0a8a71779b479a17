/**
 * @file
 * The output of another program, line by line, to all pages: its pipe and its exit are in the app's loop.
 *
 *   COMMAND='tail -n 0 -F /var/log/syslog' push_output [PAGES_ADDRESS] start|stop|restart|reload|status|connections [-d]
 *
 * PAGES_ADDRESS is websocket://0.0.0.0:1234 without one. A page says a name first, as in push.c; all pages get each line.
 */
#define _GNU_SOURCE
#include "arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wm/wm.h>

enum { MAX_LINE = 4096, AGAIN_MS = 1000 };

extern char **environ;

/* Of this process. */
static struct {
    wm_app *app;
    wm_hub *hub;
    pid_t pid; /* 0: it does not run */
    char line[MAX_LINE];
    size_t len;
} program;

static void push(const char *data, size_t len)
{
    wm_hub_broadcast(program.hub, data, len, 0, NULL, NULL, NULL, NULL);
}

static void push_lines(void)
{
    char *start = program.line, *end;
    while ((end = memchr(start, '\n', program.len))) {
        push(start, (size_t)(end - start));
        program.len -= (size_t)(end + 1 - start);
        start = end + 1;
    }
    if (program.len == MAX_LINE) { /* a line without end goes in parts */
        push(start, program.len);
        program.len = 0;
    }
    memmove(program.line, start, program.len);
}

/* Readable also at the end, when read gives 0; the watch goes before its descriptor does. */
static void on_output(wm_watch watch, int fd, int32_t events, void *user)
{
    (void)events, (void)user;
    ssize_t got = read(fd, program.line + program.len, MAX_LINE - program.len);
    if (got > 0) {
        program.len += (size_t)got;
        push_lines();
    } else if (got == 0 || errno != EAGAIN) {
        wm_watch_del(watch);
        close(fd);
    }
}

static void run_program(wm_timer timer, void *user)
{
    (void)timer, (void)user;
    const char *command = getenv("COMMAND");
    char *argv[] = {"sh", "-c", (char *)(command ? command : "date; sleep 1"), NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    fcntl(ends[1], F_SETFL, 0); /* the program's end blocks: a page that is slow is the hub's matter */
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (posix_spawn(&program.pid, "/bin/sh", &actions, NULL, argv, environ) != 0) {
        program.pid = 0;
        wm_timer_add(program.app, AGAIN_MS, 0, run_program, NULL, NULL);
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!wm_watch_add(program.app, ends[0], WM_WATCH_READ, on_output, NULL, NULL))
        close(ends[0]);
}

/* One signal may stand for several children: each owner asks for its own. */
static void on_child(wm_signal signal, int32_t number, void *user)
{
    (void)signal, (void)number, (void)user;
    int status;
    if (program.pid == 0 || waitpid(program.pid, &status, WNOHANG) != program.pid)
        return;
    program.pid = 0;
    wm_timer_add(program.app, AGAIN_MS, 0, run_program, NULL, NULL);
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index, (void)user;
    program.app = wm_worker_app(worker);
    program.hub = wm_hub_new(program.app);
    if (!program.hub || !wm_signal_add(program.app, SIGCHLD, on_child, NULL, NULL)) {
        fprintf(stderr, "push_output: %s\n", wm_last_error());
        return -1;
    }
    wm_timer_add(program.app, 0, 0, run_program, NULL, NULL); /* once this process serves, and a daemon has left the terminal */
    return 0;
}

static void on_stop(wm_worker *worker, void *user)
{
    (void)worker, (void)user;
    if (program.pid != 0)
        kill(program.pid, SIGTERM);
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)kind, (void)user;
    wm_hub_bind(program.hub, data, len, conn);
}

int main(int argc, char **argv)
{
    const char *addresses[] = {"websocket://0.0.0.0:1234"};
    argc = take_addresses(argc, argv, addresses, 1);
    wm_app *app = wm_app_new();
    wm_worker *pages = wm_worker_new(app, addresses[0]);
    if (!pages) {
        fprintf(stderr, "push_output: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_on_start(pages, on_start, NULL, NULL);
    wm_worker_on_stop(pages, on_stop, NULL, NULL);
    wm_worker_on_message(pages, on_message, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
