/**
 * @file
 * A crowd of slow peers of http: half heads, half bodies, bodies that trickle, half chunks, half parts of forms. The timeouts shed them
 * while others are served.
 */
#include "support/http_body.h"

#include <sys/resource.h>

enum { CROWD = 1000, TIMEOUT_MS = 250 };

#define FORM "Content-Type: multipart/form-data; boundary=b\r\n"
#define HEAD "POST / HTTP/1.1\r\nHost: a\r\n"
#define BY_LENGTH "Content-Length: 100000\r\n\r\n"
#define BY_CHUNKS "Transfer-Encoding: chunked\r\n\r\n"

static const struct half {
    const char *begun, *more; /**< `more` is repeated every now and then; NULL: silence */
} halves[] = {
    {"G", NULL},
    {"GET / HTTP/1.1\r\nHost:", NULL},
    {"GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"},
    {HEAD BY_LENGTH, NULL},
    {HEAD BY_LENGTH "abc", NULL},
    {HEAD BY_LENGTH, "x"},
    {HEAD BY_CHUNKS, NULL},
    {HEAD BY_CHUNKS "3", NULL},
    {HEAD BY_CHUNKS "3\r\nabc\r\n3;name=", NULL},
    {HEAD BY_CHUNKS, "1\r\nx\r\n"},
    {HEAD BY_CHUNKS "1\r\nx\r\n0\r\nX: ", NULL},
    {HEAD FORM BY_LENGTH, NULL},
    {HEAD FORM BY_LENGTH "--b\r\nContent-Disposition: form-da", NULL},
    {HEAD FORM BY_LENGTH "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nvalue\r\n--", NULL},
    {HEAD FORM BY_LENGTH "--b\r\nX: ", "y"},
};

enum { KINDS = sizeof halves / sizeof halves[0] };

static const char GOOD_FORM[] = HEAD FORM "Content-Length: 63\r\n\r\n"
                                          "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nvalue\r\n--b--\r\n";
static const char *const good_requests[] = {GET, HEAD "Content-Length: 3\r\n\r\nabc", HEAD BY_CHUNKS "3\r\nabc\r\n0\r\n\r\n", GOOD_FORM};

static void ignore_part(wm_worker *worker, wm_conn conn, wm_request request, const wm_part *part, const void *data, size_t len,
                        int32_t last, void *user)
{
    (void)worker, (void)conn, (void)request, (void)part, (void)data, (void)len, (void)last, (void)user;
}

/** Answers what is whole, and only that. */
static void serve(struct host *host, const wm_event *event)
{
    (void)host;
    if ((event->kind == WM_EVENT_MESSAGE && event->flags == WM_KIND_HTTP) || (event->kind == WM_EVENT_BODY && event->flags))
        assert_int_equal(wm_request_respond(event->id, 200, NULL, 0, "yes", 3, 0), 0);
}

static void ask(struct host *host, struct client *good)
{
    static unsigned turn;
    client_say(host, good, good_requests[turn++ % 4]);
    hear_answer(host, good, 200, "yes");
}

/** Each end is a descriptor of this process. */
static void raise_descriptors(void)
{
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(files.rlim_cur >= 2 * CROWD + 100);
}

/** Reads what has come for a peer, which trickles on; 1: it has been told why it ends, and is gone. */
static int hear_or_trickle(struct client *slow, const struct half *half)
{
    if (!client_ended(slow)) {
        if (half->more && slow->len == 0)
            (void)client_write(slow, half->more, strlen(half->more)); /* it may end meanwhile */
        return 0;
    }
    if (slow->len < 12 || atoi(slow->in + 9) != 408)
        fail_msg("behind \"%s\" (%d): %.*s", half->begun, slow->ended, (int)slow->len, slow->in ? slow->in : "");
    client_end(slow);
    return 1;
}

static void crowd__of_half_requests_is_shed_while_others_are_served(void **state)
{
    static struct client slow[CROWD];
    raise_descriptors();
    struct host *host = begin(state, serve);
    assert_int_equal(wm_worker_set_int(host->worker, "handshake_timeout_ms", TIMEOUT_MS), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "body_timeout_ms", TIMEOUT_MS), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "body_min_rate", 1000), 0); /* none that trickles comes near it */
    assert_int_equal(wm_worker_on_part(host->worker, ignore_part, NULL, NULL), 0);
    struct client good = client_begin(host);
    for (int i = 0; i < CROWD; i++) {
        slow[i] = client_begin(host);
        client_say(host, &slow[i], halves[i % KINDS].begun);
        if (i % 50 == 0)
            ask(host, &good);
    }
    int64_t trickled = 0;
    for (int left = CROWD; left > 0;) {
        ask(host, &good);
        turn(host, 20);
        if (clock_ms() - trickled < TIMEOUT_MS / 4)
            continue;
        trickled = clock_ms();
        for (int i = 0; i < CROWD; i++)
            left -= slow[i].fd >= 0 && hear_or_trickle(&slow[i], &halves[i % KINDS]);
    }
    until(host, count_of(host, WM_EVENT_CLOSE) == CROWD);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), CROWD);
    ask(host, &good);
    assert_int_equal(wm_worker_conn_count(host->worker), 1);
    end_body(&good, host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(crowd__of_half_requests_is_shed_while_others_are_served, OVER(TCP6) | OVER_TLS | OVER_PAIRS),
    };
    return RUN_SCENARIOS("http_crowd", scenarios);
}
