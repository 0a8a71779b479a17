/**
 * @file
 * Peers that flood the loop with small messages: what the others wait, and that nothing is lost by it.
 */
#include "support/ws_client.h"

enum { FLOODERS = 20, LINES = 300, SPIN_US = 20 };

struct flood {
    size_t messages;         /* of the flood, so far */
    size_t before_good;      /* of the flood, when the good line was seen; (size_t)-1: not yet */
    size_t next[FLOODERS];   /* the number that each has to send next */
    wm_conn conns[FLOODERS]; /* in the order of their first message */
    size_t met;
};

static size_t number_of(const wm_event *event)
{
    char digits[16] = "";
    assert_true(event->len < sizeof digits);
    memcpy(digits, event->data, event->len);
    return (size_t)atoi(digits);
}

static void spin(void)
{
    struct timespec now, begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < SPIN_US * 1000);
}

static void serve(struct host *host, const wm_event *event)
{
    struct flood *flood = host->context;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    if (event->len == 4 && memcmp(event->data, "good", 4) == 0) {
        flood->before_good = flood->messages;
        return;
    }
    size_t who = 0;
    while (who < flood->met && flood->conns[who] != event->conn)
        who++;
    if (who == flood->met) {
        assert_true(who < FLOODERS);
        flood->conns[flood->met++] = event->conn;
    }
    assert_int_equal(number_of(event), flood->next[who]++);
    flood->messages++;
    spin();
}

/** As many numbered messages as a flooder sends, in one piece. */
static char *flood_of(const char *scheme, size_t *len)
{
    char *out = malloc(LINES * 20), *at = out;
    assert_non_null(out);
    for (int i = 0; i < LINES; i++) {
        char number[16];
        size_t digits = (size_t)snprintf(number, sizeof number, "%d", i);
        if (strcmp(scheme, "websocket") == 0) {
            at += ws_frame(at, 0x81, number, digits);
        } else {
            memcpy(at, number, digits);
            at[digits] = '\n';
            at += digits + 1;
        }
    }
    *len = (size_t)(at - out);
    return out;
}

static void flooded(const struct setting *setting, const char *scheme)
{
    struct flood flood = {0};
    flood.before_good = (size_t)-1;
    struct host *host = host_begin(setting, scheme);
    host->context = &flood;
    host->react = serve;
    int websocket = strcmp(scheme, "websocket") == 0;
    struct client clients[FLOODERS], good;
    for (int i = 0; i < FLOODERS; i++)
        clients[i] = websocket ? ws_open(host, NULL) : client_open(host, NULL);
    good = websocket ? ws_open(host, NULL) : client_open(host, NULL);
    size_t len;
    char *bytes = flood_of(scheme, &len);
    for (int i = 0; i < FLOODERS; i++)
        assert_int_equal(client_write(&clients[i], bytes, len), len);
    char frame[20];
    size_t frame_len = 5;
    memcpy(frame, "good\n", frame_len);
    if (websocket)
        frame_len = ws_frame(frame, 0x81, "good", 4);
    assert_int_equal(client_write(&good, frame, frame_len), frame_len);
    until(host, flood.before_good != (size_t)-1);
    assert_true(flood.before_good < FLOODERS * LINES * 3 / 4);
    until(host, flood.messages == (size_t)FLOODERS * LINES);
    free(bytes);
    for (int i = 0; i < FLOODERS; i++)
        client_end(&clients[i]);
    client_end(&good);
    host_end(host);
}

static void lines__a_flood_does_not_hold_up_a_good_one(void **state)
{
    flooded(*state, "text");
}

static void frames__a_flood_does_not_hold_up_a_good_one(void **state)
{
    flooded(*state, "websocket");
}

static void close_at_the_hundredth(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    spin();
    if (number_of(event) == 100)
        assert_int_equal(wm_conn_close(event->conn, 0, NULL, 0), 0);
    else
        assert_true(number_of(event) < 100 || host->setting->cap > 0); /* records of the poll stay */
}

static void close__in_a_flood_ends_it(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = close_at_the_hundredth;
    struct client clients[FLOODERS];
    size_t len;
    char *bytes = flood_of("text", &len);
    for (int i = 0; i < FLOODERS; i++) {
        clients[i] = client_open(host, NULL);
        assert_int_equal(client_write(&clients[i], bytes, len), len);
    }
    free(bytes);
    for (int i = 0; i < FLOODERS; i++) {
        client_hear_end(host, &clients[i]);
        client_end(&clients[i]);
    }
    until(host, count_of(host, WM_EVENT_CLOSE) == FLOODERS);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(lines__a_flood_does_not_hold_up_a_good_one),
        SCENARIO(frames__a_flood_does_not_hold_up_a_good_one),
        SCENARIO(close__in_a_flood_ends_it),
    };
    return RUN_SCENARIOS("fair_share", scenarios);
}
