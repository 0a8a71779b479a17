/** @file A frame of a websocket client (RFC 6455 §5.2). */
#ifndef SUPPORT_WS_FRAME_H
#define SUPPORT_WS_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** A masked frame into out, of at least len + 14 bytes; returns its length. */
static inline size_t ws_frame(char *out, int first, const char *data, size_t len)
{
    static const unsigned char mask[4] = {0x11, 0xA2, 0x33, 0xC4};
    size_t at = 2;
    out[0] = (char)first;
    if (len < 126) {
        out[1] = (char)(0x80 | len);
    } else {
        int bytes = len < 65536 ? 2 : 8;
        out[1] = (char)(0x80 | (bytes == 2 ? 126 : 127));
        for (int i = bytes - 1; i >= 0; i--)
            out[at++] = (char)(unsigned char)((uint64_t)len >> (8 * i));
    }
    memcpy(out + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        out[at + i] = (char)((unsigned char)data[i] ^ mask[i % 4]);
    return at + len;
}

#endif
