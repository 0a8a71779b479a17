/**
 * @file
 * Messages that the host sends in parts: their frames on the wire, what waits behind them, backpressure, and ends in the middle.
 */
#include "support/ws_client.h"

#include "support/raw_server.h"

/** The next frame: its first byte, and its payload in text (of 256). */
static int next_frame(struct host *host, struct client *client, char *text)
{
    size_t len = 0, header = 0;
    until(host, (header = ws_whole(client, &len)) != 0 || client->ended);
    assert_true(header != 0 && len < 256);
    int first = (unsigned char)client->in[0];
    memcpy(text, client->in + header, len);
    text[len] = '\0';
    client_drop(client, header + len);
    return first;
}

static void hear_frame(struct host *host, struct client *client, int first, const char *text)
{
    char got[256];
    assert_int_equal(next_frame(host, client, got), first);
    assert_string_equal(got, text);
}

static void parts__are_frames_of_one_message(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    for (int binary = 0; binary < 2; binary++) {
        assert_int_equal(wm_conn_send_begin(conn, binary ? WM_SEND_BINARY : 0), 0);
        assert_int_equal(wm_conn_send_write(conn, "one", 3), 0);
        assert_int_equal(wm_conn_send_write(conn, NULL, 0), 0);
        assert_int_equal(wm_conn_send_write(conn, "two", 3), 0);
        assert_int_equal(wm_conn_send_end(conn), 0);
        hear_frame(host, &client, binary ? 0x02 : 0x01, "");
        hear_frame(host, &client, 0x00, "one");
        hear_frame(host, &client, 0x00, "two");
        hear_frame(host, &client, 0x80, "");
    }
    assert_int_equal(wm_conn_send(conn, "whole", 5, 0), 0);
    hear_frame(host, &client, 0x81, "whole");
    client_end(&client);
    host_end(host);
}

static void parts__leave_as_they_are_written(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_send_begin(conn, 0), 0);
    assert_int_equal(wm_conn_send_write(conn, "now", 3), 0);
    hear_frame(host, &client, 0x01, "");
    hear_frame(host, &client, 0x00, "now");
    assert_int_equal(wm_conn_send_write(conn, "later", 5), 0);
    hear_frame(host, &client, 0x00, "later");
    assert_int_equal(wm_conn_send_end(conn), 0);
    hear_frame(host, &client, 0x80, "");
    client_end(&client);
    host_end(host);
}

static void control_frames__go_between_the_parts(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_send_begin(conn, 0), 0);
    assert_int_equal(wm_conn_ping(conn, "p", 1), 0);
    assert_int_equal(wm_conn_send_write(conn, "a", 1), 0);
    hear_frame(host, &client, 0x01, "");
    hear_frame(host, &client, 0x89, "p");
    hear_frame(host, &client, 0x00, "a");
    ws_send(host, &client, 0x89, "q", 1);
    hear_frame(host, &client, 0x8A, "q");
    assert_int_equal(wm_conn_send_end(conn), 0);
    hear_frame(host, &client, 0x80, "");
    client_end(&client);
    host_end(host);
}

static void messages__are_received_meanwhile(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    ws_send(host, &client, 0x01, "he", 2); /* a parser in the middle of a message goes on */
    settle(host);
    assert_int_equal(wm_conn_send_begin(conn, 0), 0);
    ws_send(host, &client, 0x80, "llo", 3);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    ws_send(host, &client, 0x01, "a", 1);
    settle(host);
    assert_int_equal(wm_conn_send_end(conn), 0);
    ws_send(host, &client, 0x80, "b", 1);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_string_equal(trace(host, conn), "connect open message(hello) message(ab)");
    client_end(&client);
    host_end(host);
}

static void whole_messages__wait_for_the_end(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_hub *hub = wm_hub_new(host->app);
    assert_non_null(hub);
    wm_conn conn, other_conn;
    struct client client = ws_open(host, &conn), other = ws_open(host, &other_conn);
    assert_int_equal(wm_hub_bind(hub, "me", 2, conn), 0);
    assert_int_equal(wm_conn_send_begin(conn, 0), 0);
    assert_int_equal(wm_conn_send_write(conn, "a", 1), 0);
    assert_int_equal(wm_conn_send(conn, "sent", 4, WM_SEND_BINARY), 0);
    assert_int_equal(wm_worker_broadcast(host->worker, "all", 3, 0), 2);
    int64_t pages = 0;
    assert_int_equal(wm_hub_send(hub, "me", 2, "pushed", 6, 0, &pages, NULL, NULL, NULL), 0);
    assert_int_equal(pages, 1);
    assert_true(wm_conn_send_queue_size(conn) > 0);
    hear_frame(host, &other, 0x81, "all");
    hear_frame(host, &client, 0x01, "");
    hear_frame(host, &client, 0x00, "a");
    assert_int_equal(wm_conn_send(conn, "\x89\x01r", 3, WM_SEND_RAW), 0);
    hear_frame(host, &client, 0x89, "r");
    assert_int_equal(wm_conn_send_write(conn, "b", 1), 0);
    assert_int_equal(wm_conn_send_end(conn), 0);
    assert_int_equal(wm_conn_send(conn, "last", 4, 0), 0);
    hear_frame(host, &client, 0x00, "b");
    hear_frame(host, &client, 0x80, "");
    hear_frame(host, &client, 0x82, "sent");
    hear_frame(host, &client, 0x81, "all");
    hear_frame(host, &client, 0x81, "pushed");
    hear_frame(host, &client, 0x81, "last");
    settle(host);
    assert_int_equal(wm_conn_send_queue_size(conn), 0);
    client_end(&client);
    client_end(&other);
    host_end(host);
}

static void what_waits__is_bounded(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    char message[1000];
    memset(message, 'm', sizeof message);
    assert_int_equal(wm_conn_set_int(conn, "send_high_water", 5000), 0);
    assert_int_equal(wm_conn_set_int(conn, "max_send_buffer", 20000), 0);
    assert_int_equal(wm_conn_send_begin(conn, 0), 0);
    int taken = 0, slow = 0, result = 0;
    while ((result = wm_conn_send(conn, message, sizeof message, 0)) >= 0) {
        taken++;
        slow += result == WM_BACKPRESSURE;
        assert_true(taken < 100);
    }
    assert_int_equal(result, WM_EFULL);
    assert_non_null(strstr(wm_last_error(), "waits for the end of a message in parts"));
    assert_true(taken >= 15 && slow == taken - 4);
    assert_int_equal(wm_worker_broadcast(host->worker, message, sizeof message, 0), 0);
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EFULL);
    assert_int_equal(wm_conn_send_write(conn, "still", 5), 0); /* what waits takes no room from the message */
    assert_int_equal(wm_conn_send_end(conn), 0);
    hear_frame(host, &client, 0x01, "");
    hear_frame(host, &client, 0x00, "still");
    hear_frame(host, &client, 0x80, "");
    for (int i = 0; i < taken; i++) {
        char *data;
        size_t len = 0;
        assert_int_equal(ws_receive(host, &client, &data, &len), WS_TEXT);
        assert_int_equal(len, sizeof message);
        free(data);
    }
    until(host, count_of(host, WM_EVENT_BUFFER_DRAIN) == 1);
    assert_int_equal(count_of(host, WM_EVENT_BUFFER_FULL), 1);
    client_end(&client);
    host_end(host);
}

/** A peer that reads only then gets 24 MiB in parts of 64 KiB, while buffer_drain sets the pace. */
static void a_slow_peer__is_waited_for(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    enum { PART = 64 << 10, PARTS = 384 };
    char *part = malloc(PART);
    assert_non_null(part);
    int sent = 0, frames = 0, full = 0;
    assert_int_equal(wm_conn_send_begin(conn, WM_SEND_BINARY), 0);
    while (frames < PARTS + 2) {
        int result = 0;
        while (sent < PARTS && result >= 0) {
            memset(part, sent, PART);
            result = wm_conn_send_write(conn, part, PART);
            if (result >= 0 && ++sent == PARTS)
                assert_int_equal(wm_conn_send_end(conn), 0);
            assert_true(wm_conn_send_queue_size(conn) < 3 << 20);
        }
        full += result == WM_EFULL;
        size_t len = 0, header = 0;
        until(host, (header = ws_whole(&client, &len)) != 0);
        assert_int_equal((unsigned char)client.in[0], frames == 0 ? 0x02 : frames == PARTS + 1 ? 0x80 : 0x00);
        assert_int_equal(len, frames == 0 || frames == PARTS + 1 ? 0 : PART);
        if (len > 0)
            assert_int_equal((unsigned char)client.in[header + len - 1], (frames - 1) & 255);
        client_drop(&client, header + len);
        frames++;
    }
    assert_true(full > 0);
    free(part);
    client_end(&client);
    host_end(host);
}

/** What waits stays behind the message also when the kernel has refused a part of that. */
static void order__holds_behind_a_full_socket(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    size_t len = 8 << 20;
    char *part = calloc(1, len);
    assert_non_null(part);
    assert_int_equal(wm_conn_send_begin(conn, WM_SEND_BINARY), 0);
    assert_true(wm_conn_send_write(conn, part, len) >= 0);
    settle(host);
    assert_true(wm_conn_send(conn, "one", 3, 0) >= 0);
    assert_int_equal(wm_conn_set_int(conn, "max_send_buffer", 64 << 20), 0);
    assert_int_equal(wm_conn_send_end(conn), 0);
    assert_true(wm_conn_send(conn, "two", 3, 0) >= 0);
    hear_frame(host, &client, 0x02, "");
    char *data;
    size_t got = 0;
    assert_int_equal(ws_receive(host, &client, &data, &got), WS_CONTINUATION);
    assert_int_equal(got, len);
    free(data);
    hear_frame(host, &client, 0x80, "");
    hear_frame(host, &client, 0x81, "one");
    hear_frame(host, &client, 0x81, "two");
    free(part);
    client_end(&client);
    host_end(host);
}

static void calls__out_of_order_say_so(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn), early = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 2);
    wm_conn unopened = nth(host, WM_EVENT_CONNECT, 1)->conn;
    assert_int_equal(wm_conn_send_begin(unopened, 0), WM_ESTATE);
    assert_int_equal(wm_conn_send_write(conn, "x", 1), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "wm_conn_send_begin comes first"));
    assert_int_equal(wm_conn_send_end(conn), WM_ESTATE);
    assert_int_equal(wm_conn_send_begin(conn, WM_SEND_RAW), WM_EINVAL);
    assert_int_equal(wm_conn_send_begin(conn, WM_SEND_NOW), WM_EINVAL);
    assert_int_equal(wm_conn_send_begin(conn, 0), 0);
    assert_int_equal(wm_conn_send_begin(conn, 0), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "wm_conn_send_end comes first"));
    assert_int_equal(wm_conn_send_write(conn, NULL, 1), WM_EINVAL);
    assert_int_equal(wm_conn_pipe(conn, conn), WM_ESTATE);
    assert_int_equal(wm_conn_send_end(conn), 0);
    assert_int_equal(wm_conn_pipe(conn, conn), 0);
    assert_int_equal(wm_conn_send_begin(conn, 0), WM_ESTATE);
    assert_int_equal(wm_conn_send_begin(0, 0), WM_ECLOSED);
    assert_int_equal(wm_conn_send_write(0, "x", 1), WM_ECLOSED);
    assert_int_equal(wm_conn_send_end(0), WM_ECLOSED);
    client_end(&client);
    client_end(&early);
    host_end(host);
    host = host_begin(*state, "frame");
    client = client_open(host, &conn);
    assert_int_equal(wm_conn_send_begin(conn, 0), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "protocol frame has no messages in parts"));
    client_end(&client);
    host_end(host);
}

static void close__in_the_middle_drops_what_waits(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    assert_int_equal(wm_conn_send_begin(conn, 0), 0);
    assert_int_equal(wm_conn_send_write(conn, "a part", 6), 0);
    assert_int_equal(wm_conn_send(conn, "never", 5, 0), 0);
    assert_int_equal(wm_conn_close(conn, 1011, "no more", 7), 0);
    assert_int_equal(wm_conn_send_write(conn, "x", 1), WM_ECLOSED);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ECLOSED);
    assert_int_equal(wm_conn_send_end(conn), WM_ECLOSED);
    hear_frame(host, &client, 0x01, "");
    hear_frame(host, &client, 0x00, "a part");
    ws_hear_close(host, &client, 1011);
    ws_say_close(host, &client, 1011);
    until(host, client_ended(&client));
    assert_int_equal(client.len, 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open close(local 1011 no more)");
    client_end(&client);
    host_end(host);
}

static void an_end_of_the_peer__frees_what_waits(void **state)
{
    for (int how = 0; how < 3; how++) {
        struct host *host = host_begin(*state, "websocket");
        wm_conn conn;
        struct client client = ws_open(host, &conn);
        assert_int_equal(wm_conn_send_begin(conn, 0), 0);
        assert_int_equal(wm_conn_send(conn, "never", 5, 0), 0);
        if (how == 0)
            ws_say_close(host, &client, 1000);
        else if (how == 1)
            client_reset(&client);
        else
            assert_int_equal(wm_conn_destroy(conn), 0);
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        assert_int_equal(wm_conn_send_end(conn), WM_ECLOSED);
        if (how != 1)
            client_end(&client);
        host_end(host);
    }
}

/** A client's frames are masked: the worker, which would refuse others, joins them. */
static void a_client__sends_parts_too(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_client *client = host_ws_client(host);
    assert_int_equal(wm_client_connect(client), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 2);
    wm_conn mine = wm_client_conn(client), other = wm_worker_next_conn(host->worker, 0);
    assert_int_equal(wm_conn_send_begin(mine, 0), 0);
    assert_int_equal(wm_conn_send_write(mine, "of a ", 5), 0);
    assert_int_equal(wm_conn_send(mine, "behind", 6, WM_SEND_BINARY), 0);
    assert_int_equal(wm_conn_send_write(mine, "client", 6), 0);
    assert_int_equal(wm_conn_send_end(mine), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 0)->conn, other);
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 0)->data, "of a client");
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 0)->flags & 255, WM_KIND_TEXT);
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 1)->data, "behind");
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 1)->flags & 255, WM_KIND_BINARY);
    assert_int_equal(wm_conn_send_begin(other, 0), 0);
    assert_int_equal(wm_conn_send_write(other, "back", 4), 0);
    assert_int_equal(wm_conn_send_end(other), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 2)->data, "back");
    host_end(host);
}

/** With permessage-deflate parts go as they are, and what waits; whole messages around them are compressed (RSV1). */
static void parts__are_not_compressed(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "websocket");
    assert_int_equal(wm_worker_set_str(host->worker, "deflate", "own"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    struct client client = client_begin(host);
    char request[512], head[4096], text[200], got[256];
    snprintf(request, sizeof request, "%.*sSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", (int)strlen(WS_REQUEST) - 2, WS_REQUEST);
    client_say(host, &client, request);
    assert_int_equal(http_head(host, &client, head), 101);
    assert_non_null(strstr(head, "permessage-deflate"));
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    wm_conn conn = nth(host, WM_EVENT_OPEN, 0)->conn;
    memset(text, 't', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wm_conn_send(conn, text, strlen(text), 0), 0);
        assert_int_equal(next_frame(host, &client, got), 0xC1);
        assert_int_equal(wm_conn_send_begin(conn, 0), 0);
        assert_int_equal(wm_conn_send_write(conn, text, strlen(text)), 0);
        assert_int_equal(wm_conn_send(conn, text, strlen(text), 0), 0);
        ws_send(host, &client, 0xC1, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7); /* RFC 7692 §7.2.3.1 */
        until(host, count_of(host, WM_EVENT_MESSAGE) == (size_t)i + 1);
        assert_string_equal(nth(host, WM_EVENT_MESSAGE, (size_t)i)->data, "Hello");
        assert_int_equal(wm_conn_send_end(conn), 0);
        hear_frame(host, &client, 0x01, "");
        hear_frame(host, &client, 0x00, text);
        hear_frame(host, &client, 0x80, "");
        hear_frame(host, &client, 0x81, text);
    }
    assert_int_equal(wm_conn_send_begin(conn, 0), 0);
    client_end(&client); /* the windows go with the connection, also in a message */
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(parts__are_frames_of_one_message),
        SCENARIO(parts__leave_as_they_are_written),
        SCENARIO(control_frames__go_between_the_parts),
        SCENARIO(messages__are_received_meanwhile),
        SCENARIO(whole_messages__wait_for_the_end),
        SCENARIO(what_waits__is_bounded),
        SCENARIO_OVER_SOCKETS(a_slow_peer__is_waited_for),
        SCENARIO_OVER_SOCKETS(order__holds_behind_a_full_socket),
        SCENARIO(calls__out_of_order_say_so),
        SCENARIO(close__in_the_middle_drops_what_waits),
        SCENARIO(an_end_of_the_peer__frees_what_waits),
        SCENARIO(a_client__sends_parts_too),
        SCENARIO(parts__are_not_compressed),
    };
    return RUN_SCENARIOS("send_parts", scenarios);
}
