/**
 * @file
 * wm_app_stop and http: clients still get the answers to requests in flight, the last with Connection: close.
 */
#include "support/ws_client.h"

static const char GET[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

static int respond(wm_request request, const char *body)
{
    return wm_request_respond(request, 200, NULL, 0, body, strlen(body), 0);
}

/** Waits for a whole answer, takes it, and returns whether it has Connection: close. */
static int hear_answer(struct host *host, struct client *client, const char *body)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), 200);
    client_hear(host, client, body);
    return strstr(head, "\r\nConnection: close\r\n") != NULL;
}

static void until_stopped(struct host *host)
{
    int64_t guard = clock_ms() + GUARD_MS;
    while (turn(host, 5) != WM_ESTOPPED)
        assert_true(clock_ms() < guard);
}

static void stop__an_answer_given_afterwards_arrives_whole(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_app_set_int(host->app, "stop_timeout_ms", GUARD_MS), 0);
    struct client client = client_open(host, NULL);
    client_say(host, &client, GET);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(wm_app_stop(host->app), 0);
    settle(host);
    static char body[300001]; /* more than one send takes */
    fill_pattern(body, sizeof body - 1, 1);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, body) >= 0, 1);
    assert_int_equal(hear_answer(host, &client, body), 1);
    client_hear_end(host, &client);
    client_end(&client);
    until_stopped(host);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_STOP);
    host_end(host);
}

static void stop__the_last_of_the_answers_that_are_due_says_close(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_app_set_int(host->app, "stop_timeout_ms", GUARD_MS), 0);
    struct client client = client_open(host, NULL);
    for (int i = 0; i < 3; i++)
        client_say(host, &client, GET);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 2)->id, "three"), 0);
    assert_int_equal(wm_app_stop(host->app), 0);
    settle(host);
    client_say(host, &client, GET); /* too late: it is not delivered */
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 1)->id, "two"), 0);
    settle(host);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, "one"), 0);
    assert_int_equal(hear_answer(host, &client, "one"), 0);
    assert_int_equal(hear_answer(host, &client, "two"), 0);
    assert_int_equal(hear_answer(host, &client, "three"), 1);
    client_hear_end(host, &client);
    client_end(&client);
    until_stopped(host);
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 3);
    host_end(host);
}

static void stop_and_answer(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    assert_int_equal(wm_app_stop(host->app), 0);
    assert_int_equal(respond(event->id, "bye"), 0);
}

static void stop__by_the_request_that_is_being_answered(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = stop_and_answer;
    struct client client = client_open(host, NULL);
    client_say(host, &client, GET);
    assert_int_equal(hear_answer(host, &client, "bye"), 1);
    client_hear_end(host, &client);
    client_end(&client);
    until_stopped(host);
    host_end(host);
}

static void stop__part_of_a_request_is_not_waited_for(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_app_set_int(host->app, "stop_timeout_ms", GUARD_MS), 0);
    struct client part = client_open(host, NULL), behind = client_open(host, NULL);
    client_say(host, &part, "GET / HT");
    client_say(host, &behind, GET);
    client_say(host, &behind, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    settle(host);
    assert_int_equal(wm_app_stop(host->app), 0);
    client_hear_end(host, &part);
    client_end(&part);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, "one"), 0);
    assert_int_equal(hear_answer(host, &behind, "one"), 1);
    client_hear_end(host, &behind);
    client_end(&behind);
    until_stopped(host);
    host_end(host);
}

static void stop__an_answer_that_never_comes_ends_with_stop_timeout(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_app_set_int(host->app, "stop_timeout_ms", 50), 0);
    struct client client = client_open(host, NULL);
    client_say(host, &client, GET);
    client_say(host, &client, "GET / HT"); /* an incomplete request does not delay the stop either */
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(wm_app_stop(host->app), 0);
    until_stopped(host);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, "late"), WM_ECLOSED);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_STOP);
    client_end(&client);
    host_end(host);
}

static void stop__a_client_that_ended_its_side_still_gets_its_answer(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_open(host, NULL);
    client_say(host, &client, GET);
    client_shut(&client);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    settle(host);
    assert_int_equal(wm_app_stop(host->app), 0);
    settle(host);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, "one"), 0);
    assert_int_equal(hear_answer(host, &client, "one"), 1);
    client_hear_end(host, &client);
    client_end(&client);
    until_stopped(host);
    host_end(host);
}

/* The worker that listens has begun, so in pull mode its stop is a record of a poll that follows. */
static void stop__ends_where_the_start_fails(void **state)
{
    struct host *host = host_begin(*state, "text");
    int busy = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    assert_int_equal(bind(busy, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(busy, 1), 0);
    assert_int_equal(getsockname(busy, (struct sockaddr *)&address, &len), 0);
    char text[64];
    snprintf(text, sizeof text, "text://127.0.0.1:%d", ntohs(address.sin_port));
    assert_non_null(wm_worker_new(host->app, text));
    assert_int_equal(wm_app_stop(host->app), 0);
    assert_int_equal(turn(host, 0), WM_EADDRINUSE);
    until_stopped(host);
    close(busy);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(stop__an_answer_given_afterwards_arrives_whole),
        SCENARIO(stop__the_last_of_the_answers_that_are_due_says_close),
        SCENARIO(stop__by_the_request_that_is_being_answered),
        SCENARIO(stop__part_of_a_request_is_not_waited_for),
        SCENARIO(stop__an_answer_that_never_comes_ends_with_stop_timeout),
        SCENARIO(stop__a_client_that_ended_its_side_still_gets_its_answer),
        SCENARIO(stop__ends_where_the_start_fails),
    };
    return RUN_SCENARIOS("stop", scenarios);
}
