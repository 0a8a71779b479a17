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

/* With one more option, if it has a name. NULL, with what was wrong noticed. */
static wm_client *make(struct rig *rig, struct outgoing *self, const char *address, const char *option, const char *value)
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
        (!option || rig_ok(rig, wm_client_set_str(client, option, value))) && rig_ok(rig, wm_client_connect(client)))
        return client;
    wm_last_error();
    wm_client_free(client);
    return NULL;
}

static int listen_at(char *address, size_t cap, const char *scheme)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)&in, len) != 0 || getsockname(fd, (struct sockaddr *)&in, &len) != 0)
        return -1;
    snprintf(address, cap, "%s://127.0.0.1:%d", scheme, ntohs(in.sin_port));
    return fd;
}

/* Takes a connection and answers what it asks for, once, as a proxy whose target says hello and is gone. */
static void serve_tunnel(int listener, int *peer)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\n\r\nhello\n";
    char request[1024];
    if (*peer < 0)
        *peer = accept(listener, NULL, NULL);
    if (*peer < 0 || recv(*peer, request, sizeof request, MSG_DONTWAIT) < 0)
        return;
    send(*peer, answer, sizeof answer - 1, MSG_NOSIGNAL);
    close(*peer);
    *peer = -1;
}

/* A server that answers once and is gone: a client that is refused, one that comes back twice, one by name, one through a proxy, one of no
   name, one that is freed while it connects. */
void play_clients(struct rig *rig)
{
    enum { REFUSED, BACK, NAMED, TUNNEL, UNKNOWN, FREED, ALL };
    static struct outgoing refused, back, named, tunnel, unknown, freed;
    struct outgoing *all[ALL] = {&refused, &back, &named, &tunnel, &unknown, &freed};
    for (int i = 0; i < ALL; i++)
        *all[i] = (struct outgoing){.again = -1};
    char closed[64], open[64], local[64], proxy[64];
    int closed_fd = listen_at(closed, sizeof closed, "text"), fd = listen_at(open, sizeof open, "text");
    int proxy_fd = listen_at(proxy, sizeof proxy, "http"), proxied = -1;
    listen(proxy_fd, 16);
    snprintf(local, sizeof local, "text://localhost:%s", strrchr(open, ':') + 1);
    listen(fd, 16);
    back.again = 2;
    wm_client *clients[ALL] = {make(rig, &refused, closed, NULL, NULL),
                               make(rig, &back, open, NULL, NULL),
                               make(rig, &named, local, NULL, NULL),
                               make(rig, &tunnel, "text://192.0.2.1:7", "proxy", proxy),
                               make(rig, &unknown, "text://name.invalid:1", NULL, NULL),
                               make(rig, &freed, open, NULL, NULL)};
    char line[400];
    memset(line, 'x', sizeof line);
    for (int i = BACK; i <= TUNNEL; i++)
        if (clients[i])
            rig_ok(rig, wm_conn_send(wm_client_conn(clients[i]), line, sizeof line, 0));
    wm_client_free(clients[FREED]);
    rig_turn(rig);
    wm_client_free(clients[UNKNOWN]);
    int64_t guard = rig_clock_ms() + RIG_GUARD_MS;
    while (!rig->wrong[0] && ((clients[REFUSED] && refused.closes < 1) || (clients[BACK] && (back.closes < 1 || back.again >= 0)) ||
                              (clients[NAMED] && named.closes < 1) || (clients[TUNNEL] && tunnel.closes < 1))) {
        serve_tunnel(proxy_fd, &proxied);
        int peer = accept(fd, NULL, NULL);
        if (peer >= 0) {
            send(peer, "hello\n", 6, MSG_NOSIGNAL);
            close(peer);
        }
        rig_turn(rig);
        if (rig_clock_ms() > guard)
            rig_wrong(rig, "a client has no close event: %d, %d, %d, %d", refused.closes, back.closes, named.closes, tunnel.closes);
    }
    if (rig->noticed == 0 && tunnel.bytes != 5)
        rig_wrong(rig, "%u bytes came through the proxy", tunnel.bytes);
    for (int i = 0; i < UNKNOWN; i++)
        wm_client_free(clients[i]);
    for (int i = 0; i < 4; i++)
        rig_turn(rig);
    for (int i = 0; i < ALL; i++)
        if (clients[i] && all[i]->destroyed != 1)
            rig_wrong(rig, "client %d has had its destroy %d times", i, all[i]->destroyed);
    close(closed_fd);
    close(proxy_fd);
    if (proxied >= 0)
        close(proxied);
    close(fd);
}

/* A websocket client of the rig's worker with that option: it opens, gets back what it says, and closes. */
static void play_page(struct rig *rig, struct outgoing *self, const char *option, const char *value, size_t len, unsigned messages)
{
    static char said[4000];
    *self = (struct outgoing){.again = -1};
    char address[64];
    int index = rig->seen_count;
    snprintf(address, sizeof address, "%s://127.0.0.1%s/?a", rig->tls ? "wss" : "ws", strrchr(wm_worker_address(rig->worker), ':'));
    wm_client *client = make(rig, self, address, option, value);
    if (!client)
        return;
    rig_until(rig, self->closes || (self->opens && rig->seen_count == index + 1));
    for (unsigned i = 0; i < messages && !self->closes; i++) {
        size_t size = rig_payload(said, (char)('A' + index % 26), i, len);
        if (!rig_ok(rig, wm_conn_send(wm_client_conn(client), said, size, 0)))
            break;
        rig_until(rig, self->closes || self->bytes == (i + 1) * size);
    }
    rig_ok(rig, wm_client_close(client));
    rig_until(rig, self->closes);
    wm_client_free(client);
    rig_turn(rig);
    rig_turn(rig);
    if (self->destroyed != 1)
        rig_wrong(rig, "the client has had its destroy %d times", self->destroyed);
}

/* Over TLS where the worker has it. */
void play_page_client(struct rig *rig)
{
    static struct outgoing self;
    play_page(rig, &self, rig->tls ? "tls_ca" : "ws_subprotocol", rig->tls ? WM_TEST_TLS "/localhost.pem" : "a", 32, 1);
}

/* Compressed both ways: with the streams of the app, then with those of the connection. */
void play_deflate(struct rig *rig)
{
    static const char *const modes[] = {"shared", "own"};
    static struct outgoing clients[2];
    for (int i = 0; i < 2; i++)
        if (rig_ok(rig, wm_worker_set_str(rig->worker, "deflate", modes[i])))
            play_page(rig, &clients[i], "deflate", modes[i], 4000, 3);
}
