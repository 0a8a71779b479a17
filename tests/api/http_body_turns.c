/**
 * @file
 * Bodies in pieces that are answered out of turn, and answers that are streamed while pieces come.
 */
#include "support/http_body.h"

static wm_request ask(struct host *host, struct client *client)
{
    int before = got.whole;
    client_say(host, client, GET);
    until(host, got.whole == before + 1);
    return got.request;
}

static void answer_to(wm_request request, const char *body)
{
    assert_int_equal(wm_request_respond(request, 200, NULL, 0, body, strlen(body), 0), 0);
}

static void expect_silence(struct host *host, struct client *client)
{
    settle(host);
    client_pump(client);
    assert_int_equal(client->len, 0);
    assert_false(client->ended);
}

static void out_of_turn__an_early_answer_ends_the_pieces(void **state)
{
    struct host *host = begin(state, watch);
    struct client client = client_begin(host);
    for (int chunked = 0; chunked < 2; chunked++) {
        got.len = 0;
        wm_request first = ask(host, &client);
        if (chunked) {
            client_say(host, &client, CHUNKED);
            say_chunk(host, &client, "abc", 3);
        } else {
            say_length(host, &client, 6);
            client_say(host, &client, "abc");
        }
        until(host, got.len == 3);
        answer_to(got.request, "early");
        client_say(host, &client, chunked ? "3\r\ndef\r\n0\r\nX: y\r\n\r\n" : "def");
        wm_request third = ask(host, &client);
        answer_to(third, "third");
        expect_silence(host, &client);
        answer_to(first, "first");
        hear_answer(host, &client, 200, "first");
        hear_answer(host, &client, 200, "early");
        hear_answer(host, &client, 200, "third");
    }
    assert_int_equal(got.lasts, 0);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    end_body(&client, host);
}

static void out_of_turn__an_early_answer_to_a_long_body_closes_in_its_turn(void **state)
{
    struct host *host = begin(state, watch);
    assert_int_equal(wm_worker_set_int(host->worker, "max_discard", 100), 0);
    struct client client = client_begin(host);
    wm_request first = ask(host, &client);
    say_length(host, &client, 1000);
    until(host, got.heads == 1);
    answer_to(got.request, "early");
    expect_silence(host, &client);
    answer_to(first, "first");
    hear_answer(host, &client, 200, "first");
    hear_last_answer(host, &client, 200, "early");
    end_body(&client, host);
}

/** Sends back what comes, as it comes. */
static void send_back(struct host *host, const wm_event *event)
{
    watch(host, event);
    if (event->kind == WM_EVENT_MESSAGE && event->flags == WM_KIND_HTTP_HEAD)
        assert_int_equal(wm_request_respond_begin(event->id, 200, NULL, 0, -1), 0);
    if (event->kind != WM_EVENT_BODY)
        return;
    assert_int_equal(wm_request_respond_write(event->id, event->data, event->len), 0);
    if (event->flags)
        assert_int_equal(wm_request_respond_end(event->id), 0);
}

static void hear_begin(struct host *host, struct client *client)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), 200);
    assert_non_null(strstr(head, "Transfer-Encoding: chunked\r\n"));
    assert_null(strstr(head, "Connection: close"));
}

static void stream__that_begins_at_the_head_runs_beside_the_pieces(void **state)
{
    struct host *host = begin(state, send_back);
    struct client client = client_begin(host);
    say_length(host, &client, 6);
    hear_begin(host, &client);
    client_say(host, &client, "abc");
    client_hear(host, &client, "3\r\nabc\r\n");
    client_say(host, &client, "def");
    client_hear(host, &client, "3\r\ndef\r\n0\r\n\r\n");

    client_say(host, &client, CHUNKED);
    hear_begin(host, &client);
    say_chunk(host, &client, "abc", 3);
    client_hear(host, &client, "3\r\nabc\r\n");
    client_say(host, &client, "0\r\nX: y\r\n\r\n");
    client_hear(host, &client, "0\r\n\r\n");
    assert_string_equal(got.trailers, "X=y;");

    answer_to(ask(host, &client), "next");
    hear_answer(host, &client, 200, "next");
    end_body(&client, host);
}

static void stream__that_begins_out_of_turn_runs_beside_the_pieces(void **state)
{
    struct host *host = begin(state, send_back);
    struct client client = client_begin(host);
    wm_request first = ask(host, &client);
    say_length(host, &client, 9);
    client_say(host, &client, "abc");
    until(host, got.len == 3);
    expect_silence(host, &client);
    answer_to(first, "first");
    hear_answer(host, &client, 200, "first");
    hear_begin(host, &client);
    client_hear(host, &client, "3\r\nabc\r\n");
    client_say(host, &client, "def");
    client_hear(host, &client, "3\r\ndef\r\n");
    client_say(host, &client, "ghi");
    client_hear(host, &client, "3\r\nghi\r\n0\r\n\r\n");
    answer_to(ask(host, &client), "next");
    hear_answer(host, &client, 200, "next");
    end_body(&client, host);
}

static void stream__that_ends_first_ends_the_pieces(void **state)
{
    struct host *host = begin(state, watch);
    struct client client = client_begin(host);
    say_length(host, &client, 6);
    client_say(host, &client, "abc");
    until(host, got.len == 3);
    assert_int_equal(wm_request_respond_begin(got.request, 200, NULL, 0, -1), 0);
    assert_int_equal(wm_request_respond_end(got.request), 0);
    hear_begin(host, &client);
    client_hear(host, &client, "0\r\n\r\n");
    client_say(host, &client, "def");
    answer_to(ask(host, &client), "next");
    hear_answer(host, &client, 200, "next");
    assert_int_equal(got.len, 3);
    assert_int_equal(got.lasts, 0);
    end_body(&client, host);
}

static void stream__of_a_body_that_breaks_is_cut_off(void **state)
{
    struct host *host = begin(state, send_back);
    struct client client = client_begin(host);
    client_say(host, &client, CHUNKED);
    hear_begin(host, &client);
    client_say(host, &client, "x\r\n");
    until(host, client_ended(&client));
    assert_int_equal(client.len, 0);
    assert_true(host->setting->transport == UNIX || client.ended != 1);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags & 255, WM_REASON_PROTOCOL);
    assert_int_equal(got.lasts, 0);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(out_of_turn__an_early_answer_ends_the_pieces),
        SCENARIO(out_of_turn__an_early_answer_to_a_long_body_closes_in_its_turn),
        SCENARIO(stream__that_begins_at_the_head_runs_beside_the_pieces),
        SCENARIO(stream__that_begins_out_of_turn_runs_beside_the_pieces),
        SCENARIO(stream__that_ends_first_ends_the_pieces),
        SCENARIO_NOT_OVER(stream__of_a_body_that_breaks_is_cut_off, OVER_PAIRS),
    };
    return RUN_SCENARIOS("http_body_turns", scenarios);
}
