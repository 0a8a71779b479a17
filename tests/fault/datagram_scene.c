// Datagrams while allocations fail: some may be lost, as datagrams may, and the worker goes on; a peer's user pointer is destroyed once.
// All events are callbacks, also in pull mode.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOURCES = 6, LINES = 200 };

struct datagrams {
    struct rig *rig;
    int users, destroyed;
    unsigned client_heard;
    int client_closes;
};

static void on_destroy(void *user)
{
    ((struct datagrams *)user)->destroyed++;
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)kind;
    struct datagrams *self = user;
    if (!wm_conn_user(conn) && rig_ok(self->rig, wm_conn_set_user(conn, self, on_destroy)))
        self->users++;
    rig_ok(self->rig, wm_conn_send(conn, data, len, 0));
}

static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)code, (void)text, (void)len;
    ((struct datagrams *)user)->rig->noticed++;
}

static void on_answer(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)conn, (void)kind;
    struct datagrams *self = user;
    if (len != 3 || memcmp(data, "ask", 3) != 0)
        rig_wrong(self->rig, "a client has heard %zu bytes of another", len);
    self->client_heard++;
}

static void on_state(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn, (void)user;
}

static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)reason, (void)code, (void)text, (void)len;
    ((struct datagrams *)user)->client_closes++;
}

static int connect_to(wm_worker *worker)
{
    const char *port = strrchr(wm_worker_address(worker), ':');
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)atoi(port + 1))};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

/** Asks until there is an answer: what was lost for want of memory is asked for again. */
static void exchange(struct rig *rig, int fd, const char *line)
{
    char got[64];
    ssize_t len = -1;
    for (int round = 0; len < 0 && !rig->wrong[0]; round++) {
        if (round > 100)
            rig_wrong(rig, "no answer to %s", line);
        if (send(fd, line, strlen(line), 0) < 0)
            rig_wrong(rig, "a socket without room");
        for (int turns = 0; turns < 10 && len < 0; turns++) {
            rig_turn(rig);
            len = recv(fd, got, sizeof got, 0);
        }
    }
    if (len >= 0 && ((size_t)len != strlen(line) || memcmp(got, line, (size_t)len) != 0))
        rig_wrong(rig, "an answer of %zd bytes to %s", len, line);
}

/** More lines than a turn takes, so that what follows is held. */
static void flood(struct rig *rig, int fd)
{
    char lines[2 * LINES];
    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = i % 2 == 0 ? 'f' : '\n';
    for (int i = 0; i < 3; i++)
        (void)!send(fd, lines, sizeof lines, 0);
    for (int i = 0; i < 20; i++)
        rig_turn(rig);
    while (recv(fd, lines, sizeof lines, 0) >= 0 || (rig_turn(rig), recv(fd, lines, sizeof lines, 0) >= 0))
        ;
}

static void ask_by_client(struct rig *rig, struct datagrams *self, wm_worker *worker)
{
    wm_client *client = wm_client_new(rig->app, wm_worker_address(worker));
    rig->noticed += !client;
    int begun =
        client && rig_ok(rig, wm_client_on_connect(client, on_state, NULL, NULL)) &&
        rig_ok(rig, wm_client_on_open(client, on_state, NULL, NULL)) && rig_ok(rig, wm_client_on_closing(client, on_state, NULL, NULL)) &&
        rig_ok(rig, wm_client_on_message(client, on_answer, self, NULL)) && rig_ok(rig, wm_client_on_error(client, on_error, self, NULL)) &&
        rig_ok(rig, wm_client_on_close(client, on_close, self, NULL)) && rig_ok(rig, wm_client_set_str(client, "transport", "udp")) &&
        rig_ok(rig, wm_client_connect(client));
    for (int round = 0; begun && self->client_heard == 0 && self->client_closes == 0 && !rig->wrong[0]; round++) {
        if (round > 100)
            rig_wrong(rig, "a client of datagrams hears nothing");
        rig_ok(rig, wm_conn_send(wm_client_conn(client), "ask", 3, 0));
        for (int i = 0; i < 5; i++)
            rig_turn(rig);
    }
    wm_last_error();
    wm_client_free(client);
    for (int i = 0; i < 4; i++)
        rig_turn(rig);
    if (begun && self->client_closes != 1)
        rig_wrong(rig, "a client of datagrams has had %d close events", self->client_closes);
}

void play_datagrams(struct rig *rig)
{
    struct peer *witnesses[RIG_WITNESSES];
    rig_begin_witnesses(rig, witnesses);
    static struct datagrams self;
    self = (struct datagrams){.rig = rig};
    wm_worker *worker = wm_worker_new(rig->app, "text://127.0.0.1:0");
    rig->noticed += !worker;
    int begun = worker && rig_ok(rig, wm_worker_on_message(worker, on_message, &self, NULL)) &&
                rig_ok(rig, wm_worker_on_error(worker, on_error, &self, NULL)) &&
                rig_ok(rig, wm_worker_set_str(worker, "transport", "udp")) && rig_ok(rig, wm_worker_set_int(worker, "udp_peers", 4)) &&
                rig_ok(rig, wm_worker_listen(worker));
    wm_last_error();
    if (begun) {
        int sources[SOURCES];
        for (int i = 0; i < SOURCES; i++) {
            sources[i] = connect_to(worker);
            exchange(rig, sources[i], "hello\n");
        }
        flood(rig, sources[0]);
        rig_ok(rig, wm_worker_send_to(worker, "127.0.0.1:9", "x", 1, 0));
        rig_turn(rig);
        exchange(rig, sources[1], "again\n");
        rig_ok(rig, wm_worker_broadcast(worker, "all", 3, 0));
        rig_ask_witnesses(rig, witnesses);
        ask_by_client(rig, &self, worker);
        for (int i = 0; i < SOURCES; i++)
            close(sources[i]);
    }
    wm_worker_free(worker);
    rig_ask_witnesses(rig, witnesses);
    for (int i = 0; i < 4; i++)
        rig_turn(rig);
    if (self.users != self.destroyed)
        rig_wrong(rig, "%d user pointers of peers, %d were destroyed", self.users, self.destroyed);
}
