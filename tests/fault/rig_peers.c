/* The rig's peers: clients that check every byte they get. */
#define _GNU_SOURCE
#include "fault/fault_points.h"
#include "fault/rig.h"
#include "support/tls_peer.h"
#include "support/ws_frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char inputs[RIG_PEERS][RIG_IN];
static char outgoing[RIG_IN];
static char fragments[RIG_PEERS][RIG_IN / 4];

/* What OpenSSL allocates for a peer is the test's own. */

static ssize_t peer_recv(struct peer *peer, void *out, size_t len)
{
    if (!peer->tls)
        return recv(peer->fd, out, len, MSG_DONTWAIT);
    int before = fault_spare(1);
    ssize_t got = tls_peer_recv(peer->tls, out, len);
    int number = errno;
    fault_spare(before);
    errno = number;
    return got;
}

static ssize_t peer_send(struct peer *peer, const void *data, size_t len)
{
    if (!peer->tls)
        return send(peer->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    int before = fault_spare(1);
    ssize_t sent = tls_peer_send(peer->tls, data, len);
    int number = errno;
    fault_spare(before);
    errno = number;
    return sent;
}

void rig_shut(struct peer *peer)
{
    int before = fault_spare(1);
    if (peer->tls)
        tls_peer_end(peer->tls);
    fault_spare(before);
    shutdown(peer->fd, SHUT_WR);
}

void rig_close_peer(struct peer *peer)
{
    int before = fault_spare(1);
    if (peer->tls)
        tls_peer_free(peer->tls, 1);
    fault_spare(before);
    peer->tls = NULL;
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
}

int rig_over(const struct peer *peer)
{
    return peer->fd < 0;
}

static void drop(struct peer *peer, size_t len)
{
    memmove(peer->in, peer->in + len, peer->len - len);
    peer->len -= len;
}

static void hear_payload(struct rig *rig, struct peer *peer, const char *data, size_t len)
{
    char tag;
    unsigned number;
    if (!rig_is_payload(data, len, &tag, &number))
        rig_wrong(rig, "the peer got %zu bytes that nobody sent: %.*s", len, (int)(len < 20 ? len : 20), data);
    else if (tag == '*')
        peer->broadcasts++;
    else if (tag != (char)('A' + (peer->seen - rig->seen) % 26) || number != peer->heard)
        rig_wrong(rig, "the peer got %c%u instead of number %u of its own", tag, number, peer->heard);
    else
        peer->heard++;
}

static void hear_raw(struct rig *rig, struct peer *peer)
{
    int index = peer->seen ? (int)(peer->seen - rig->seen) : 0;
    for (size_t i = 0; i < peer->len; i++)
        if (peer->in[i] != rig_raw_byte(index, peer->heard + i))
            rig_wrong(rig, "raw: echoed byte %zu is not the peer's", peer->heard + i);
    peer->heard += (unsigned)peer->len;
    peer->len = 0;
}

static void hear_text(struct rig *rig, struct peer *peer)
{
    char *end;
    while (peer->len > 0 && (end = (char *)memchr(peer->in, '\n', peer->len))) {
        size_t len = (size_t)(end - peer->in);
        hear_payload(rig, peer, peer->in, len);
        drop(peer, len + 1);
    }
}

/** Answers have their number as the body, in the order of the requests; 100 Continue and refusals are counted apart. */
static void hear_http(struct rig *rig, struct peer *peer)
{
    for (;;) {
        char *end = (char *)memmem(peer->in, peer->len, "\r\n\r\n", 4);
        if (!end)
            return;
        size_t head = (size_t)(end - peer->in) + 4;
        int status = atoi(peer->in + 9);
        if (status == 100) {
            peer->pongs++;
            drop(peer, head);
            continue;
        }
        if (status == 103 || memmem(peer->in, head, "chunked", 7)) { // of an interim response; events, of which nothing is counted
            drop(peer, status == 103 ? head : peer->len);
            continue;
        }
        char *field = (char *)memmem(peer->in, head, "Content-Length: ", 16);
        size_t len = field ? (size_t)atol(field + 16) : 0;
        if (peer->len < head + len)
            return;
        if (status == 200) {
            char body[16];
            snprintf(body, sizeof body, "%.*s", (int)len, peer->in + head); // behind it may be digits of what was there before
            if (len == 0 || (unsigned)atoi(body) != peer->heard)
                rig_wrong(rig, "answer %.*s instead of %u", (int)len, peer->in + head, peer->heard);
            peer->heard++;
        } else {
            peer->closes++;
            rig->noticed += status == 503;
        }
        drop(peer, head + len);
    }
}

/** Joins the frames of a message; a frame that is all of it is one, too. */
static void hear_frame(struct rig *rig, struct peer *peer, int first, const char *data, size_t len)
{
    char *message = fragments[peer->index];
    if ((first & 15) != 0 && peer->joined > 0)
        rig_wrong(rig, "the peer got another message in the middle of one");
    if (first == 0x81 || first == 0x82) {
        hear_payload(rig, peer, data, len);
        return;
    }
    if (peer->joined + len > sizeof fragments[0]) {
        rig_wrong(rig, "the peer got a message without an end");
        return;
    }
    memcpy(message + peer->joined, data, len);
    peer->joined += len;
    if (!(first & 0x80))
        return;
    hear_payload(rig, peer, message, peer->joined);
    peer->joined = 0;
}

static void hear_ws(struct rig *rig, struct peer *peer)
{
    if (peer->seen && !peer->broadcasts && !peer->pongs && !peer->heard && peer->len > 4 && memcmp(peer->in, "HTTP", 4) == 0) {
        char *end = (char *)memmem(peer->in, peer->len, "\r\n\r\n", 4);
        if (!end)
            return;
        if (atoi(peer->in + 9) != 101)
            peer->closes++;
        size_t body = peer->closes ? peer->len : (size_t)(end - peer->in) + 4;
        drop(peer, body);
    }
    while (peer->len >= 2) {
        size_t len = (unsigned char)peer->in[1], head = 2;
        if (len >= 126) {
            size_t bytes = len == 126 ? 2 : 8;
            head += bytes;
            if (peer->len < head)
                return;
            len = 0;
            for (size_t i = 0; i < bytes; i++)
                len = len << 8 | (unsigned char)peer->in[2 + i];
        }
        if (peer->len < head + len)
            return;
        int opcode = peer->in[0] & 15;
        if (opcode == 8) {
            peer->closes++;
            if (peer->fd >= 0 && !peer->said_close)
                peer_send(peer, "\x88\x80mask", 6);
        } else if (opcode == 9 || opcode == 10) {
            peer->pongs += opcode == 10;
        } else if (opcode <= 2) {
            hear_frame(rig, peer, (unsigned char)peer->in[0], peer->in + head, len);
        } else {
            rig_wrong(rig, "the peer got opcode %d", opcode);
        }
        drop(peer, head + len);
    }
}

void rig_peer_read(struct rig *rig, struct peer *peer)
{
    static void (*const hear[])(struct rig *, struct peer *) = {hear_raw, hear_text, hear_http, hear_ws, hear_text};
    while (peer->fd >= 0) {
        ssize_t got = peer_recv(peer, peer->in + peer->len, RIG_IN - peer->len);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            rig_close_peer(peer);
            if (peer->seen && !peer->expected && !rig->stopped)
                rig->closed++;
            return;
        }
        peer->len += (size_t)got;
        hear[rig->kind](rig, peer);
    }
}

void rig_write(struct rig *rig, struct peer *peer, const void *data, size_t len)
{
    const char *next = (const char *)data;
    int64_t guard = rig_clock_ms() + RIG_GUARD_MS;
    while (len > 0 && peer->fd >= 0 && !rig->wrong[0]) {
        ssize_t sent = peer_send(peer, next, len);
        if (sent < 0 && errno != EAGAIN) {
            int before = peer->unread;
            peer->unread = 0;
            rig_peer_read(rig, peer);
            peer->unread = before;
            return;
        }
        if (sent > 0) {
            next += sent;
            len -= (size_t)sent;
        } else {
            rig_turn(rig);
            if (rig_clock_ms() > guard)
                rig_wrong(rig, "silence: the host does not read");
        }
    }
}

static struct peer *next_peer(struct rig *rig)
{
    struct peer *peer = &rig->peers[rig->peer_count];
    memset(peer, 0, sizeof *peer);
    peer->in = inputs[rig->peer_count];
    peer->index = rig->peer_count;
    peer->kind = rig->kind;
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(strrchr(wm_worker_address(rig->worker), ':') + 1));
    int small = 64 * 1024;
    int on = 1;
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(peer->fd, (struct sockaddr *)&address, sizeof address) != 0)
        rig_wrong(rig, "connect: %s", strerror(errno));
    if (rig->header)
        (void)!send(peer->fd, rig->header, strlen(rig->header), MSG_NOSIGNAL);
    rig->peer_count++;
    return peer;
}

void rig_stranger(struct rig *rig)
{
    struct peer *peer = next_peer(rig);
    peer->expected = 1;
    int before = rig->seen_count, noticed = rig->noticed;
    send(peer->fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
    peer->unread = 1; // its answer is no line
    char bytes[256];
    rig_until(rig, recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EINTR));
    rig_close_peer(peer);
    if (rig->seen_count > before)
        rig_until(rig, rig->seen[before].closes);
    rig->noticed = noticed; // that close has an error, as it should
}

struct peer *rig_connect(struct rig *rig, int handshake)
{
    int before = rig->seen_count;
    struct peer *peer = next_peer(rig);
    if (rig->tls) {
        fcntl(peer->fd, F_SETFL, O_NONBLOCK);
        fault_spare(1);
        peer->tls = tls_peer_new(peer->fd);
        fault_spare(0);
    }
    rig_until(rig, rig->seen_count > before || rig_over(peer));
    if (rig->seen_count > before)
        peer->seen = &rig->seen[rig->seen_count - 1];
    else
        rig->refused++;
    if (rig_over(peer) && peer->seen)
        rig->closed++; // it ended before its peer was known
    if (rig->kind == RIG_WS && handshake) {
        static const char request[] = "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                                      "Sec-WebSocket-Protocol: rig\r\n\r\n";
        rig_write(rig, peer, request, sizeof request - 1);
    }
    if (peer->seen && (rig->kind != RIG_WS || handshake))
        rig_until(rig, peer->seen->opens || rig_over(peer) || rig->verdict != 0);
    return peer;
}

void rig_frame(struct rig *rig, struct peer *peer, int first, const void *data, size_t len)
{
    static char frame[RIG_IN];
    rig_write(rig, peer, frame, ws_frame(frame, first, (const char *)data, len));
}

void rig_say(struct rig *rig, struct peer *peer, size_t len, int parts)
{
    if (!peer->seen || rig_over(peer))
        return;
    len = rig_payload(outgoing, (char)('A' + (peer->seen - rig->seen) % 26), peer->said++, len);
    if (rig->kind == RIG_TEXT || rig->kind == RIG_OWN)
        outgoing[len++] = '\n';
    for (int i = 0; i < parts; i++) {
        size_t from = len / (size_t)parts * (size_t)i, to = i + 1 == parts ? len : len / (size_t)parts * (size_t)(i + 1);
        if (rig->kind == RIG_WS)
            rig_frame(rig, peer, (i == 0 ? 1 : 0) | (i + 1 == parts ? 0x80 : 0), outgoing + from, to - from);
        else
            rig_write(rig, peer, outgoing + from, to - from);
        if (i + 1 < parts)
            rig_turn(rig);
    }
}

void rig_stream(struct rig *rig, struct peer *peer, size_t len)
{
    if (!peer->seen)
        return;
    int index = (int)(peer->seen - rig->seen);
    for (size_t i = 0; i < len; i++)
        outgoing[i] = rig_raw_byte(index, peer->said + i);
    peer->said += (unsigned)len;
    rig_write(rig, peer, outgoing, len);
}

void rig_hear(struct rig *rig, struct peer *peer)
{
    if (peer->seen)
        rig_until(rig, peer->heard == peer->said || rig_over(peer));
}

void rig_begin_witnesses(struct rig *rig, struct peer **witnesses)
{
    for (int i = 0; i < RIG_WITNESSES; i++)
        witnesses[i] = rig_connect(rig, 1);
}

void rig_ask_witnesses(struct rig *rig, struct peer **witnesses)
{
    for (int i = 0; i < RIG_WITNESSES; i++) {
        if (rig->kind == RIG_RAW)
            rig_stream(rig, witnesses[i], 100);
        else
            rig_say(rig, witnesses[i], 40, 1);
        rig_hear(rig, witnesses[i]);
    }
}

int rig_is_clean(const struct rig *rig)
{
    return !rig->noticed && !rig->refused && !rig->closed;
}
