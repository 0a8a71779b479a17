// Pipes while allocations fail: bytes of one peer reach the other whole and in order, or its connection ends; a pipe from a client, too.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIPED = 2 << 20 };

static char sent[PIPED], got[PIPED];

static int is_live(const struct peer *peer)
{
    return peer->seen && !peer->seen->closes;
}

/* Takes what has come, at most `cap` bytes; 0 at the end. */
static size_t take(struct rig *rig, int fd, size_t len, size_t cap)
{
    ssize_t part = recv(fd, got + len, PIPED - len < cap ? PIPED - len : cap, MSG_DONTWAIT);
    if (part > 0 && memcmp(got + len, sent + len, (size_t)part) != 0)
        rig_wrong(rig, "piped bytes are not those that were sent, at %zu", len);
    return part > 0 ? (size_t)part : 0;
}

/* More than queue and sockets hold, to a reader that begins late: the source is held, and goes on. */
static void pass_on(struct rig *rig, struct peer *from, struct peer *to)
{
    size_t out = 0, in = 0;
    int64_t guard = rig_clock_ms() + RIG_GUARD_MS;
    from->expected = to->expected = 1;
    for (int turns = 0; in < PIPED && !rig->wrong[0]; turns++) {
        ssize_t part = out < PIPED ? send(from->fd, sent + out, PIPED - out, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
        out += part > 0 ? (size_t)part : 0;
        rig_turn(rig);
        if (turns > 20)
            in += take(rig, to->fd, in, 300000);
        if ((!is_live(from) || !is_live(to)) && (rig->noticed || rig->closed || from->seen->closes || to->seen->closes))
            break;
        if (rig_clock_ms() > guard)
            rig_wrong(rig, "%zu of %u piped bytes have come", in, PIPED);
    }
}

static int listen_here(char *address, size_t cap)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)&in, len) != 0 || getsockname(fd, (struct sockaddr *)&in, &len) != 0 || listen(fd, 4) != 0)
        return -1;
    snprintf(address, cap, "tcp://127.0.0.1:%d", ntohs(in.sin_port));
    return fd;
}

struct end {
    struct rig *rig;
    int closes;
};

static void ignore(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn, (void)user;
}

static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)code, (void)text, (void)len;
    ((struct end *)user)->rig->noticed++;
}

static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)text, (void)len;
    struct end *self = user;
    self->closes++;
    self->rig->noticed += reason == WM_REASON_ERROR && code == ENOMEM;
}

/* A proxy's pipes, begun before the client has connected: what the peer has said reaches the server, or both end. */
static void proxy(struct rig *rig, struct peer *peer)
{
    static struct end end;
    end = (struct end){.rig = rig};
    char address[64], one[8];
    int fd = listen_here(address, sizeof address), server = -1;
    wm_client *client = wm_client_new(rig->app, address);
    rig->noticed += !client;
    peer->expected = 1;
    /* All events of the client are callbacks, also in pull mode. */
    int begun = client && is_live(peer) && rig_ok(rig, wm_client_on_connect(client, ignore, NULL, NULL)) &&
                rig_ok(rig, wm_client_on_open(client, ignore, NULL, NULL)) &&
                rig_ok(rig, wm_client_on_error(client, on_error, &end, NULL)) &&
                rig_ok(rig, wm_client_on_close(client, on_close, &end, NULL)) && rig_ok(rig, wm_client_connect(client)) &&
                rig_ok(rig, wm_conn_pipe(peer->seen->conn, wm_client_conn(client))) &&
                rig_ok(rig, wm_conn_pipe(wm_client_conn(client), peer->seen->conn));
    wm_last_error();
    if (begun) {
        if (send(peer->fd, "ask", 3, MSG_NOSIGNAL) != 3)
            rig_wrong(rig, "a socket without room");
        shutdown(peer->fd, SHUT_WR);
        int64_t guard = rig_clock_ms() + RIG_GUARD_MS;
        ssize_t heard = 0, part = -1;
        while (!(part == 0 || end.closes) && !rig->wrong[0]) {
            if (server < 0)
                server = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
            part = server < 0 ? -1 : recv(server, one, sizeof one, 0);
            heard += part > 0 ? part : 0;
            rig_turn(rig);
            if (rig_clock_ms() > guard)
                rig_wrong(rig, "the server of a pipe hears no end, after %zd bytes", heard);
        }
        if (!rig->noticed && !rig->closed && heard != 3)
            rig_wrong(rig, "the server of a pipe has heard %zd of 3 bytes", heard);
    }
    if (server >= 0)
        close(server);
    close(fd);
    wm_client_free(client);
    for (int i = 0; i < 4; i++)
        rig_turn(rig);
}

void play_pipes(struct rig *rig)
{
    for (size_t i = 0; i < PIPED; i++)
        sent[i] = (char)(i * 7 + i / 251);
    struct peer *witness = rig_connect(rig, 1), *from = rig_connect(rig, 1), *to = rig_connect(rig, 1), *asker = rig_connect(rig, 1);
    from->unread = to->unread = asker->unread = 1; /* what they get is not what they have said */
    if (is_live(from) && is_live(to) && rig_ok(rig, wm_conn_pipe(from->seen->conn, to->seen->conn)) &&
        rig_ok(rig, wm_conn_pipe(to->seen->conn, from->seen->conn)))
        pass_on(rig, from, to);
    if (is_live(asker))
        proxy(rig, asker);
    rig_stream(rig, witness, 100);
    rig_hear(rig, witness);
    from->expected = to->expected = 1;
    if (is_live(from)) {
        rig_ok(rig, wm_conn_pipe(from->seen->conn, 0));
        wm_conn_destroy(from->seen->conn);
    }
    rig_turn(rig);
    rig_stream(rig, witness, 100);
    rig_hear(rig, witness);
}
