/**
 * @file
 * The socket of another library in the app's loop: hiredis waits for messages of a Redis channel, and every page gets them.
 *
 *   watch_redis [PAGES_ADDRESS [redis://HOST:PORT]] start|stop|restart|reload|status|connections [-d]
 *
 *   redis-cli publish news "hello"
 *
 * The defaults are websocket://0.0.0.0:1234 and redis://127.0.0.1:6379. HOST is an IP address: hiredis would block to look a name up.
 */
#include "arguments.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <wm/wm.h>

enum { RETRY_MS = 1000 };

static char redis_host[64];
static int redis_port;

/* Of this process. */
static struct {
    wm_worker *pages;
    redisAsyncContext *context;
    wm_watch watch;
    int32_t events;
} redis;

/* ---- what hiredis asks of an event loop */

static void wait_for(int32_t events)
{
    redis.events = events;
    wm_watch_set(redis.watch, events);
}

static void add_read(void *data)
{
    (void)data;
    wait_for(redis.events | WM_WATCH_READ);
}
static void del_read(void *data)
{
    (void)data;
    wait_for(redis.events & ~WM_WATCH_READ);
}
static void add_write(void *data)
{
    (void)data;
    wait_for(redis.events | WM_WATCH_WRITE);
}
static void del_write(void *data)
{
    (void)data;
    wait_for(redis.events & ~WM_WATCH_WRITE);
}

/* Before hiredis closes the socket: the moment for wm_watch_del. */
static void cleanup(void *data)
{
    (void)data;
    wm_watch_del(redis.watch);
    redis.watch = 0;
}

static void on_ready(wm_watch watch, int fd, int32_t events, void *user)
{
    (void)fd, (void)user;
    if (events & WM_WATCH_READ)
        redisAsyncHandleRead(redis.context);
    if (events & WM_WATCH_WRITE && redis.watch == watch) /* else the read has ended the connection */
        redisAsyncHandleWrite(redis.context);
}

/* ---- the channel */

static void on_reply(redisAsyncContext *context, void *reply, void *data)
{
    (void)context, (void)data;
    const redisReply *got = reply;
    if (got && got->type == REDIS_REPLY_ARRAY && got->elements == 3 && strcmp(got->element[0]->str, "message") == 0)
        wm_worker_broadcast(redis.pages, got->element[2]->str, (size_t)got->element[2]->len, 0);
}

static void connect_redis(wm_timer timer, void *user);

static void retry(const char *why)
{
    char line[200];
    int len = snprintf(line, sizeof line, "redis at %s:%d: %s", redis_host, redis_port, why);
    wm_log(WM_LOG_WARN, line, (size_t)len);
    wm_timer_add(wm_worker_app(redis.pages), RETRY_MS, 0, connect_redis, NULL, NULL);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    if (status == REDIS_OK)
        redisAsyncCommand(redis.context, on_reply, NULL, "SUBSCRIBE news");
    else
        retry(context->errstr);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    retry(status == REDIS_OK ? "disconnected" : context->errstr);
}

static void connect_redis(wm_timer timer, void *user)
{
    (void)timer, (void)user;
    redisAsyncContext *context = redisAsyncConnect(redis_host, redis_port);
    if (!context || context->err) {
        retry(context ? context->errstr : "out of memory");
        redisAsyncFree(context);
        return;
    }
    redis.context = context;
    redis.events = 0;
    redis.watch = wm_watch_add(wm_worker_app(redis.pages), context->c.fd, 0, on_ready, NULL, NULL);
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = cleanup;
    redisAsyncSetDisconnectCallback(context, on_disconnect);
    redisAsyncSetConnectCallback(context, on_connect); /* waits for the socket to become writable */
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index, (void)user;
    redis.pages = worker;
    connect_redis(0, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    const char *addresses[] = {"websocket://0.0.0.0:1234", "redis://127.0.0.1:6379"};
    argc = take_addresses(argc, argv, addresses, 2);
    if (sscanf(addresses[1], "redis://%63[0-9.]:%d", redis_host, &redis_port) != 2) {
        fprintf(stderr, "watch_redis: '%s' is not redis://IP:PORT\n", addresses[1]);
        return 2;
    }
    wm_app *app = wm_app_new();
    wm_worker *pages = wm_worker_new(app, addresses[0]);
    if (!pages) {
        fprintf(stderr, "watch_redis: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_set_int(pages, "count", 2);
    wm_worker_on_start(pages, on_start, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
