/**
 * @file
 * Connections that have spoken or not, workers with one option set, and the descriptors of the process, for
 * tests of limits. Over support/ws_client.h.
 */
#ifndef SUPPORT_CROWD_H
#define SUPPORT_CROWD_H

#include "support/ws_client.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

struct log_lines {
    int count;
    char last[512];
};

static inline void take_line(int32_t level, const void *text, size_t len, void *user)
{
    struct log_lines *lines = user;
    assert_int_equal(level, WM_LOG_WARN);
    lines->count++;
    snprintf(lines->last, sizeof lines->last, "%.*s", (int)len, (const char *)text);
}

static inline void set_int(wm_worker *worker, const char *name, int64_t value)
{
    if (wm_worker_set_int(worker, name, value) != 0)
        fail_msg("%s", wm_last_error());
}

/** Another worker that listens, with one option set. */
static inline wm_worker *second_worker(struct host *host, const char *scheme, const char *option, int64_t value)
{
    wm_worker *worker = host_worker(host, scheme);
    set_int(worker, option, value);
    if (wm_worker_listen(worker) != 0)
        fail_msg("%s", wm_last_error());
    return worker;
}

static inline struct client silent(struct host *host, wm_worker *worker)
{
    size_t before = count_of(host, WM_EVENT_CONNECT);
    struct client client = client_to(worker);
    until(host, count_of(host, WM_EVENT_CONNECT) == before + 1);
    return client;
}

static inline struct client spoken(struct host *host, wm_worker *worker)
{
    size_t before = count_of(host, WM_EVENT_MESSAGE);
    struct client client = silent(host, worker);
    client_say(host, &client, "spoken\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == before + 1);
    return client;
}

static inline void expect_refused(struct host *host, wm_worker *worker)
{
    size_t before = count_of(host, WM_EVENT_CONNECT);
    struct client client = client_to(worker);
    until(host, client_ended(&client));
    client_end(&client);
    assert_int_equal(count_of(host, WM_EVENT_CONNECT), before);
}

static inline void expect_alive(struct host *host, struct client *client)
{
    size_t before = count_of(host, WM_EVENT_MESSAGE);
    client_say(host, client, "alive\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == before + 1);
}

static inline void end(struct host *host, struct client *client)
{
    size_t before = count_of(host, WM_EVENT_CLOSE);
    client_end(client);
    until(host, count_of(host, WM_EVENT_CLOSE) == before + 1);
}

/** Takes every descriptor that is left, into fds of that room; returns how many. */
static inline int take_descriptors(int *fds, int room)
{
    int taken = 0;
    while (taken < room && (fds[taken] = dup(0)) >= 0)
        taken++;
    assert_true(taken < room);
    return taken;
}

static inline void give_back(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

static inline struct rlimit lower_descriptor_limit(rlim_t limit)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit low = {limit, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    return before;
}

/** Another process with that many connections, each of which has spoken; ends when the pipe is closed. */
static inline pid_t crowd(const char *address, int count, int pipe_end)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    for (int i = 0; i < count; i++) {
        int fd = connect_to(address);
        if (fd < 0 || send(fd, "spoken\n", 7, MSG_NOSIGNAL) < 0)
            continue; /* refused */
    }
    char byte;
    _exit(read(pipe_end, &byte, 1) != 0);
}

#endif
