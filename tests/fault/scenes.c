// The scenes of the allocation sweep: each uses a part of the library as hosts and peers do, with more than one connection.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 300 * 1024 };

static void end_peer(struct rig *rig, struct peer *peer)
{
    peer->expected = 1;
    if (!rig_over(peer))
        rig_shut(peer);
    rig_until(rig, rig_over(peer) && (!peer->seen || peer->seen->closes));
}

/* Bytes that come back, more than the sockets hold; an end of one side while bytes are queued. */
static void raw(struct rig *rig)
{
    struct peer *witnesses[RIG_WITNESSES];
    rig_begin_witnesses(rig, witnesses);
    struct peer *slow = rig_connect(rig, 1);
    slow->unread = 1;
    for (int i = 0; i < 6; i++)
        rig_stream(rig, slow, LARGE);
    rig_ask_witnesses(rig, witnesses);
    slow->unread = 0;
    rig_hear(rig, slow);
    rig_ask_witnesses(rig, witnesses);
    end_peer(rig, slow);
    rig_ask_witnesses(rig, witnesses);
}

/* Lines: many in one read, in parts, longer than a read; options of one connection; a close by the host. */
static void lines(struct rig *rig)
{
    struct peer *witnesses[RIG_WITNESSES];
    rig_begin_witnesses(rig, witnesses);
    struct peer *peer = rig_connect(rig, 1);
    for (int i = 0; i < 20; i++)
        rig_say(rig, peer, 30, 1);
    rig_hear(rig, peer);
    rig_say(rig, peer, 60, 3);
    rig_say(rig, peer, 100 * 1024, 5);
    rig_ask_witnesses(rig, witnesses);
    rig_hear(rig, peer);
    peer->unread = 1;
    for (int i = 0; i < 8; i++)
        rig_say(rig, peer, LARGE, 2);
    rig_ask_witnesses(rig, witnesses);
    if (peer->seen && !peer->seen->closes) {
        rig_ok(rig, wm_conn_set_int(peer->seen->conn, "send_high_water", 1024));
        rig_ok(rig, wm_conn_pause_recv(peer->seen->conn));
        rig_say(rig, peer, 50, 1);
        rig_turn(rig);
        rig_ok(rig, wm_conn_resume_recv(peer->seen->conn));
    }
    peer->unread = 0;
    rig_hear(rig, peer);
    if (peer->seen && !peer->seen->closes) {
        peer->expected = 1;
        rig_ok(rig, wm_conn_close(peer->seen->conn, 0, "that is all", 11));
        rig_until(rig, rig_over(peer) && peer->seen->closes);
    }
    rig_ask_witnesses(rig, witnesses);
}

/* Records: small ones, more than the sockets hold, ends from both sides; a peer that speaks no TLS. */
static void secured(struct rig *rig)
{
    struct peer *witness = rig_connect(rig, 1), *peer = rig_connect(rig, 1), *slow = rig_connect(rig, 1);
    for (int i = 0; i < 3; i++)
        rig_say(rig, peer, 30, 1);
    rig_hear(rig, peer);
    slow->unread = 1;
    for (int i = 0; i < 8; i++)
        rig_say(rig, slow, LARGE, 2);
    rig_say(rig, witness, 40, 1);
    rig_hear(rig, witness);
    slow->unread = 0;
    rig_hear(rig, slow);
    end_peer(rig, slow);
    rig_stranger(rig);
    if (peer->seen && !peer->seen->closes) {
        peer->expected = 1;
        rig_ok(rig, wm_conn_close(peer->seen->conn, 0, "that is all", 11));
        rig_until(rig, rig_over(peer) && peer->seen->closes);
    }
    rig_say(rig, witness, 40, 1);
    rig_hear(rig, witness);
}

/* A hub with two pages of one uid, and one of another, called from here and from another thread. */
struct call {
    struct rig *rig;
    wm_hub *hub;
    wm_conn conn;
    int results[6];
};

static void destroyed(void *user)
{
    ((struct rig *)user)->destroys++;
}

static void on_result(wm_hub *hub, int32_t status, int64_t connections, void *user)
{
    struct rig *rig = (struct rig *)user;
    (void)hub, (void)connections;
    rig->results++;
    if (status != 0 && status != WM_ENOMEM)
        rig_wrong(rig, "a hub result with status %s", wm_error_name(status));
}

static void on_post(wm_app *app, void *user)
{
    (void)app;
    ((struct rig *)user)->posts++;
}

static void *elsewhere(void *argument)
{
    struct call *call = (struct call *)argument;
    struct rig *rig = call->rig;
    wm_hub_result_fn done = rig->cap ? NULL : on_result;
    char payload[64];
    size_t len = rig_payload(payload, '*', 2, 40);
    int64_t none;
    call->results[0] = wm_hub_send(call->hub, "one", 3, payload, len, 0, &none, done, rig, destroyed);
    call->results[1] = wm_hub_broadcast(call->hub, payload, len, 0, &none, done, rig, destroyed);
    call->results[2] = wm_hub_online(call->hub, "two", 3, &none, done, rig, destroyed);
    call->results[3] = wm_app_post(rig->app, rig->cap ? NULL : on_post, rig, destroyed);
    call->results[4] = wm_conn_send(call->conn, payload, len, 0);
    call->results[5] = wm_conn_close(call->conn, 0, "from elsewhere", 14);
    return NULL;
}

static void hub(struct rig *rig)
{
    struct peer *pages[4];
    for (int i = 0; i < 4; i++)
        pages[i] = rig_connect(rig, 1);
    wm_hub *made = wm_hub_new(rig->app);
    if (!made) {
        rig->noticed++;
        return;
    }
    rig_ok(rig, wm_hub_set_int(made, "max_per_uid", 2));
    for (int i = 0; i < 4; i++)
        if (pages[i]->seen && !pages[i]->seen->closes)
            rig_ok(rig, wm_hub_bind(made, i < 2 ? "one" : i == 2 ? "two" : "three", i == 3 ? 5 : 3, pages[i]->seen->conn));
    static char payload[LARGE];
    int64_t count;
    for (int i = 0; i < 2; i++) {
        size_t len = rig_payload(payload, '*', 3, i ? LARGE : 30);
        rig_ok(rig, wm_hub_send(made, "one", 3, payload, len, 0, &count, NULL, NULL, NULL));
        rig_ok(rig, wm_hub_send(made, "two", 3, payload, len, 0, &count, NULL, NULL, NULL));
        rig_ok(rig, wm_hub_broadcast(made, payload, len, 0, &count, NULL, rig, destroyed));
        rig->destroys--;
        rig_turn(rig);
    }
    struct call call = {rig, made, pages[3]->seen ? pages[3]->seen->conn : 0, {0}};
    pages[3]->expected = pages[3]->seen != NULL;
    int closed = pages[3]->seen && pages[3]->seen->closes;
    pthread_t thread;
    if (pthread_create(&thread, NULL, elsewhere, &call) != 0) {
        rig_wrong(rig, "no thread");
        return;
    }
    pthread_join(thread, NULL);
    int queued = 0, posted = 0;
    for (int i = 0; i < 6; i++) {
        if (call.results[i] < 0 && !(i > 3 && (closed || !call.conn)))
            rig_ok(rig, call.results[i]);
        queued += i < 3 && call.results[i] >= 0;
        posted += i == 3 && call.results[i] >= 0;
    }
    rig_until(rig, rig->results == queued && rig->posts == posted);
    if (call.conn && call.results[5] >= 0)
        rig_until(rig, rig_over(pages[3]) && pages[3]->seen->closes);
    pages[0]->expected = 1; // replaced
    if (pages[2]->seen && !pages[2]->seen->closes && rig_ok(rig, wm_hub_unbind(made, pages[2]->seen->conn)) &&
        rig_ok(rig, wm_hub_bind(made, "one", 3, pages[2]->seen->conn)))
        rig_turn(rig);
    for (int i = 1; i < 3; i++) {
        rig_say(rig, pages[i], 30, 1);
        rig_hear(rig, pages[i]);
    }
    rig_turn(rig);
    rig_turn(rig);
    if (!rig->wrong[0] && rig->destroys < queued + posted && rig->cap == 0)
        rig_wrong(rig, "%d of %d calls have had their destroy", rig->destroys, queued + posted);
    if (!rig->noticed)
        wm_hub_free(made);
}

static void on_timer(wm_timer timer, void *user)
{
    (void)timer;
    ((struct rig *)user)->timers++;
}

static void timers(struct rig *rig)
{
    wm_timer made[40];
    int once = 0, all = 0;
    wm_timer_fn fn = rig->cap ? NULL : on_timer;
    for (int i = 0; i < 40; i++) {
        made[i] = wm_timer_add(rig->app, i < 30 ? 0 : 3600 * 1000, 0, fn, rig, destroyed);
        if (!made[i])
            rig->noticed++;
        once += i < 30 && made[i];
        all += made[i] != 0;
    }
    wm_timer repeated = wm_timer_add(rig->app, 1, 1, fn, rig, destroyed);
    if (!repeated)
        rig->noticed++;
    rig_until(rig, rig->timers >= once + (repeated ? 3 : 0));
    if (repeated)
        rig_ok(rig, wm_timer_del(repeated));
    for (int i = 30; i < 40; i++)
        if (made[i])
            rig_ok(rig, wm_timer_del(made[i]));
    all += repeated != 0;
    rig_until(rig, rig->destroys == all);
}

static void on_watch(wm_watch watch, int fd, int32_t events, void *user)
{
    (void)watch, (void)fd, (void)events;
    ((struct rig *)user)->watches++;
}

static void on_signal(wm_signal signal, int32_t number, void *user)
{
    (void)signal, (void)number;
    ((struct rig *)user)->signals++;
}

/* Descriptors and signals of the host, two watches of one descriptor among them, and a socket that becomes a connection. */
static void foreign(struct rig *rig)
{
    int ends[2], pair[2];
    int all = 0;
    wm_watch watches[40] = {0};
    wm_signal signals[2] = {0};
    struct peer *witness = rig_connect(rig, 1);
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return;
    for (int i = 0; i < 40; i++) {
        watches[i] = wm_watch_add(rig->app, ends[0], WM_WATCH_READ, rig->cap ? NULL : on_watch, rig, destroyed);
        rig->noticed += !watches[i];
        all += watches[i] != 0;
    }
    for (int i = 0; i < 2; i++) {
        signals[i] = wm_signal_add(rig->app, SIGUSR1, rig->cap ? NULL : on_signal, rig, destroyed);
        rig->noticed += !signals[i];
    }
    int handled = (signals[0] != 0) + (signals[1] != 0);
    if (write(ends[1], "x", 1) != 1)
        rig_wrong(rig, "a pipe without room");
    if (handled)
        raise(SIGUSR1);
    rig_until(rig, rig->watches >= all && rig->signals >= handled);
    int before = rig->seen_count;
    wm_conn conn = wm_worker_adopt(rig->worker, pair[0]);
    if (conn)
        rig_until(rig, rig->seen_count > before);
    if (!conn) {
        rig->noticed++;
        close(pair[0]);
    } else {
        rig_ok(rig, wm_conn_destroy(conn));
    }
    close(pair[1]);
    for (int i = 0; i < 40; i++)
        if (watches[i] && i % 2)
            rig_ok(rig, wm_watch_del(watches[i]));
        else if (watches[i])
            rig_ok(rig, wm_watch_set(watches[i], 0));
    for (int i = 0; i < 2; i++)
        if (signals[i])
            rig_ok(rig, wm_signal_del(signals[i]));
    rig_turn(rig);
    rig_stream(rig, witness, 100);
    rig_hear(rig, witness);
    close(ends[0]);
    close(ends[1]);
}

/* Enough connections that every list grows while others live. */
static void many(struct rig *rig)
{
    struct peer *peers[60];
    for (int i = 0; i < 60; i++)
        peers[i] = rig_connect(rig, 1);
    for (int i = 0; i < 60; i++)
        rig_say(rig, peers[i], 30, 1);
    for (int i = 0; i < 60; i++)
        rig_hear(rig, peers[i]);
    for (int i = 0; i < 60; i += 2)
        if (peers[i]->seen && !peers[i]->seen->closes) {
            peers[i]->expected = 1;
            rig_ok(rig, wm_conn_close(peers[i]->seen->conn, 0, "half of them", 12));
        }
    for (int i = 0; i < 60; i += 2)
        if (peers[i]->seen)
            rig_until(rig, rig_over(peers[i]) && peers[i]->seen->closes);
    for (int i = 1; i < 60; i += 2)
        rig_say(rig, peers[i], 3000, 2);
    for (int i = 1; i < 60; i += 2)
        rig_hear(rig, peers[i]);
}

static void ignore(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn, (void)user;
}

/* A protocol of the host's: its state, and callbacks of one connection, are destroyed once whatever fails. */
static void own(struct rig *rig)
{
    struct peer *witnesses[RIG_WITNESSES];
    rig_begin_witnesses(rig, witnesses);
    struct peer *peer = rig_connect(rig, 1);
    int set = 0;
    for (int i = 0; i < 2 && peer->seen && !peer->seen->closes; i++) {
        wm_conn conn = peer->seen->conn;
        set += rig_ok(rig, wm_conn_set_protocol_state(conn, rig, destroyed));
        set += rig_ok(rig, wm_conn_on_buffer_full(conn, ignore, rig, destroyed));
        set += rig_ok(rig, wm_conn_on_buffer_drain(conn, ignore, rig, destroyed));
    }
    for (int i = 0; i < 20; i++)
        rig_say(rig, peer, 30, 1);
    rig_say(rig, peer, 100 * 1024, 5);
    rig_hear(rig, peer);
    rig_ask_witnesses(rig, witnesses);
    if (peer->seen && !peer->seen->closes) {
        peer->expected = 1;
        rig_ok(rig, wm_conn_close(peer->seen->conn, 0, "that is all", 11));
    }
    rig_until(rig, !peer->seen || (rig_over(peer) && peer->seen->closes));
    rig_until(rig, rig->destroys == set);
    rig_ask_witnesses(rig, witnesses);
}

const struct scene scenes[] = {
    {"raw", RIG_RAW, raw, 0, NULL},
    {"lines", RIG_TEXT, lines, 0, NULL},
    {"http", RIG_HTTP, play_http, 0, NULL},
    {"http stop", RIG_HTTP, play_http_stop, 0, NULL},
    {"http streams", RIG_HTTP, play_streams, 0, NULL},
    {"forms", RIG_HTTP, play_forms, 0, NULL},
    {"bodies", RIG_HTTP, play_bodies, 0, NULL},
    {"parts", RIG_HTTP, play_parts, 0, NULL},
    {"websocket", RIG_WS, play_pages, 0, NULL},
    {"messages in parts", RIG_WS, play_sent_parts, 0, NULL},
    {"handshakes", RIG_WS, play_handshakes, 0, NULL},
    {"hub", RIG_TEXT, hub, 0, NULL},
    {"groups", RIG_TEXT, play_groups, 0, NULL},
    {"timers", RIG_RAW, timers, 0, NULL},
    {"many", RIG_TEXT, many, 0, NULL},
    {"own protocol", RIG_OWN, own, 0, NULL},
    {"foreign", RIG_RAW, foreign, 0, NULL},
    {"tls", RIG_TEXT, secured, 1, NULL},
    {"clients", RIG_RAW, play_clients, 0, NULL},
    {"page client", RIG_WS, play_page_client, 0, NULL},
    {"secure page client", RIG_WS, play_page_client, 1, NULL},
    {"deflate", RIG_WS, play_deflate, 0, NULL},
    {"slow pages", RIG_WS, play_slow, 0, NULL},
    {"slow lines", RIG_TEXT, play_slow, 0, NULL},
    {"forwarded requests", RIG_HTTP, play_forwarded, 0, NULL},
    {"behind a proxy", RIG_TEXT, play_proxied, 0, NULL},
    {"secure behind a proxy", RIG_TEXT, play_proxied, 1, NULL},
    {"pages behind a proxy", RIG_WS, play_proxied, 0, "json"},
    {"pipes", RIG_RAW, play_pipes, 0, NULL},
    {"datagrams", RIG_TEXT, play_datagrams, 0, NULL},
    {"files", RIG_HTTP, play_files, 0, NULL},
    {"access log", RIG_HTTP, play_http, 0, "combined"},
    {"access log of forwarded requests", RIG_HTTP, play_forwarded, 0, "combined"},
    {"access log of streams", RIG_HTTP, play_streams, 0, "json"},
    {"access log of handshakes", RIG_WS, play_handshakes, 0, "json"},
};
const size_t scene_count = sizeof scenes / sizeof scenes[0];

void scene_run(const struct scene *scene, size_t cap, struct rig *rig)
{
    if (rig_begin(rig, cap, scene->kind, scene->tls, scene->log))
        scene->play(rig);
    rig_end(rig);
}
