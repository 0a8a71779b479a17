/**
 * @file
 * permessage-deflate of the contract suite's websockets, where WM_DEFLATE in the environment names a mode of option deflate: the workers
 * have it, the peers of ws_open offer it, and what they send and hear by frames is compressed. Scenarios do not see a difference.
 */
#ifndef SUPPORT_WS_PACKING_H
#define SUPPORT_WS_PACKING_H

#include "support/client.h"

#include <zlib.h>

/** Both windows of a peer. */
struct ws_packing {
    z_stream sent, received;
    int keeps_sent; /**< a message is compressed by those before it */
};

static inline void ws_packing_free(void *packing)
{
    struct ws_packing *self = (struct ws_packing *)packing;
    deflateEnd(&self->sent);
    inflateEnd(&self->received);
    free(self);
}

/** The peer has offered it, and this is the answer's head. */
static inline void ws_packing_begin(struct client *client, const char *head)
{
    struct ws_packing *self = (struct ws_packing *)calloc(1, sizeof *self);
    assert_non_null(self);
    assert_non_null(strstr(head, "\r\nSec-WebSocket-Extensions: permessage-deflate"));
    self->keeps_sent = !strstr(head, "client_no_context_takeover");
    assert_int_equal(deflateInit2(&self->sent, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(inflateInit2(&self->received, -15), Z_OK);
    client->packing = self;
    client->packing_free = ws_packing_free;
}

/** The payload of a compressed frame, which the caller frees (RFC 7692 §7.2.1). */
static inline char *ws_pack(const struct client *client, const char *data, size_t len, size_t *packed)
{
    struct ws_packing *self = (struct ws_packing *)client->packing;
    size_t room = deflateBound(&self->sent, len) + 16;
    char *out = (char *)malloc(room);
    assert_non_null(out);
    if (!self->keeps_sent)
        deflateReset(&self->sent);
    self->sent.next_in = (Bytef *)(uintptr_t)data;
    self->sent.avail_in = (uInt)len;
    self->sent.next_out = (Bytef *)out;
    self->sent.avail_out = (uInt)room;
    assert_int_equal(deflate(&self->sent, Z_SYNC_FLUSH), Z_OK);
    *packed = room - self->sent.avail_out - 4;
    assert_memory_equal(out + *packed, "\0\0\xff\xff", 4);
    return out;
}

/** What a compressed frame says, behind which the caller puts a NUL and which it frees (RFC 7692 §7.2.2). */
static inline char *ws_unpack(const struct client *client, const char *data, size_t packed, size_t *len)
{
    struct ws_packing *self = (struct ws_packing *)client->packing;
    size_t room = 0;
    char *out = NULL;
    const char *const parts[] = {data, "\0\0\xff\xff"};
    const size_t sizes[] = {packed, 4};
    assert_non_null(self);
    for (int i = 0; i < 2; i++) {
        self->received.next_in = (Bytef *)(uintptr_t)parts[i];
        self->received.avail_in = (uInt)sizes[i];
        do {
            size_t used = i == 0 && !out ? 0 : room - self->received.avail_out;
            if (used + 1 >= room) {
                room = room * 2 + 4096;
                out = (char *)realloc(out, room);
                assert_non_null(out);
            }
            self->received.next_out = (Bytef *)out + used;
            self->received.avail_out = (uInt)(room - used);
            int result = inflate(&self->received, Z_SYNC_FLUSH);
            assert_true(result == Z_OK || result == Z_BUF_ERROR);
        } while (self->received.avail_in > 0 || self->received.avail_out == 0);
    }
    *len = room - self->received.avail_out;
    return (char *)realloc(out, *len + 1);
}

#endif
