/**
 * @file
 * permessage-deflate between clients and a worker of one app: messages both ways, to many, large, without compression where asked, and
 * what a full queue or the total of the windows does. Sizes on the wire tell what was compressed.
 */
#define _GNU_SOURCE
#include "support/raw_server.h"
#include "support/ws_client.h"

#include <dlfcn.h>

enum { LONG = 4000, MANY = 40 };

/** In place of zlib's, which it calls: counts what the library compresses. */
static int deflated;

int deflate(z_streamp stream, int flush)
{
    static int (*next)(z_streamp, int);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "deflate");
    deflated++;
    return next(stream, flush);
}

static const char *const MODES[] = {"shared", "own"};

/** The nth client of the worker, with that mode, once both ends are open. */
static wm_client *page(struct host *host, const char *mode, wm_conn *served)
{
    size_t opens = count_of(host, WM_EVENT_OPEN);
    wm_client *client = host_ws_client(host);
    assert_int_equal(wm_client_set_str(client, "deflate", mode), 0);
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == opens + 2);
    for (size_t i = opens; served && i < opens + 2; i++)
        if (nth(host, WM_EVENT_OPEN, i)->worker)
            *served = nth(host, WM_EVENT_OPEN, i)->conn;
    return client;
}

static struct host *begin(void **state, const char *mode)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(host->worker, "deflate", mode), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    return host;
}

/** JSON of that many bytes, other for each n. */
static char *json(size_t len, unsigned n)
{
    char *text = malloc(len + 64);
    assert_non_null(text);
    for (size_t at = 0; at < len;)
        at += (size_t)sprintf(text + at, "{\"uid\":\"user-%u\",\"percent\":\"%u%%\"},", n + (unsigned)at % 97, (n + (unsigned)at) % 101);
    text[len] = '\0';
    return text;
}

static void expect_message(const struct host *host, size_t n, const char *text, size_t len)
{
    const struct seen *seen = nth(host, WM_EVENT_MESSAGE, n);
    assert_int_equal(seen->len, len);
    assert_memory_equal(seen->data, text, len);
    assert_int_equal(seen->flags & 255, WM_KIND_TEXT);
}

/** Whether that many bytes have become fewer than half on the wire, or all are there. */
static void expect_sizes(int64_t wire, size_t sent, int smaller)
{
    assert_true(smaller ? wire > 0 && (size_t)wire < sent / 2 : (size_t)wire >= sent);
}

static void messages__are_smaller_on_the_wire_both_ways(void **state)
{
    for (size_t mode = 0; mode < 2; mode++) {
        struct host *host = begin(state, MODES[mode]);
        wm_conn served;
        wm_client *client = page(host, MODES[mode], &served);
        int64_t received = wm_conn_bytes_read(served), got = wm_conn_bytes_read(wm_client_conn(client));
        for (unsigned i = 0; i < MANY; i++) {
            char *text = json(LONG, i);
            assert_int_equal(wm_conn_send(wm_client_conn(client), text, LONG, 0), 0);
            assert_true(wm_conn_send(served, text, LONG, 0) >= 0);
            until(host, count_of(host, WM_EVENT_MESSAGE) == 2 * (i + 1));
            expect_message(host, 2 * i, text, LONG);
            expect_message(host, 2 * i + 1, text, LONG);
            free(text);
        }
        expect_sizes(wm_conn_bytes_read(served) - received, MANY * LONG, 1);
        expect_sizes(wm_conn_bytes_read(wm_client_conn(client)) - got, MANY * LONG, 1);
        host_end(host);
    }
}

/** Records of one poll have bytes of their own. */
static void messages__of_one_read_are_all_right(void **state)
{
    for (size_t mode = 0; mode < 2; mode++) {
        struct host *host = begin(state, MODES[mode]);
        wm_client *client = page(host, MODES[mode], NULL);
        for (unsigned i = 0; i < MANY; i++) {
            char *text = json(200 + i, i);
            assert_int_equal(wm_conn_send(wm_client_conn(client), text, 200 + i, 0), 0);
            free(text);
        }
        until(host, count_of(host, WM_EVENT_MESSAGE) == MANY);
        for (unsigned i = 0; i < MANY; i++) {
            char *text = json(200 + i, i);
            expect_message(host, i, text, 200 + i);
            free(text);
        }
        host_end(host);
    }
}

static void messages__of_megabytes(void **state)
{
    enum { HUGE_ONE = 3 << 20 };
    for (size_t mode = 0; mode < 2; mode++) {
        struct host *host = begin(state, MODES[mode]);
        wm_client *client = page(host, MODES[mode], NULL);
        char *text = json(HUGE_ONE, 1);
        for (size_t i = 0; i < 2; i++) {
            assert_true(wm_conn_send(wm_client_conn(client), text, HUGE_ONE, 0) >= 0);
            until(host, count_of(host, WM_EVENT_MESSAGE) == i + 1);
            expect_message(host, i, text, HUGE_ONE);
        }
        free(text);
        host_end(host);
    }
}

static void uncompressed__is_left_as_it_is(void **state)
{
    for (size_t mode = 0; mode < 2; mode++) {
        struct host *host = begin(state, MODES[mode]);
        wm_conn served;
        wm_client *client = page(host, MODES[mode], &served);
        char *text = json(LONG, 3);
        int64_t before = wm_conn_bytes_read(wm_client_conn(client));
        assert_int_equal(wm_conn_send(served, text, LONG, WM_SEND_UNCOMPRESSED), 0);
        assert_int_equal(wm_worker_broadcast(host->worker, text, LONG, WM_SEND_UNCOMPRESSED), 1);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
        expect_message(host, 1, text, LONG);
        expect_sizes(wm_conn_bytes_read(wm_client_conn(client)) - before, 2 * LONG, 0);
        free(text);
        host_end(host);
    }
}

/** A broadcast reaches pages with windows that are shared, of their own, and none: the first get it compressed. */
static void broadcast__reaches_pages_of_all_kinds(void **state)
{
    for (size_t mode = 0; mode < 2; mode++) {
        struct host *host = begin(state, MODES[mode]);
        wm_client *first = page(host, MODES[mode], NULL), *second = page(host, MODES[mode], NULL), *plain = page(host, "off", NULL);
        char *text = json(LONG, 5);
        int64_t before = wm_conn_bytes_read(wm_client_conn(first)), without = wm_conn_bytes_read(wm_client_conn(plain));
        assert_int_equal(wm_worker_broadcast(host->worker, text, LONG, 0), 3);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
        for (size_t i = 0; i < 3; i++)
            expect_message(host, i, text, LONG);
        expect_sizes(wm_conn_bytes_read(wm_client_conn(first)) - before, LONG, mode == 0);
        expect_sizes(wm_conn_bytes_read(wm_client_conn(plain)) - without, LONG, 0);
        assert_int_equal(wm_conn_send(wm_client_conn(second), text, LONG, 0), 0);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 4);
        expect_message(host, 3, text, LONG);
        free(text);
        host_end(host);
    }
}

static void broadcast__is_compressed_once_for_a_window(void **state)
{
    struct host *host = begin(state, "shared");
    page(host, "off", NULL);
    for (size_t i = 0; i < 3; i++)
        for (int bits = 9; bits <= 15; bits += 2) {
            assert_int_equal(wm_worker_set_int(host->worker, "deflate_window_bits", bits), 0);
            page(host, "shared", NULL);
        }
    char *text = json(LONG, 5);
    deflated = 0;
    assert_int_equal(wm_worker_broadcast(host->worker, text, LONG, 0), 13);
    assert_int_equal(deflated, 4);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 13);
    for (size_t i = 0; i < 13; i++)
        expect_message(host, i, text, LONG);
    free(text);
    host_end(host);
}

/** A send that is refused is as if it had not been made: what follows does not refer to it. */
static void a_full_queue__leaves_the_window_as_it_was(void **state)
{
    for (size_t mode = 0; mode < 2; mode++) {
        struct host *host = begin(state, MODES[mode]);
        wm_conn served;
        wm_client *client = page(host, MODES[mode], &served);
        char *kept = json(LONG, 1), *refused = json(LONG, 77);
        assert_int_equal(wm_conn_send(served, kept, LONG, 0), 0);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
        assert_int_equal(wm_conn_send(served, kept, LONG, 0), 0);
        assert_int_equal(wm_conn_set_int(served, "max_send_buffer", 0), 0);
        assert_int_equal(wm_conn_send(served, refused, LONG, 0), WM_EFULL);
        assert_int_equal(wm_conn_set_int(served, "max_send_buffer", 1 << 20), 0);
        assert_int_equal(wm_conn_send(served, refused, LONG, 0), 0);
        assert_int_equal(wm_conn_send(served, kept, LONG, 0), 0);
        until(host, count_of(host, WM_EVENT_MESSAGE) == 4);
        expect_message(host, 1, kept, LONG);
        expect_message(host, 2, refused, LONG);
        expect_message(host, 3, kept, LONG);
        assert_int_not_equal(wm_client_conn(client), 0);
        free(kept);
        free(refused);
        host_end(host);
    }
}

static void max_deflate_total__is_the_end_of_compression_not_of_connections(void **state)
{
    struct host *host = begin(state, "own");
    assert_int_equal(wm_app_set_int(host->app, "max_deflate_total", 0), 0);
    wm_conn served;
    wm_client *client = page(host, "shared", &served);
    char *text = json(LONG, 1);
    int64_t before = wm_conn_bytes_read(served);
    assert_int_equal(wm_conn_send(wm_client_conn(client), text, LONG, 0), 0); /* its messages need no window of their own */
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    expect_sizes(wm_conn_bytes_read(served) - before, LONG, 1);
    client = page(host, "own", &served);
    before = wm_conn_bytes_read(served);
    assert_int_equal(wm_conn_send(wm_client_conn(client), text, LONG, 0), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    expect_message(host, 1, text, LONG);
    expect_sizes(wm_conn_bytes_read(served) - before, LONG, 0);
    free(text);
    host_end(host);
}

static void upgrade(struct host *host, const wm_event *event)
{
    static const char EXTENSION[] = "Sec-WebSocket-Extensions: x\r\n";
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE || (event->flags & 255) != WM_KIND_HTTP)
        return;
    assert_int_equal(wm_request_upgrade(event->id, EXTENSION, strlen(EXTENSION)), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "Sec-WebSocket-Extensions"));
    assert_int_equal(wm_request_upgrade(event->id, NULL, 0), 0);
}

static void an_http_connection__that_becomes_a_websocket_compresses(void **state)
{
    for (size_t mode = 0; mode < 2; mode++) {
        struct host *host = host_begin(*state, NULL);
        host->worker = host_worker(host, "http");
        host->react = upgrade;
        assert_int_equal(wm_worker_set_str(host->worker, "deflate", MODES[mode]), 0);
        assert_int_equal(wm_worker_listen(host->worker), 0);
        wm_conn served;
        wm_client *client = page(host, MODES[mode], &served);
        char *text = json(LONG, 1);
        size_t messages = count_of(host, WM_EVENT_MESSAGE);
        int64_t before = wm_conn_bytes_read(wm_client_conn(client));
        assert_int_equal(wm_conn_send(served, text, LONG, 0), 0);
        until(host, count_of(host, WM_EVENT_MESSAGE) == messages + 1);
        expect_message(host, messages, text, LONG);
        expect_sizes(wm_conn_bytes_read(wm_client_conn(client)) - before, LONG, 1);
        free(text);
        host_end(host);
    }
}

static void values_that_options_do_not_have(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(host->worker, "deflate", "on"), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "'off', 'shared' or 'own'"));
    assert_int_equal(wm_worker_set_int(host->worker, "deflate_window_bits", 8), WM_EINVAL);
    assert_int_equal(wm_worker_set_int(host->worker, "deflate_window_bits", 16), WM_EINVAL);
    assert_int_equal(wm_worker_set_int(host->worker, "deflate_level", 0), WM_EINVAL);
    assert_int_equal(wm_worker_set_int(host->worker, "deflate_level", 10), WM_EINVAL);
    assert_int_equal(wm_worker_set_int(host->worker, "deflate_min", -1), WM_EINVAL);
    host_end(host);
}

int main(void)
{
    static const struct scenario SCENARIOS[] = {
        SCENARIO_NOT_OVER(messages__are_smaller_on_the_wire_both_ways, OVER_PAIRS),
        SCENARIO_NOT_OVER(messages__of_one_read_are_all_right, OVER_PAIRS),
        SCENARIO_NOT_OVER(messages__of_megabytes, OVER_PAIRS),
        SCENARIO_NOT_OVER(uncompressed__is_left_as_it_is, OVER_PAIRS),
        SCENARIO_NOT_OVER(broadcast__reaches_pages_of_all_kinds, OVER_PAIRS),
        SCENARIO_NOT_OVER(broadcast__is_compressed_once_for_a_window, OVER_PAIRS),
        SCENARIO_NOT_OVER(a_full_queue__leaves_the_window_as_it_was, OVER_PAIRS),
        SCENARIO_NOT_OVER(max_deflate_total__is_the_end_of_compression_not_of_connections, OVER_PAIRS),
        SCENARIO_NOT_OVER(an_http_connection__that_becomes_a_websocket_compresses, OVER_PAIRS),
        SCENARIO_NOT_OVER(values_that_options_do_not_have, OVER_PAIRS),
    };
    return RUN_SCENARIOS("deflate", SCENARIOS);
}
