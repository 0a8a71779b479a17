/**
 * @file
 * The access log of an http worker: pipelined answers out of order, HEAD, an upgrade, streams, files, bodies in pieces, what the
 * host lets go, and the options.
 */
#include "support/http_client.h"

#include <sys/stat.h>

static char path[64];

static struct host *log_begin(void **state, const char *format)
{
    struct host *host = host_begin(*state, "http");
    snprintf(path, sizeof path, "/tmp/wm-access-%d", (int)getpid());
    remove(path);
    wm_worker_unlisten(host->worker);
    assert_int_equal(wm_worker_set_str(host->worker, "access_log", path), 0);
    assert_int_equal(wm_worker_set_str(host->worker, "access_log_format", format), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    return host;
}

/** What the log has in the end, which are so many lines. Ends the host, as lines may wait for a second. */
static const char *lines(struct host *host, int count)
{
    static char text[65536];
    settle(host);
    host_end(host);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    remove(path);
    text[len] = '\0';
    int found = 0;
    for (size_t i = 0; i < len; i++)
        found += text[i] == '\n';
    assert_int_equal(found, count);
    return text;
}

/** Compares what stands behind the time of each line. */
static void expect_lines(const char *text, const char *const *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *rest = strstr(text, "] ");
        assert_non_null(rest);
        assert_memory_equal(rest + 2, expected[i], strlen(expected[i]));
        text = strchr(rest, '\n') + 1;
    }
}

static void lines__are_in_the_order_in_which_answers_leave(void **state)
{
    struct host *host = log_begin(state, "combined");
    struct client client = client_begin(host);
    say_get(host, &client, "/1");
    client_say(host, &client, "HEAD /2 HTTP/1.1\r\nHost: a\r\nUser-Agent: u \"x\"\r\nReferer: r\r\n\r\n");
    say_get(host, &client, "/3");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    wm_request ids[3];
    for (size_t i = 0; i < 3; i++)
        ids[i] = nth(host, WM_EVENT_MESSAGE, i)->id;
    settle(host); /* the slices have ended: what is logged is a copy */
    assert_int_equal(respond(ids[2], 404, NULL, "three"), 0);
    assert_int_equal(respond(ids[1], 200, NULL, "two"), 0);
    assert_int_equal(respond(ids[0], 99, NULL, "refused"), WM_EINVAL);
    assert_int_equal(respond(ids[0], 204, NULL, "one"), 0);
    static const char *const expected[] = {"\"GET /1 HTTP/1.1\" 204 0 \"-\" \"-\"\n",
                                           "\"HEAD /2 HTTP/1.1\" 200 0 \"r\" \"u \\x22x\\x22\"\n",
                                           "\"GET /3 HTTP/1.1\" 404 5 \"-\" \"-\"\n"};
    client_end(&client);
    expect_lines(lines(host, 3), expected, 3);
}

static void upgrade(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        assert_int_equal(wm_request_upgrade(event->id, NULL, 0), 0);
}

static void upgrade__is_a_line_of_status_101(void **state)
{
    struct host *host = log_begin(state, "json");
    host->react = upgrade;
    struct client client = client_begin(host);
    client_say(host, &client,
               "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&client);
    const char *line = lines(host, 1);
    assert_non_null(strstr(line, "\"target\":\"/chat\",\"version\":\"HTTP/1.1\",\"status\":101,\"bytes\":0,"));
}

static void unanswered__requests_are_no_lines(void **state)
{
    struct host *host = log_begin(state, "combined");
    struct client client = client_begin(host);
    say_get(host, &client, "/gone");
    say_get(host, &client, "/stored");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 1)->id, 200, NULL, "x"), 0);
    client_end(&client);
    wm_conn_close(nth(host, WM_EVENT_MESSAGE, 0)->conn, 0, NULL, 0);
    struct client other = client_begin(host);
    say_get(host, &other, "/last");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 2)->id, 200, NULL, "y"), 0);
    static const char *const expected[] = {"\"GET /last HTTP/1.1\" 200 1 \"-\" \"-\"\n"};
    client_end(&other);
    expect_lines(lines(host, 1), expected, 1);
}

/** Streamed answers count what the host has written, whatever it is framed with; also one that is cut off. */
static void streams__are_lines_with_what_was_written(void **state)
{
    struct host *host = log_begin(state, "combined");
    struct client client = client_begin(host);
    wm_request whole = http_ask(host, &client, "GET /whole HTTP/1.1", NULL);
    assert_true(wm_request_respond_begin(whole, 200, NULL, 0, -1) >= 0);
    assert_true(wm_request_respond_write(whole, "12345", 5) >= 0);
    assert_true(wm_request_respond_write(whole, "678", 3) >= 0);
    assert_int_equal(wm_request_respond_end(whole), 0);
    wm_request events = http_ask(host, &client, "GET /events HTTP/1.1", NULL);
    assert_true(wm_request_event_begin(events, NULL, 0) >= 0);
    assert_true(wm_request_event_send(events, NULL, 0, NULL, 0, -1, "x", 1) >= 0); /* "data: x", two line ends */
    assert_int_equal(wm_request_respond_end(events), 0);
    wm_request head = http_ask(host, &client, "HEAD /head HTTP/1.1", NULL);
    assert_true(wm_request_respond_begin(head, 200, NULL, 0, 5) >= 0);
    assert_true(wm_request_respond_write(head, "12345", 5) >= 0);
    assert_int_equal(wm_request_respond_end(head), 0);
    wm_request cut = http_ask(host, &client, "GET /cut HTTP/1.1", NULL);
    assert_true(wm_request_respond_begin(cut, 200, NULL, 0, 10) >= 0);
    assert_true(wm_request_respond_write(cut, "12", 2) >= 0);
    assert_int_equal(wm_request_respond_abort(cut), 0);
    static const char *const expected[] = {"\"GET /whole HTTP/1.1\" 200 8 \"-\" \"-\"\n", "\"GET /events HTTP/1.1\" 200 9 \"-\" \"-\"\n",
                                           "\"HEAD /head HTTP/1.1\" 200 0 \"-\" \"-\"\n", "\"GET /cut HTTP/1.1\" 200 2 \"-\" \"-\"\n"};
    client_end(&client);
    expect_lines(lines(host, 4), expected, 4);
}

/** A stream that was held, and a file behind it, on their turn. */
static void held__answers_are_lines_when_they_leave(void **state)
{
    struct host *host = log_begin(state, "combined");
    struct client client = client_begin(host);
    wm_request first = http_ask(host, &client, "GET /first HTTP/1.1", NULL);
    wm_request second = http_ask(host, &client, "GET /second HTTP/1.1", NULL);
    wm_request third = http_ask(host, &client, "GET /third HTTP/1.1", NULL);
    char name[] = "/tmp/wm-file-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(remove(name), 0);
    assert_int_equal(ftruncate(fd, 100000), 0);
    assert_true(wm_request_respond_fd(third, 200, NULL, 0, fd, 0, 50000, 0) >= 0);
    assert_true(wm_request_respond_begin(second, 201, NULL, 0, -1) >= 0);
    assert_true(wm_request_respond_write(second, "12345", 5) >= 0);
    assert_int_equal(respond(first, 200, NULL, "1"), 0);
    assert_true(wm_request_respond_write(second, "678", 3) >= 0);
    assert_int_equal(wm_request_respond_end(second), 0);
    static const char *const expected[] = {"\"GET /first HTTP/1.1\" 200 1 \"-\" \"-\"\n", "\"GET /second HTTP/1.1\" 201 8 \"-\" \"-\"\n",
                                           "\"GET /third HTTP/1.1\" 200 50000 \"-\" \"-\"\n"};
    client_end(&client);
    expect_lines(lines(host, 3), expected, 3);
}

/** Of a body in pieces: an answer as any, and a refusal, which is the answer to its request. */
static void bodies__in_pieces_are_lines(void **state)
{
    struct host *host = log_begin(state, "combined");
    assert_int_equal(wm_worker_set_int(host->worker, "stream_body", 1), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_body", 10), 0);
    struct client client = client_begin(host);
    client_say(host, &client, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 403, NULL, "no"), 0);
    client_say(host, &client, "345POST /long HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n6\r\n");
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    client_end(&client);
    const char *text = lines(host, 2);
    static const char *const expected[] = {"\"POST /early HTTP/1.1\" 403 2 \"-\" \"-\"\n", "\"POST /long HTTP/1.1\" 413 "};
    expect_lines(text, expected, 2);
}

static void options__that_cannot_be_are_refused(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_str(host->worker, "access_log", "/x"), WM_ESTATE);
    wm_worker_unlisten(host->worker);
    assert_int_equal(wm_worker_set_str(host->worker, "access_log_format", "xml"), WM_EINVAL);
    assert_string_equal(wm_last_error(), "option 'access_log_format' is 'combined' or 'json', not 'xml'");
    assert_int_equal(wm_worker_set_str(host->worker, "access_log", "/dev"), 0);
    assert_true(wm_worker_listen(host->worker) < 0);
    assert_string_equal(wm_last_error(), "cannot write to the access log /dev: Is a directory");
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(lines__are_in_the_order_in_which_answers_leave),
        SCENARIO(upgrade__is_a_line_of_status_101),
        SCENARIO(unanswered__requests_are_no_lines),
        SCENARIO(streams__are_lines_with_what_was_written),
        SCENARIO(held__answers_are_lines_when_they_leave),
        SCENARIO(bodies__in_pieces_are_lines),
        SCENARIO(options__that_cannot_be_are_refused),
    };
    return RUN_SCENARIOS("access log", scenarios);
}
