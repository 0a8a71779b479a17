/**
 * @file
 * Forms in pieces (wm_worker_on_part): the same parts however they are cut, backpressure, what ends in the middle, and limits.
 */
#include "support/forms.h"

static size_t some(uint32_t *random, size_t most)
{
    *random = *random * 1664525 + 1013904223;
    return 1 + (*random >> 8) % most;
}

static void send_in_pieces(struct host *host)
{
    struct client client = client_begin(host);
    uint32_t random = 1;
    for (uint32_t round = 0; round < 6; round++) {
        int chunked = round % 2;
        size_t most = round < 2 ? 70000 : 9000;
        make_form(round);
        got.log_len = 0;
        if (chunked)
            client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" TYPE "\r\n");
        else
            say_head(host, &client, form_len);
        for (size_t at = 0, len; at < form_len; at += len) {
            len = some(&random, at < 300 || form_len - at < 300 ? 40 : most);
            len = len < form_len - at ? len : form_len - at;
            char line[32];
            snprintf(line, sizeof line, "%zx\r\n", len);
            client_say(host, &client, chunked ? line : "");
            client_send(host, &client, form + at, len);
            client_say(host, &client, chunked ? "\r\n" : "");
            turn(host, 0);
        }
        client_say(host, &client, chunked ? "0\r\n\r\n" : "");
        hear_answer(host, &client, 200, "whole");
        assert_string_equal(got.log, expected);
        assert_int_equal(got.wholes, round + 1);
    }
    end(&client, host);
}

static void pieces__of_any_size_give_the_same_parts(void **state)
{
    send_in_pieces(begin(state));
}

static void records__of_any_pieces_give_the_same_parts(void **state)
{
    send_in_pieces(begin_records(state));
}

/** Each part of a batch has texts and a piece of its own. */
static void records__of_one_read_have_their_own_texts(void **state)
{
    static const char text[] =
        FIELD("a") "one\r\n" FILE_PART("bb", "x") "\r\n--a\r\n" FILE_PART("c", "") "\r\n" FIELD("dd") "4\r\n--b--\r\n";
    struct host *host = begin_records(state);
    struct client client = client_begin(host);
    size_t used = 0;
    note(expected, &used, "a", "-", "", 3, checksum(0, "one", 3));
    note(expected, &used, "bb", "x", "text/x", 5, checksum(0, "\r\n--a", 5));
    note(expected, &used, "c", "", "text/x", 0, 0);
    note(expected, &used, "dd", "-", "", 1, checksum(0, "4", 1));
    for (int i = 1; i <= 2; i++) {
        got.log_len = 0;
        say_form(host, &client, text);
        hear_answer(host, &client, 200, "whole");
        assert_string_equal(got.log, expected);
        assert_int_equal(got.parts, 4 * i);
    }
    end(&client, host);
}

/** What has looked like a boundary is no slice of what was read: its record has a copy. */
static void records__of_what_was_almost_a_boundary(void **state)
{
    struct host *host = begin_records(state);
    struct client client = client_begin(host);
    size_t used = 0;
    note(expected, &used, "a", "-", "", 8, checksum(0, "\r\n--\r\n-x", 8));
    client_say(host, &client, CHUNKED(TYPE));
    client_say(host, &client, "38\r\n" FIELD("a") "\r\n--\r\n-\r\n");
    settle(host);
    client_say(host, &client, "a\r\nx\r\n--b--\r\n\r\n0\r\n\r\n");
    hear_answer(host, &client, 200, "whole");
    assert_string_equal(got.log, expected);
    end(&client, host);
}

/** Records of a batch stay when the host pauses or answers in it; none follow. */
static void records__end_with_an_early_answer(void **state)
{
    struct host *host = begin_records(state);
    struct client client = client_begin(host);
    got.on_part = NULL;
    say_head(host, &client, 200);
    client_say(host, &client, FIELD("a") "one\r\n" FIELD("b"));
    until(host, got.parts == 1);
    assert_int_equal(wm_conn_pause_recv(got.conn), 0);
    client_say(host, &client, "two\r\n" FIELD("c") "three");
    settle(host);
    assert_int_equal(got.parts, 1);
    assert_int_equal(wm_conn_resume_recv(got.conn), 0);
    until(host, got.parts == 2);
    answer("early");
    hear_answer(host, &client, 200, "early");
    client_say(host, &client, "\r\n--b--\r\n");
    settle(host);
    assert_int_equal(got.parts, 2);
    assert_int_equal(got.wholes, 0);
    end(&client, host);
}

static void pause_always(const wm_part *part, int last)
{
    (void)part, (void)last;
    assert_int_equal(wm_conn_pause_recv(got.conn), 0);
}

static void pause__stops_the_parts_at_once(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    got.on_part = pause_always;
    for (int round = 0; round < 2; round++) { /* whole in one read, and by chunks */
        static const char text[] = FIELD("a") "one\r\n" FIELD("b") "\r\n" FILE_PART("c", "d") "3\r\n--b--\r\n";
        char line[32];
        snprintf(line, sizeof line, "%zx\r\n", strlen(text));
        if (round == 0) {
            say_form(host, &client, text);
        } else {
            client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" TYPE "\r\n");
            client_say(host, &client, line);
            client_say(host, &client, text);
            client_say(host, &client, "\r\n0\r\nX: y\r\n\r\n");
        }
        for (int i = 1; i <= 3; i++) {
            until(host, got.parts == 3 * round + i);
            settle(host);
            assert_int_equal(got.parts, 3 * round + i);
            assert_int_equal(got.wholes, round);
            assert_int_equal(wm_conn_resume_recv(got.conn), 0);
        }
        hear_answer(host, &client, 200, "whole");
    }
    assert_int_equal(got.calls, 6);
    end(&client, host);
}

static void answer_first(const wm_part *part, int last)
{
    (void)last;
    char name[2] = {0};
    answer("early");
    memcpy(name, part->name, 1); /* lives until the callback returns */
    assert_string_equal(name, "a");
}

static void answer__in_mid_part_ends_the_parts_and_serves_the_next(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    got.on_part = answer_first;
    for (int i = 1; i <= 2; i++) {
        say_form(host, &client, FIELD("a") "one\r\n" FIELD("b") "two\r\n--b--\r\n");
        hear_answer(host, &client, 200, "early");
        assert_int_equal(got.calls, i);
    }
    assert_int_equal(got.wholes, 0);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    end(&client, host);
}

static void destroy_first(const wm_part *part, int last)
{
    (void)last;
    wm_conn_destroy(got.conn);
    assert_memory_equal(part->name, "a", 1);
}

static void close_first(const wm_part *part, int last)
{
    (void)last;
    assert_int_equal(wm_conn_close(got.conn, 0, NULL, 0), 0);
    assert_memory_equal(part->name, "a", 1);
}

static void close__in_mid_part_is_the_last_of_it(void **state)
{
    static void (*const ways[])(const wm_part *, int) = {destroy_first, close_first};
    struct host *host = begin(state);
    for (size_t i = 0; i < 2; i++) {
        struct client client = client_begin(host);
        got.on_part = ways[i];
        say_head(host, &client, 10000);
        client_say(host, &client, FIELD("a") "one\r\n" FIELD("b") "two\r\n" FIELD("c"));
        until(host, got.calls == i + 1);
        settle(host);
        assert_int_equal(got.calls, i + 1);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == i + 1);
    }
    assert_int_equal(got.wholes, 0);
    host_end(host);
}

static void refused__with_the_rule_or_the_limit(void **state)
{
    struct host *host = begin(state);
    assert_int_equal(wm_worker_set_int(host->worker, "max_parts", 2), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_part_header_bytes", 100), 0);
    hear_refused(host, CHUNKED(TYPE), "a\r\n--b\r\nA: b\n", 400, "RFC 2046 §5.1.1: LF without CR in the header lines of a part");
    hear_refused(host, CHUNKED(TYPE), "3\r\n--b\r\n0\r\n\r\n", 400,
                 "RFC 2046 §5.1.1: the body ends before the last boundary, which has \"--\" behind it");
    hear_refused(host, CHUNKED("Content-Type: multipart/form-data\r\n"), "", 400,
                 "RFC 2046 §5.1.1: multipart/form-data must have one boundary, of 1 to 70 letters, digits, spaces and '()+_,-./:=?");
    static char head[200];
    memset(head, 'x', sizeof head - 1);
    memcpy(head, "c7\r\n--b\r\nA: ", 12);
    hear_refused(host, CHUNKED(TYPE), head, 413,
                 "RFC 7578 §4.8: the header lines of a part are longer than max_part_header_bytes (100 bytes)");
    assert_int_equal(got.parts, 0);
    char three[512];
    snprintf(three, sizeof three, "%zx\r\n%s", strlen(FIELD("a") "\r\n") * 3, FIELD("a") "\r\n" FIELD("b") "\r\n" FIELD("c") "\r\n");
    hear_refused(host, CHUNKED(TYPE), three, 413, "RFC 7578 §4.3: more parts than max_parts (2 parts)");
    assert_int_equal(got.parts, 2);
    assert_int_equal(got.wholes, 0);
    host_end(host);
}

static void other_types__come_as_they_are(void **state)
{
    struct host *host = begin(state);
    got.keeps_answer = 1;
    struct client client = client_begin(host);
    assert_int_equal(wm_worker_on_body(host->worker, NULL, NULL, NULL), 0);
    client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n--b\r\n--b--");
    until(host, got.request);
    settle(host);
    assert_int_equal(got.calls, 0);
    answer("");
    end(&client, host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(pieces__of_any_size_give_the_same_parts),
        SCENARIO(records__of_any_pieces_give_the_same_parts),
        SCENARIO(records__of_one_read_have_their_own_texts),
        SCENARIO(records__of_what_was_almost_a_boundary),
        SCENARIO(records__end_with_an_early_answer),
        SCENARIO(pause__stops_the_parts_at_once),
        SCENARIO(answer__in_mid_part_ends_the_parts_and_serves_the_next),
        SCENARIO(close__in_mid_part_is_the_last_of_it),
        SCENARIO(refused__with_the_rule_or_the_limit),
        SCENARIO(other_types__come_as_they_are),
    };
    return RUN_SCENARIOS("http_parts", scenarios);
}
