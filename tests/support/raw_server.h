/**
 * @file
 * A server of raw sockets for the tests of clients, on the thread of the test: it does what the scenario says and nothing else.
 */
#ifndef SUPPORT_RAW_SERVER_H
#define SUPPORT_RAW_SERVER_H

#include "support/contract.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

struct raw_server {
    int fd;
    char address[160]; /**< for wm_client_new */
};

/** Binds an address of the setting's transport; `like`: the one of a server before, or NULL. It refuses until raw_listen. */
static inline void raw_bind(struct raw_server *server, const struct setting *setting, const char *scheme, const struct raw_server *like)
{
    static unsigned serial;
    struct sockaddr_storage storage = {0};
    socklen_t len;
    if (setting->transport == UNIX) {
        struct sockaddr_un *un = (struct sockaddr_un *)&storage;
        un->sun_family = AF_UNIX;
        int name = 0;
        if (like)
            name = snprintf(un->sun_path + 1, sizeof un->sun_path - 1, "%s", strchr(like->address, '@') + 1);
        else
            name = snprintf(un->sun_path + 1, sizeof un->sun_path - 1, "libwm-raw-%d-%u", (int)getpid(), ++serial);
        len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)name);
        snprintf(server->address, sizeof server->address, "%s%s://@%s", scheme, strcmp(scheme, "unix") == 0 ? "" : "+unix",
                 un->sun_path + 1);
        server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    } else {
        int port = like ? atoi(strrchr(like->address, ':') + 1) : 0;
        if (setting->transport == TCP6) {
            struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
            in6->sin6_family = AF_INET6;
            in6->sin6_addr = in6addr_loopback;
            in6->sin6_port = htons((uint16_t)port);
            len = sizeof *in6;
        } else {
            struct sockaddr_in *in = (struct sockaddr_in *)&storage;
            in->sin_family = AF_INET;
            in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            in->sin_port = htons((uint16_t)port);
            len = sizeof *in;
        }
        server->fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int on = 1;
        setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    assert_true(server->fd >= 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&storage, len), 0);
    if (setting->transport != UNIX) {
        len = sizeof storage;
        assert_int_equal(getsockname(server->fd, (struct sockaddr *)&storage, &len), 0);
        int port =
            ntohs(setting->transport == TCP6 ? ((struct sockaddr_in6 *)&storage)->sin6_port : ((struct sockaddr_in *)&storage)->sin_port);
        snprintf(server->address, sizeof server->address, "%s://%s:%d", scheme, setting->transport == TCP6 ? "[::1]" : "127.0.0.1", port);
    }
}

static inline void raw_listen(struct raw_server *server, int backlog)
{
    assert_int_equal(listen(server->fd, backlog), 0);
    assert_int_equal(fcntl(server->fd, F_SETFL, O_NONBLOCK), 0);
}

/** A server that listens; scheme "raw": tcp or unix. */
static inline struct raw_server raw_server(const struct setting *setting, const char *scheme)
{
    struct raw_server server;
    if (strcmp(scheme, "raw") == 0)
        scheme = setting->transport == UNIX ? "unix" : "tcp";
    raw_bind(&server, setting, scheme, NULL);
    raw_listen(&server, 64);
    return server;
}

/** The next connection; runs turns until it is there. */
static inline int raw_accept(struct host *host, const struct raw_server *server)
{
    int fd = -1;
    until(host, (fd = accept(server->fd, NULL, NULL)) >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static inline void raw_say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/** Runs turns until exactly that text has come. */
static inline void raw_hear(struct host *host, int fd, const char *text)
{
    char got[4096];
    size_t have = 0, want = strlen(text);
    assert_true(want < sizeof got);
    int64_t guard = clock_ms() + GUARD_MS;
    while (have < want) {
        assert_true(clock_ms() < guard);
        ssize_t n = recv(fd, got + have, want - have, 0);
        if (n > 0)
            have += (size_t)n;
        else if (n == 0)
            fail_msg("the client has closed after '%.*s', expected '%s'", (int)have, got, text);
        else
            turn(host, 1);
    }
    assert_memory_equal(got, text, want);
}

/** Runs turns until the client's end of stream has come, and nothing before it. */
static inline void raw_hear_end(struct host *host, int fd)
{
    char one;
    ssize_t n = -1;
    until(host, (n = recv(fd, &one, 1, 0)) >= 0 || (errno != EAGAIN && errno != EINTR));
    assert_int_equal(n, 0);
}

static inline void raw_reset(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static inline void raw_end(struct raw_server *server)
{
    close(server->fd);
    server->fd = -1;
}

/** A client of that address, of which the host records the events. */
static inline wm_client *host_client(struct host *host, const char *address)
{
    wm_client *client = wm_client_new(host->app, address);
    if (!client)
        fail_msg("%s: %s", address, wm_last_error());
    host_watch_client(host, client);
    return client;
}

/** A websocket client of the host's worker, with TLS where that has it, before its connect. */
static inline wm_client *host_ws_client(struct host *host)
{
    const char *served = wm_worker_address(host->worker);
    char address[160];
    snprintf(address, sizeof address, "ws%s%s", strstr(served, "+unix://") ? "+unix" : "", strstr(served, "://"));
    wm_client *client = host_client(host, address);
    if (has_tls(host->setting)) {
        assert_int_equal(wm_client_set_str(client, "transport", "ssl"), 0);
        assert_int_equal(wm_client_set_str(client, "tls_ca", WM_TEST_TLS "/localhost.pem"), 0);
    }
    return client;
}

#endif
