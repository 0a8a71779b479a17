/**
 * @file
 * A peer that reads too slowly: its kernel's buffers are filled with lines, so that all that follows depends on the queue alone. Over
 * support/client.h.
 */
#ifndef SUPPORT_SLOW_PEER_H
#define SUPPORT_SLOW_PEER_H

#include "support/client.h"

enum { FILL = 60000 };

/** Sends lines of FILL bytes until the kernel takes no more, without a policy; returns how many. */
static inline size_t fill(struct host *host, wm_conn conn)
{
    static char message[FILL];
    memset(message, 'f', sizeof message);
    for (size_t taken = 1; taken < 10000; taken++) {
        assert_true(wm_conn_send(conn, message, sizeof message, WM_SEND_NOW) >= 0);
        wm_app_flush(host->app);
        if (wm_conn_send_queue_size(conn) == 0)
            continue;
        if (has_tls(host->setting)) { /* what is queued was all encrypted, perhaps: the next message is not */
            assert_true(wm_conn_send(conn, message, sizeof message, WM_SEND_NOW) >= 0);
            taken++;
        }
        return taken;
    }
    fail_msg("the kernel takes everything");
    return 0;
}

static inline int sent(wm_conn conn, const char *text)
{
    return wm_conn_send(conn, text, strlen(text), 0);
}

static inline int latest(wm_conn conn, const char *key, const char *text)
{
    return wm_conn_send_latest(conn, key, strlen(key), text, strlen(text), 0);
}

/** Whether what has come ends with that. */
static inline int ends_with(struct client *client, const char *text)
{
    size_t len = strlen(text);
    client_pump(client);
    return client->ended || (client->len >= len && memcmp(client->in + client->len - len, text, len) == 0);
}

/** Reads on until the last line has come, and expects that it and the others follow the lines that fill(). */
static inline void hear_after_fill(struct host *host, struct client *client, size_t filled, const char *lines)
{
    until(host, ends_with(client, lines) || client->len > filled * (FILL + 1) + strlen(lines));
    size_t before = filled * (FILL + 1);
    if (client->len != before + strlen(lines))
        fail_msg("expected %zu bytes and \"%s\", got %zu: \"%s\"", before, lines, client->len,
                 client->len > before ? client->in + before : "");
    assert_string_equal(client->in + before, lines);
    for (size_t i = 0; i < before; i++)
        if (client->in[i] != (i % (FILL + 1) == FILL ? '\n' : 'f'))
            fail_msg("byte %zu is cut into", i);
    client_drop(client, client->len);
}

static inline int32_t bracket(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    (void)conn;
    ++*(int *)user;
    return wm_out_write(out, "[", 1) != 0 || wm_out_write(out, data, len) != 0 ? -1 : wm_out_write(out, "]\n", 2);
}

static inline int64_t no_input(wm_conn conn, const void *data, size_t len, void *user)
{
    (void)conn, (void)data, (void)user;
    return (int64_t)len;
}

/** Has the host serve a protocol that encodes a message as "[message]\n"; counts how often it does. */
static inline void serve_bracketed(struct host *host, int *encoded)
{
    wm_protocol *protocol = wm_protocol_new(host->app, "own");
    assert_int_equal(wm_protocol_on_input(protocol, no_input, NULL, NULL), 0);
    assert_int_equal(wm_protocol_on_encode(protocol, bracket, encoded, NULL), 0);
    host->worker = host_worker(host, "own");
    assert_int_equal(wm_worker_listen(host->worker), 0);
}

#endif
