// Clients while allocations fail: each attempt that was begun has one close event, whatever becomes of it. All their events are callbacks,
// also in pull mode.
#include "fault/scenes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct outgoing {
    struct rig *rig;
    wm_conn conn; /**< 0: none */
    int opens, errors, closes, again;
    unsigned bytes;
    int destroyed;
};

static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    struct outgoing *self = user;
    if (worker || !wm_conn_client(conn))
        rig_wrong(self->rig, "a client's connection names no client");
    self->opens++;
}

static void on_connect(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn, (void)user;
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)conn, (void)data, (void)kind;
    ((struct outgoing *)user)->bytes += (unsigned)len;
}

static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)text, (void)len;
    struct outgoing *self = user;
    self->errors++;
    self->rig->noticed += code != WM_ECONNREFUSED && code != WM_EDNS; /* which are due */
}

static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)text, (void)len;
    struct outgoing *self = user;
    wm_client *client = wm_conn_client(conn);
    if (!client)
        rig_wrong(self->rig, "a close of no client");
    self->closes++;
    self->rig->noticed += reason == WM_REASON_ERROR && code == ENOMEM;
    if (self->again-- > 0 && rig_ok(self->rig, wm_client_reconnect(client, 1)))
        return;
    self->again = -1;
}

static void gone(void *user)
{
    ((struct outgoing *)user)->destroyed++;
}

/* NULL, with what was wrong noticed. */
static wm_client *make(struct rig *rig, struct outgoing *self, const char *address)
{
    self->rig = rig;
    wm_client *client = wm_client_new(rig->app, address);
    if (!client) {
        rig->noticed++;
        wm_last_error(); /* read, so a start does not fail with it */
        return NULL;
    }
    if (rig_ok(rig, wm_client_on_connect(client, on_connect, NULL, NULL)) && rig_ok(rig, wm_client_on_open(client, on_open, self, NULL)) &&
        rig_ok(rig, wm_client_on_message(client, on_message, self, NULL)) &&
        rig_ok(rig, wm_client_on_error(client, on_error, self, NULL)) && rig_ok(rig, wm_client_on_close(client, on_close, self, NULL)) &&
        rig_ok(rig, wm_client_set_str(client, "source_address", "127.0.0.1")) && rig_ok(rig, wm_client_set_user(client, self, gone)) &&
        rig_ok(rig, wm_client_connect(client)))
        return client;
    wm_last_error();
    wm_client_free(client);
    return NULL;
}

static int listen_at(char *address, size_t cap, const char *host)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)&in, len) != 0 || getsockname(fd, (struct sockaddr *)&in, &len) != 0)
        return -1;
    snprintf(address, cap, "text://%s:%d", host, ntohs(in.sin_port));
    return fd;
}

/* A server that answers once and is gone: a client that is refused, one that comes back twice, one by name, one of no name, one that is
   freed while it connects. */
void play_clients(struct rig *rig)
{
    static struct outgoing refused, back, named, unknown, freed;
    struct outgoing *all[] = {&refused, &back, &named, &unknown, &freed};
    for (int i = 0; i < 5; i++)
        *all[i] = (struct outgoing){.again = -1};
    char closed[64], open[64], local[64];
    int closed_fd = listen_at(closed, sizeof closed, "127.0.0.1"), fd = listen_at(open, sizeof open, "127.0.0.1");
    snprintf(local, sizeof local, "text://localhost:%s", strrchr(open, ':') + 1);
    listen(fd, 16);
    back.again = 2;
    wm_client *clients[] = {make(rig, &refused, closed), make(rig, &back, open), make(rig, &named, local),
                            make(rig, &unknown, "text://name.invalid:1"), make(rig, &freed, open)};
    char line[400];
    memset(line, 'x', sizeof line);
    for (int i = 1; i < 3; i++)
        if (clients[i])
            rig_ok(rig, wm_conn_send(wm_client_conn(clients[i]), line, sizeof line, 0));
    wm_client_free(clients[4]);
    rig_turn(rig);
    wm_client_free(clients[3]);
    int64_t guard = rig_clock_ms() + RIG_GUARD_MS;
    while (!rig->wrong[0] && ((clients[0] && refused.closes < 1) || (clients[1] && (back.closes < 1 || back.again >= 0)) ||
                              (clients[2] && named.closes < 1))) {
        int peer = accept(fd, NULL, NULL);
        if (peer >= 0) {
            send(peer, "hello\n", 6, MSG_NOSIGNAL);
            close(peer);
        }
        rig_turn(rig);
        if (rig_clock_ms() > guard)
            rig_wrong(rig, "a client has no close event: %d, %d, %d", refused.closes, back.closes, named.closes);
    }
    for (int i = 0; i < 3; i++)
        wm_client_free(clients[i]);
    for (int i = 0; i < 4; i++)
        rig_turn(rig);
    for (int i = 0; i < 5; i++)
        if (clients[i] && all[i]->destroyed != 1)
            rig_wrong(rig, "client %d has had its destroy %d times", i, all[i]->destroyed);
    close(closed_fd);
    close(fd);
}
