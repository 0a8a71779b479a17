/**
 * @file
 * A protocol of callbacks, whose callbacks do beside their work what the scenario wants.
 */
#ifndef SUPPORT_OWN_PROTOCOL_H
#define SUPPORT_OWN_PROTOCOL_H

#include "support/client.h"

/** A protocol of callbacks: 1 byte of length, then so many bytes. What the callbacks do beside that is the scenario's. */
struct rules {
    int inputs, decodes, encodes, destroyed;
    size_t longest;                             /**< that input was shown */
    int64_t (*input)(wm_conn conn, size_t len); /**< in place of the length's */
    void (*inside)(wm_conn conn, struct rules *rules);
    int32_t verdict; /**< of decode and encode */
    wm_out *out;
    struct host *host;
    wm_hub *hub;
    int result;
};

static inline int64_t input(wm_conn conn, const void *data, size_t len, void *user)
{
    struct rules *rules = user;
    rules->inputs++;
    rules->longest = len > rules->longest ? len : rules->longest;
    assert_true(len > 0);
    if (rules->input)
        return rules->input(conn, len);
    return 1 + *(const unsigned char *)data;
}

static inline int32_t decode(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    struct rules *rules = user;
    rules->decodes++;
    rules->out = out;
    if (rules->inside)
        rules->inside(conn, rules);
    assert_int_equal(wm_out_write(out, NULL, 0), 0);
    return wm_out_write(out, (const char *)data + 1, len - 1) != 0 ? -1 : rules->verdict;
}

static inline int32_t encode(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    struct rules *rules = user;
    rules->encodes++;
    rules->out = out;
    char length = (char)len;
    if (rules->inside)
        rules->inside(conn, rules);
    return wm_out_write(out, &length, 1) != 0 || wm_out_write(out, data, len) != 0 ? -1 : rules->verdict;
}

static inline void forget(void *user)
{
    ((struct rules *)user)->destroyed++;
}

enum { INPUT = 1, DECODE = 2, ENCODE = 4 };

static inline struct host *host_with(const struct setting *setting, struct rules *rules, int callbacks)
{
    struct host *host = host_begin(setting, NULL);
    wm_protocol *protocol = wm_protocol_new(host->app, "own");
    assert_non_null(protocol);
    if (callbacks & INPUT)
        assert_int_equal(wm_protocol_on_input(protocol, input, rules, forget), 0);
    else
        assert_int_equal(wm_protocol_set_int(protocol, "length_size", 1), 0);
    if (callbacks & DECODE)
        assert_int_equal(wm_protocol_on_decode(protocol, decode, rules, forget), 0);
    if (callbacks & ENCODE)
        assert_int_equal(wm_protocol_on_encode(protocol, encode, rules, forget), 0);
    assert_int_equal(wm_protocol_set_str(protocol, "kind", "text"), 0);
    host->worker = host_worker(host, "own");
    assert_int_equal(wm_worker_listen(host->worker), 0);
    rules->host = host;
    return host;
}

#endif
