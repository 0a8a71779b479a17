/**
 * @file
 * Requests that the host does not answer within request_timeout_ms: 503, in order, and one line in the log.
 */
#include "support/client.h"

enum { TIMEOUT_MS = 300 };

static int lines;

static void count_line(int32_t level, const void *text, size_t len, void *user)
{
    (void)user;
    assert_int_equal(level, WM_LOG_WARN);
    assert_true(len > 0 && memcmp(text, "worker none (", 13) == 0);
    lines++;
}

static wm_request kept[8];
static int keeping;

/** Answers /now, and keeps the others. */
static void keep_request(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    wm_request request = event->id ? event->id : wm_message_request(event->conn);
    const void *path;
    size_t len;
    assert_int_equal(wm_request_path(request, &path, &len), 0);
    if (len == 4 && memcmp(path, "/now", 4) == 0)
        assert_int_equal(wm_request_respond(request, 200, NULL, 0, "now", 3, 0), 0);
    else
        kept[keeping++] = request;
}

static struct host *timeout_begin(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "request_timeout_ms", TIMEOUT_MS), 0);
    host->react = keep_request;
    lines = keeping = 0;
    wm_log_set(count_line, NULL, NULL);
    return host;
}

static void timeout_end(struct host *host)
{
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

/** Takes an answer with that status line and body. */
static void hear_answer(struct host *host, struct client *client, const char *status, const char *body)
{
    char *head_end;
    until(host, client_has(client, 4) && (head_end = strstr(client->in, "\r\n\r\n")) != NULL);
    assert_memory_equal(client->in, status, strlen(status));
    client_drop(client, (size_t)(head_end + 4 - client->in));
    client_hear(host, client, body);
}

static void unanswered__gets_503_and_a_line(void **state)
{
    struct host *host = timeout_begin(state);
    struct client client = client_begin(host);
    int64_t start = clock_ms();
    client_say(host, &client, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_answer(host, &client, "HTTP/1.1 503 ", "not answered in time\n");
    assert_true(clock_ms() - start >= TIMEOUT_MS);
    assert_int_equal(lines, 1);
    assert_int_equal(wm_request_respond(kept[0], 200, NULL, 0, "late", 4, 0), WM_ECLOSED);
    client_say(host, &client, "GET /now HTTP/1.1\r\nHost: a\r\n\r\n"); /* the connection continues */
    hear_answer(host, &client, "HTTP/1.1 200 ", "now");
    client_end(&client);
    timeout_end(host);
}

static void pipelined__each_in_its_turn(void **state)
{
    struct host *host = timeout_begin(state);
    struct client client = client_begin(host);
    client_say(host, &client, "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /now HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_answer(host, &client, "HTTP/1.1 503 ", "not answered in time\n");
    hear_answer(host, &client, "HTTP/1.1 200 ", "now");
    hear_answer(host, &client, "HTTP/1.1 503 ", "not answered in time\n");
    assert_int_equal(lines, 1); /* at most one a second */
    client_end(&client);
    timeout_end(host);
}

static void answered_in_time__is_left_alone(void **state)
{
    struct host *host = timeout_begin(state);
    struct client client = client_begin(host);
    client_say(host, &client, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, keeping == 1);
    assert_int_equal(wm_request_respond(kept[0], 200, NULL, 0, "yes", 3, 0), 0);
    hear_answer(host, &client, "HTTP/1.1 200 ", "yes");
    int64_t end = clock_ms() + 3 * TIMEOUT_MS;
    while (clock_ms() < end)
        turn(host, 10);
    assert_int_equal(lines, 0);
    assert_false(client_has(&client, 1));
    assert_false(client_ended(&client));
    client_end(&client);
    timeout_end(host);
}

static void head__gets_no_body(void **state)
{
    struct host *host = timeout_begin(state);
    struct client client = client_begin(host);
    client_say(host, &client, "HEAD /never HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_answer(host, &client, "HTTP/1.1 503 ", "");
    settle(host);
    assert_false(client_has(&client, 1));
    client_end(&client);
    timeout_end(host);
}

static void client_that_ended_its_side__still_hears_503(void **state)
{
    struct host *host = timeout_begin(state);
    struct client client = client_begin(host);
    client_say(host, &client, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, keeping == 1);
    client_shut(&client);
    hear_answer(host, &client, "HTTP/1.1 503 ", "not answered in time\n");
    client_hear_end(host, &client);
    client_end(&client);
    timeout_end(host);
}

int main(void)
{
    const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(unanswered__gets_503_and_a_line),
        SCENARIO_OVER_SOCKETS(pipelined__each_in_its_turn),
        SCENARIO_OVER_SOCKETS(answered_in_time__is_left_alone),
        SCENARIO_OVER_SOCKETS(head__gets_no_body),
        SCENARIO_OVER_SOCKETS(client_that_ended_its_side__still_hears_503),
    };
    return run_scenarios("request_timeout", scenarios, sizeof scenarios / sizeof *scenarios);
}
