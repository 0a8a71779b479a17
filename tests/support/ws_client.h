/**
 * @file
 * The websocket client's side for the contract suite: the opening request, masked frames, and frames read
 * back. Over support/client.h.
 */
#ifndef SUPPORT_WS_CLIENT_H
#define SUPPORT_WS_CLIENT_H

#include "support/client.h"
#include "support/ws_frame.h"
#include "support/ws_packing.h"

enum { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

static const char WS_REQUEST[] = "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/** The status of the answer's first line, once the whole head has come; the head is taken, and copied to head (of 4096) if given. */
static inline int http_head(struct host *host, struct client *client, char *head)
{
    until(host, client_ended(client) || (client->len >= 4 && strstr(client->in, "\r\n\r\n")));
    char *end = client->len >= 4 ? strstr(client->in, "\r\n\r\n") : NULL;
    if (!end)
        fail_msg("no answer: \"%.*s\"", (int)client->len, client->in ? client->in : "");
    size_t len = (size_t)(end - client->in) + 4;
    int status = atoi(client->in + 9);
    if (head) {
        assert_true(len < 4096);
        memcpy(head, client->in, len);
        head[len] = '\0';
    }
    client_drop(client, len);
    return status;
}

static inline struct client ws_open(struct host *host, wm_conn *conn)
{
    size_t before = count_of(host, WM_EVENT_OPEN);
    struct client client = client_begin(host);
    const int packs = getenv("WM_DEFLATE") != NULL;
    char request[sizeof WS_REQUEST + 64], head[4096];
    snprintf(request, sizeof request, "%.*s%s\r\n", (int)sizeof WS_REQUEST - 3, WS_REQUEST,
             packs ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
    client_say(host, &client, request);
    assert_int_equal(http_head(host, &client, head), 101);
    if (packs)
        ws_packing_begin(&client, head);
    until(host, count_of(host, WM_EVENT_OPEN) == before + 1);
    if (conn)
        *conn = nth(host, WM_EVENT_OPEN, before)->conn;
    return client;
}

/** Four connections: the last of them is before its handshake. ws_four_end() makes them differ in all. */
static inline void ws_four_begin(struct host *host, struct client clients[4], wm_conn conns[4])
{
    for (int i = 0; i < 3; i++)
        clients[i] = ws_open(host, &conns[i]);
    clients[3] = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 4);
    conns[3] = nth(host, WM_EVENT_CONNECT, 3)->conn;
}

/** From here on one is open, one has a full queue, one is closing, one is before its handshake. */
static inline void ws_four_end(const wm_conn conns[4])
{
    assert_int_equal(wm_conn_set_int(conns[1], "max_send_buffer", 0), 0);
    assert_int_equal(wm_conn_send(conns[1], "first", 5, 0), 0);
    assert_int_equal(wm_conn_close(conns[2], 0, NULL, 0), 0);
}

/** Sends a frame; fin and opcode as on the wire (0x81: a whole text). */
static inline void ws_send(struct host *host, struct client *client, int first, const char *data, size_t len)
{
    char *packed = client->packing && len > 0 && (first == 0x81 || first == 0x82) ? ws_pack(client, data, len, &len) : NULL;
    char *frame = (char *)malloc(len + 14);
    assert_non_null(frame);
    client_send(host, client, frame, ws_frame(frame, packed ? first | 0x40 : first, packed ? packed : data, len));
    free(frame);
    free(packed);
}

static inline void ws_say(struct host *host, struct client *client, const char *text)
{
    ws_send(host, client, 0x81, text, strlen(text));
}

/** The length of the header of the whole frame at the front and its payload's in *len; 0 when it has not come yet. */
static inline size_t ws_whole(struct client *client, size_t *len)
{
    client_pump(client);
    if (client->len < 2)
        return 0;
    const unsigned char *in = (const unsigned char *)client->in;
    size_t header = 2, bytes = (in[1] & 127) == 126 ? 2 : (in[1] & 127) == 127 ? 8 : 0;
    if (client->len < header + bytes)
        return 0;
    *len = bytes ? 0 : in[1] & 127;
    for (size_t i = 0; i < bytes; i++)
        *len = *len << 8 | in[2 + i];
    header += bytes;
    return client->len >= header + *len ? header : 0;
}

/** Reads one frame: returns its opcode (without FIN), and the payload, which the caller frees, in *data. */
static inline int ws_receive(struct host *host, struct client *client, char **data, size_t *len)
{
    size_t header = 0;
    until(host, (header = ws_whole(client, len)) != 0 || client->ended);
    if (header == 0)
        fail_msg("the connection ended where a frame was due");
    int opcode = client->in[0] & 15;
    size_t size = header + *len;
    if (client->in[0] & 0x40)
        *data = ws_unpack(client, client->in + header, *len, len);
    else if ((*data = (char *)malloc(*len + 1)))
        memcpy(*data, client->in + header, *len);
    assert_non_null(*data);
    (*data)[*len] = '\0';
    client_drop(client, size);
    return opcode;
}

static inline void ws_hear(struct host *host, struct client *client, int opcode, const char *text)
{
    char *data;
    size_t len = 0;
    assert_int_equal(ws_receive(host, client, &data, &len), opcode);
    assert_string_equal(data, text);
    assert_int_equal(len, strlen(text));
    free(data);
}

/** Expects a close frame with that code (0: no code). */
static inline void ws_hear_close(struct host *host, struct client *client, int code)
{
    char *data;
    size_t len = 0;
    assert_int_equal(ws_receive(host, client, &data, &len), WS_CLOSE);
    int got = len >= 2 ? (unsigned char)data[0] << 8 | (unsigned char)data[1] : 0;
    free(data);
    assert_int_equal(got, code);
}

static inline void ws_say_close(struct host *host, struct client *client, int code)
{
    char payload[2] = {(char)(code >> 8), (char)code};
    ws_send(host, client, 0x88, payload, 2);
}

#endif
