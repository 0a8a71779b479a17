/**
 * @file
 * Pipes that a host watches, and what its reactions do to them.
 */
#ifndef SUPPORT_WATCHED_H
#define SUPPORT_WATCHED_H

#include "support/client.h"

static inline void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
}

static inline void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static inline void drain(int fd)
{
    char bytes[4096];
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
}

static inline size_t calls_of(const struct host *host, wm_watch watch)
{
    size_t found = 0;
    for (size_t i = 0; i < host->count; i++)
        found += host->events[i].kind == WM_EVENT_WATCH && host->events[i].id == watch;
    return found;
}

/* In `context`: what a reaction does to which descriptor or watch, once. */
struct plan {
    int fd;
    wm_watch watch, other;
    int result;
};

static inline void read_it(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_WATCH)
        drain(((struct plan *)host->context)->fd);
}

#endif
