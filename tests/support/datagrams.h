/**
 * @file
 * Peers of a datagram worker on raw sockets, on the thread of the host: IPv4, IPv6 or unix, as the setting says. The scenario closes them.
 */
#ifndef SUPPORT_DATAGRAMS_H
#define SUPPORT_DATAGRAMS_H

#include "support/contract.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* They are on sockets of the test's own, and datagrams have no TLS. */
#define NOT_DATAGRAMS (OVER_PAIRS | OVER_TLS)

/** A displayed address (udp://IP:PORT, text+unix://@NAME) as one of a socket. */
static inline socklen_t socket_address(const char *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    const char *rest = strstr(address, "://") + 3;
    if (strstr(address, "unix:")) {
        struct sockaddr_un *un = (struct sockaddr_un *)out;
        un->sun_family = AF_UNIX;
        memcpy(un->sun_path, rest, strlen(rest));
        if (rest[0] == '@')
            un->sun_path[0] = '\0';
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(rest) + (rest[0] != '@'));
    }
    uint16_t port = htons((uint16_t)atoi(strrchr(rest, ':') + 1));
    if (rest[0] == '[') {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = port};
        return sizeof *in6;
    }
    struct sockaddr_in *in4 = (struct sockaddr_in *)out;
    *in4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = port};
    return sizeof *in4;
}

/** A socket that is connected to that address, and bound, so that it can be answered. */
static inline int peer_begin(const char *address)
{
    struct sockaddr_storage to;
    socklen_t len = socket_address(address, &to);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    if (to.ss_family == AF_UNIX) {
        struct sockaddr_un any = {.sun_family = AF_UNIX};
        assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any.sun_family), 0);
    }
    assert_int_equal(connect(fd, (struct sockaddr *)&to, len), 0);
    return fd;
}

static inline void peer_say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

/** Runs turns until a datagram has come, which is that text. */
static inline void peer_hear(struct host *host, int fd, const char *text)
{
    char got[70000];
    ssize_t len = -1;
    until(host, (len = recv(fd, got, sizeof got - 1, 0)) >= 0);
    got[len] = '\0';
    assert_string_equal(got, text);
}

/** What the host knows the peer by. */
static inline const char *peer_name(int fd)
{
    static char text[128];
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    char ip[INET6_ADDRSTRLEN];
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
    if (own.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&own;
        snprintf(text, sizeof text, "@%.*s", (int)(len - offsetof(struct sockaddr_un, sun_path) - 1), un->sun_path + 1);
    } else if (own.ss_family == AF_INET) {
        const struct sockaddr_in *in4 = (const struct sockaddr_in *)&own;
        snprintf(text, sizeof text, "%s:%d", inet_ntop(AF_INET, &in4->sin_addr, ip, sizeof ip), ntohs(in4->sin_port));
    } else {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&own;
        snprintf(text, sizeof text, "[%s]:%d", inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof ip), ntohs(in6->sin6_port));
    }
    return text;
}

/** Runs turns until the host has had that many messages. */
static inline void until_messages(struct host *host, size_t count)
{
    until(host, count_of(host, WM_EVENT_MESSAGE) >= count);
}

#endif
