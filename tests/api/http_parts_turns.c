/**
 * @file
 * Forms in pieces behind unanswered requests, and answers to forms whose parts still come: early ones, streams, and those that are cut off.
 */
#include "support/forms.h"

static const char GET[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
static const char BEGUN[] = FIELD("a") "one\r\n" FIELD("b") "tw";
static const char REST[] = "o\r\n" FIELD("c") "three\r\n--b--\r\n";

static void say_get(struct host *host, struct client *client)
{
    got.plain = 0;
    client_say(host, client, GET);
    until(host, got.plain != 0);
}

static void answer_plain(const char *body)
{
    assert_int_equal(wm_request_respond(got.plain, 200, NULL, 0, body, strlen(body), 0), 0);
}

static void expect_silence(struct host *host, struct client *client)
{
    settle(host);
    client_pump(client);
    assert_int_equal(client->len, 0);
    assert_false(client->ended);
}

static void say_chunk(struct host *host, struct client *client, const char *text)
{
    char chunk[512];
    snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(text), text);
    client_say(host, client, chunk);
}

/** The connection has been left in order. */
static void expect_served(struct host *host, struct client *client)
{
    say_get(host, client);
    answer_plain("next");
    hear_answer(host, client, 200, "next");
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 0);
}

static void out_of_turn__parts_come_and_the_answer_waits(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    say_get(host, &client);
    say_head(host, &client, strlen(BEGUN) + strlen(REST));
    client_say(host, &client, BEGUN);
    until(host, got.calls == 2);
    assert_int_equal(got.parts, 1);
    client_say(host, &client, REST);
    until(host, got.wholes == 1);
    assert_int_equal(got.parts, 3);
    expect_silence(host, &client);
    answer_plain("first");
    hear_answer(host, &client, 200, "first");
    hear_answer(host, &client, 200, "whole");
    expect_served(host, &client);
    end(&client, host);
}

/** The rest of an answered form is no form that could be refused: it is discarded, whether it is one or not. */
static void out_of_turn__an_early_answer_ends_the_parts(void **state)
{
    static const char *const rests[] = {REST, "o\r\n--b\r\nno header\n", "o, and no boundary"};
    struct host *host = begin(state);
    struct client client = client_begin(host);
    for (size_t i = 0; i < 6; i++) {
        const char *rest = rests[i % 3];
        int chunked = i >= 3;
        got.calls = 0;
        say_get(host, &client);
        if (chunked) {
            client_say(host, &client, CHUNKED(TYPE));
            say_chunk(host, &client, BEGUN);
        } else {
            say_head(host, &client, strlen(BEGUN) + strlen(rest));
            client_say(host, &client, BEGUN);
        }
        until(host, got.calls == 2);
        answer("early");
        if (chunked)
            say_chunk(host, &client, rest);
        client_say(host, &client, chunked ? "0\r\nX: y\r\n\r\n" : rest);
        expect_silence(host, &client);
        assert_int_equal(got.calls, 2);
        answer_plain("first");
        hear_answer(host, &client, 200, "first");
        hear_answer(host, &client, 200, "early");
        expect_served(host, &client);
    }
    assert_int_equal(got.wholes, 0);
    end(&client, host);
}

static void answer_at_once(const wm_part *part, int last)
{
    (void)part, (void)last;
    answer("early");
}

static void out_of_turn__an_answer_in_a_part_ends_the_parts_that_came_with_it(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    got.on_part = answer_at_once;
    say_get(host, &client);
    say_form(host, &client, FIELD("a") "one\r\n" FIELD("b") "two");
    until(host, got.calls == 1);
    expect_silence(host, &client);
    assert_int_equal(got.calls, 1);
    answer_plain("first");
    hear_answer(host, &client, 200, "first");
    hear_answer(host, &client, 200, "early");
    expect_served(host, &client);
    assert_int_equal(got.wholes, 0);
    end(&client, host);
}

static void out_of_turn__a_broken_form_is_refused_behind_the_answer_that_is_due(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    say_get(host, &client);
    say_form(host, &client, FIELD("a") "one\r\n--b\r\nno header\n");
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_int_equal(got.parts, 1);
    expect_silence(host, &client);
    answer_plain("first");
    hear_answer(host, &client, 200, "first");
    assert_int_equal(http_head(host, &client, NULL), 400);
    assert_int_equal(got.wholes, 0);
    end(&client, host);
}

/** Begins a chunked answer at the first part; each part is a chunk of its name. */
static void echo_name(const wm_part *part, int last)
{
    if (!last)
        return;
    if (got.parts == 1)
        assert_int_equal(wm_request_respond_begin(got.request, 200, NULL, 0, -1), 0);
    assert_int_equal(wm_request_respond_write(got.request, part->name, part->name_len), 0);
}

static void hear_begin(struct host *host, struct client *client)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), 200);
    assert_non_null(strstr(head, "Transfer-Encoding: chunked\r\n"));
    assert_null(strstr(head, "Connection: close"));
}

static void stream__that_begins_in_a_part_gets_the_others(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    got.on_part = echo_name;
    got.keeps_answer = 1;
    for (int behind = 0; behind < 2; behind++) {
        got.parts = got.wholes = 0;
        if (behind)
            say_get(host, &client);
        say_head(host, &client, strlen(BEGUN) + strlen(REST));
        client_say(host, &client, BEGUN);
        until(host, got.parts == 1);
        if (behind) {
            expect_silence(host, &client);
        } else {
            hear_begin(host, &client);
            client_hear(host, &client, "1\r\na\r\n");
        }
        client_say(host, &client, REST);
        until(host, got.wholes == 1);
        assert_int_equal(got.parts, 3);
        assert_int_equal(wm_request_respond(got.request, 200, NULL, 0, NULL, 0, 0), WM_ESTATE);
        assert_int_equal(wm_request_respond_end(got.request), 0);
        if (behind) {
            expect_silence(host, &client);
            answer_plain("first");
            hear_answer(host, &client, 200, "first");
            hear_begin(host, &client);
            client_hear(host, &client, "1\r\na\r\n");
        }
        client_hear(host, &client, "1\r\nb\r\n1\r\nc\r\n0\r\n\r\n");
        expect_served(host, &client);
    }
    end(&client, host);
}

static void stream__that_ends_in_a_part_ends_the_parts(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    got.on_part = echo_name;
    for (int behind = 0; behind < 2; behind++) {
        got.parts = 0;
        if (behind)
            say_get(host, &client);
        say_head(host, &client, strlen(BEGUN) + strlen(REST));
        client_say(host, &client, BEGUN);
        until(host, got.parts == 1);
        settle(host);
        assert_int_equal(wm_request_respond_end(got.request), 0);
        client_say(host, &client, REST);
        settle(host);
        if (behind) {
            answer_plain("first");
            hear_answer(host, &client, 200, "first");
        }
        hear_begin(host, &client);
        client_hear(host, &client, "1\r\na\r\n0\r\n\r\n");
        expect_served(host, &client);
        assert_int_equal(got.parts, 1);
    }
    assert_int_equal(got.wholes, 0);
    end(&client, host);
}

/** What has begun as a success cannot be refused: it must not look whole either. */
static void stream__of_a_form_that_breaks_is_cut_off(void **state)
{
    struct host *host = begin(state);
    got.on_part = echo_name;
    for (int behind = 0; behind < 2; behind++) {
        struct client client = client_begin(host);
        got.parts = 0;
        if (behind)
            say_get(host, &client);
        say_form(host, &client, FIELD("a") "one\r\n--b\r\nno header\n");
        until(host, client_ended(&client));
        assert_true(host->setting->transport == UNIX || client.ended != 1);
        for (size_t i = 0; i + 5 <= client.len; i++)
            assert_memory_not_equal(client.in + i, "0\r\n\r\n", 5);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == (size_t)behind + 1);
        assert_int_equal(wm_request_respond_end(got.request), WM_ECLOSED);
    }
    assert_int_equal(got.wholes, 0);
    host_end(host);
}

static void abort_at_once(const wm_part *part, int last)
{
    echo_name(part, last);
    assert_int_equal(wm_request_respond_abort(got.request), 0);
    assert_memory_equal(part->name, "a", 1); /* lives until the callback returns */
}

static void stream__aborted_in_a_part_is_the_last_of_it(void **state)
{
    struct host *host = begin(state);
    got.on_part = abort_at_once;
    for (int behind = 0; behind < 2; behind++) {
        struct client client = client_begin(host);
        got.parts = 0;
        if (behind)
            say_get(host, &client);
        say_form(host, &client, FIELD("a") "one\r\n" FIELD("b") "two\r\n--b--\r\n");
        until(host, count_of(host, WM_EVENT_CLOSE) == (size_t)behind + 1);
        assert_int_equal(got.parts, 1);
        client_end(&client);
    }
    assert_int_equal(got.wholes, 0);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(out_of_turn__parts_come_and_the_answer_waits),
        SCENARIO(out_of_turn__an_early_answer_ends_the_parts),
        SCENARIO(out_of_turn__an_answer_in_a_part_ends_the_parts_that_came_with_it),
        SCENARIO(out_of_turn__a_broken_form_is_refused_behind_the_answer_that_is_due),
        SCENARIO(stream__that_begins_in_a_part_gets_the_others),
        SCENARIO(stream__that_ends_in_a_part_ends_the_parts),
        SCENARIO_NOT_OVER(stream__of_a_form_that_breaks_is_cut_off, OVER_PAIRS),
        SCENARIO_NOT_OVER(stream__aborted_in_a_part_is_the_last_of_it, OVER_PAIRS),
    };
    return RUN_SCENARIOS("http_parts_turns", scenarios);
}
