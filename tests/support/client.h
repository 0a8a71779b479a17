/**
 * @file
 * A client on a raw socket, or with TLS on it, or as a wm_client where the setting says so, on the server's thread: it never blocks, only
 * the host's turns wait. Owned by the scenario; client_end closes it.
 */
#ifndef SUPPORT_CLIENT_H
#define SUPPORT_CLIENT_H

#include "support/contract.h"
#include "support/own_peer.h"
#include "support/tls_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

struct client {
    int fd;
    struct tls_peer *tls; /**< the bytes go over it, not over the socket as they are */
    struct own_peer *own; /**< in place of a socket: fd is -1 */
    char *in;             /**< received and not consumed */
    size_t len, room;
    int ended;     /**< 1: end of file, else the errno of the receive that failed */
    void *packing; /**< of support/ws_packing.h; NULL: none */
    void (*packing_free)(void *packing);
};

/** Connects a socket to a displayed address: SCHEME://IP:PORT, SCHEME://[IPv6]:PORT or ...unix://PATH. -1 with errno. */
static inline int connect_to(const char *address)
{
    struct sockaddr_storage storage;
    memset(&storage, 0, sizeof storage);
    socklen_t len = 0;
    const char *rest = strstr(address, "://") + 3;
    if (strncmp(address, "unix:", 5) == 0 || strstr(address, "+unix:")) {
        struct sockaddr_un *un = (struct sockaddr_un *)&storage;
        un->sun_family = AF_UNIX;
        memcpy(un->sun_path, rest, strlen(rest));
        if (rest[0] == '@')
            un->sun_path[0] = '\0';
        len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(rest) + (rest[0] != '@'));
    } else if (rest[0] == '[') {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
        in6->sin6_family = AF_INET6;
        in6->sin6_addr = in6addr_loopback;
        in6->sin6_port = htons((uint16_t)atoi(strrchr(rest, ':') + 1));
        len = sizeof *in6;
    } else {
        struct sockaddr_in *in4 = (struct sockaddr_in *)&storage;
        in4->sin_family = AF_INET;
        in4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        in4->sin_port = htons((uint16_t)atoi(strrchr(rest, ':') + 1));
        len = sizeof *in4;
    }
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&storage, len) != 0) {
        int number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    if (fd >= 0)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static inline struct client client_to(wm_worker *worker)
{
    struct client client = {.fd = -1};
    if (is_pair(current_setting)) {
        client.own = own_peer_new(wm_worker_address(worker), has_tls(current_setting));
        return client;
    }
    client.fd = connect_to(wm_worker_address(worker));
    if (client.fd < 0)
        fail_msg("connect to %s: %s", wm_worker_address(worker), strerror(errno));
    if (has_tls(current_setting)) {
        client.tls = tls_peer_new(client.fd);
        before_turn = tls_shake_all;
    }
    return client;
}

/** As send without waiting: how much was taken, or -1 with errno. */
static inline ssize_t client_write(struct client *client, const void *data, size_t len)
{
    if (client->own)
        return own_peer_send(client->own, data, len);
    return client->tls ? tls_peer_send(client->tls, data, len) : send(client->fd, data, len, MSG_NOSIGNAL);
}

/** As recv without waiting. */
static inline ssize_t client_read(struct client *client, void *out, size_t len)
{
    if (client->own)
        return own_peer_recv(client->own, out, len);
    return client->tls ? tls_peer_recv(client->tls, out, len) : recv(client->fd, out, len, 0);
}

/** Ends the client's direction. */
static inline void client_shut(struct client *client)
{
    if (client->own) {
        assert_int_equal(wm_conn_shutdown(client->own->conn), 0);
        return;
    }
    if (client->tls)
        tls_peer_end(client->tls);
    shutdown(client->fd, SHUT_WR);
}

static inline void client_forget(struct client *client, int polite)
{
    if (client->tls)
        tls_peer_free(client->tls, polite);
    if (client->own)
        own_peer_end(client->own);
    client->tls = NULL;
    client->own = NULL;
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    free(client->in);
    client->in = NULL;
    client->len = client->room = 0;
    if (client->packing)
        client->packing_free(client->packing);
    client->packing = NULL;
}

static inline struct client client_begin(struct host *host)
{
    return client_to(host->worker);
}

static inline void client_end(struct client *client)
{
    client_forget(client, 1);
}

/** Closes with a reset instead of EOF. On unix sockets, unread data have the same effect. */
static inline void client_reset(struct client *client)
{
    struct linger now = {1, 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    client_forget(client, 0);
}

/** Receives up to `most` bytes without waiting. */
static inline void client_pump_some(struct client *client, size_t most)
{
    while (!client->ended && most > 0) {
        if (client->room - client->len < 65536) {
            client->room = client->room * 2 + 131072;
            client->in = (char *)realloc(client->in, client->room);
            assert_non_null(client->in);
        }
        size_t want = client->room - client->len - 1;
        ssize_t got = client_read(client, client->in + client->len, want < most ? want : most);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            client->ended = got == 0 ? 1 : errno;
            return;
        }
        client->len += (size_t)got;
        client->in[client->len] = '\0';
        most -= (size_t)got;
    }
}

static inline void client_pump(struct client *client)
{
    client_pump_some(client, SIZE_MAX);
}

static inline int client_has(struct client *client, size_t len)
{
    client_pump(client);
    return client->len >= len || client->ended;
}

static inline int client_ended(struct client *client)
{
    client_pump(client);
    return client->ended != 0;
}

static inline void client_drop(struct client *client, size_t len)
{
    assert_true(client->len >= len);
    memmove(client->in, client->in + len, client->len - len);
    client->len -= len;
    if (client->in)
        client->in[client->len] = '\0';
}

/** Sends everything, with turns of the host while the kernel's buffer is full. */
static inline void client_send(struct host *host, struct client *client, const void *data, size_t len)
{
    const char *next = (const char *)data;
    int64_t guard = clock_ms() + GUARD_MS;
    while (len > 0) {
        ssize_t sent = client_write(client, next, len);
        if (sent < 0 && errno != EAGAIN)
            fail_msg("send: %s", strerror(errno));
        if (sent < 0) {
            assert_true(clock_ms() < guard);
            turn(host, 5);
            continue;
        }
        next += sent;
        len -= (size_t)sent;
    }
}

static inline void client_say(struct host *host, struct client *client, const char *text)
{
    client_send(host, client, text, strlen(text));
}

/** Expects exactly that text as the next bytes, and consumes it. */
static inline void client_hear(struct host *host, struct client *client, const char *text)
{
    size_t len = strlen(text);
    until(host, client_has(client, len));
    if (client->len < len || memcmp(client->in, text, len) != 0)
        fail_msg("expected \"%s\", got \"%.*s\"%s", text, (int)client->len, client->in ? client->in : "",
                 client->ended ? " and the end" : "");
    client_drop(client, len);
}

/** Expects EOF as the next input. */
static inline void client_hear_end(struct host *host, struct client *client)
{
    until(host, client_ended(client));
    if (client->len != 0 || client->ended != 1)
        fail_msg("expected the end, got \"%.*s\" (%s)", (int)client->len, client->in, client->ended == 1 ? "end" : strerror(client->ended));
}

/** A connected client whose connection has opened; *conn is its id. */
static inline struct client client_open(struct host *host, wm_conn *conn)
{
    size_t before = count_of(host, WM_EVENT_OPEN);
    struct client client = client_begin(host);
    until(host, count_of(host, WM_EVENT_OPEN) == before + 1);
    if (conn)
        *conn = nth(host, WM_EVENT_OPEN, before)->conn;
    return client;
}

/** A pattern without a short period, which reveals a lost, duplicated or moved byte. */
static inline void fill_pattern(char *out, size_t len, uint32_t seed)
{
    uint32_t x = seed * 2654435761u + 1;
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        out[i] = (char)('!' + x % 90);
    }
}

static inline uint64_t checksum(uint64_t sum, const void *data, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)data;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    return sum;
}

#endif
