/**
 * @file
 * Http: files as answers by their descriptors: what leaves, whose the descriptor is, and what ends in the middle.
 */
#define _GNU_SOURCE
#include "support/files.h"
#include "support/ws_client.h"

enum { LARGE = 8 << 20, SMALL = 16 << 10 };

static char content[LARGE];

static void say_request(struct host *host, struct client *client, const char *line)
{
    char request[256];
    snprintf(request, sizeof request, "%s\r\nHost: a\r\n\r\n", line);
    client_say(host, client, request);
}

/** The id of the nth request. */
static wm_request request_at(struct host *host, size_t n)
{
    until(host, count_of(host, WM_EVENT_MESSAGE) > n);
    return nth(host, WM_EVENT_MESSAGE, n)->id;
}

static int respond_fd(wm_request request, int fd, int64_t offset, int64_t length)
{
    static const char headers[] = "Content-Type: text/plain\r\n";
    return wm_request_respond_fd(request, 200, headers, sizeof headers - 1, fd, offset, length, 0);
}

static void hear_head(struct host *host, struct client *client, int status, long long length)
{
    char head[4096], line[64];
    assert_int_equal(http_head(host, client, head), status);
    snprintf(line, sizeof line, "Content-Length: %lld\r\n", length);
    if (length >= 0 ? !strstr(head, line) : strstr(head, "Content-Length") != NULL)
        fail_msg("expected %s in %s", length >= 0 ? line : "no length", head);
}

/** A host with a directory that has one file, "f", of the content. */
struct stage {
    struct host *host;
    struct directory files;
};

static struct stage begin(void **state, size_t len)
{
    struct stage stage = {host_begin(*state, "http"), directory_begin()};
    fill_pattern(content, sizeof content, 7);
    put_file(&stage.files, "f", content, len);
    return stage;
}

static void end(struct stage *stage)
{
    host_end(stage->host);
    assert_int_equal(open_count(&stage->files, "f"), 0);
    directory_end(&stage->files);
}

static void parts__leave_with_their_head_and_the_connection_stays(void **state)
{
    static const struct {
        int64_t offset, length, expected;
    } parts[] = {{0, -1, LARGE},
                 {0, 0, 0},
                 {LARGE, -1, 0},
                 {LARGE, 0, 0},
                 {0, 1, 1},
                 {LARGE - 1, 1, 1},
                 {5, SMALL, SMALL},
                 {5, SMALL + 1, SMALL + 1},
                 {LARGE - 100, -1, 100},
                 {1, 1 << 20, 1 << 20},
                 {0, LARGE, LARGE}};
    struct stage stage = begin(state, LARGE);
    struct client client = client_begin(stage.host);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        say_request(stage.host, &client, "GET / HTTP/1.1");
        int fd = open_file(&stage.files, "f");
        assert_int_equal(respond_fd(request_at(stage.host, i), fd, parts[i].offset, parts[i].length), 0);
        hear_head(stage.host, &client, 200, parts[i].expected);
        client_hear_bytes(stage.host, &client, content + parts[i].offset, (size_t)parts[i].expected);
        until(stage.host, open_count(&stage.files, "f") == 0);
    }
    assert_int_equal(count_of(stage.host, WM_EVENT_CLOSE), 0);
    client_end(&client);
    end(&stage);
}

static void no_part__is_refused_and_the_descriptor_stays(void **state)
{
    struct stage stage = begin(state, 1000);
    struct client client = client_begin(stage.host);
    say_request(stage.host, &client, "GET / HTTP/1.1");
    wm_request request = request_at(stage.host, 0);
    int fd = open_file(&stage.files, "f"), pipes[2];
    assert_int_equal(pipe(pipes), 0);
    int written = openat(stage.files.fd, "f", O_WRONLY), path = openat(stage.files.fd, "f", O_PATH);
    const struct {
        int fd;
        int64_t offset, length;
        const char *text;
    } rows[] = {{fd, -1, -1, "1000 bytes"},       {fd, 1001, -1, "1000 bytes"},
                {fd, 0, 1001, "1000 bytes"},      {fd, 1000, 1, "1000 bytes"},
                {fd, INT64_MAX, 1, "1000 bytes"}, {fd, 1, INT64_MAX, "1000 bytes"},
                {-1, 0, -1, "not open"},          {9999, 0, -1, "not open"},
                {pipes[0], 0, -1, "regular"},     {stage.files.fd, 0, -1, "regular"},
                {written, 0, -1, "for reading"},  {path, 0, -1, "for reading"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(respond_fd(request, rows[i].fd, rows[i].offset, rows[i].length), WM_EINVAL);
        if (!strstr(wm_last_error(), rows[i].text))
            fail_msg("%s does not say \"%s\"", wm_last_error(), rows[i].text);
    }
    assert_int_equal(wm_request_respond_fd(request, 199, NULL, 0, fd, 0, -1, 0), WM_EINVAL);
    assert_int_equal(wm_request_respond_fd(request, 200, NULL, 0, fd, 0, -1, 1 << 30), WM_EINVAL);
    assert_int_equal(wm_request_respond_fd(request, 200, NULL, 0, fd, 0, -1, WM_FILE_PRECOMPRESSED), WM_EINVAL);
    assert_int_equal(wm_request_respond_fd(request, 200, NULL, 1, fd, 0, -1, 0), WM_EINVAL);
    assert_int_equal(wm_request_respond_fd(request, 200, "bad", 3, fd, 0, -1, 0), WM_EINVAL);
    assert_int_equal(wm_request_respond_fd(request, 200, "Content-Length: 5\r\n", 19, fd, 0, -1, 0), WM_EINVAL);
    settle(stage.host);
    assert_int_equal(wm_request_respond_fd(request, 200, NULL, 0, fd, 0, -1, WM_FILE_CONDITIONAL), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "wm_request_keep"));
    assert_int_equal(wm_request_respond_fd(0, 200, NULL, 0, fd, 0, -1, 0), WM_ECLOSED);
    assert_int_equal(open_count(&stage.files, "f"), 3);
    assert_int_equal(respond_fd(request, fd, 0, -1), 0);
    assert_int_equal(respond_fd(request, fd, 0, -1), WM_ECLOSED);
    hear_head(stage.host, &client, 200, 1000);
    client_hear_bytes(stage.host, &client, content, 1000);
    close(written), close(path), close(pipes[0]), close(pipes[1]);
    client_end(&client);
    end(&stage);
}

static void no_body__where_http_has_none(void **state)
{
    static const struct {
        const char *line;
        int status;
        long long length;
    } rows[] = {{"HEAD / HTTP/1.1", 200, LARGE}, {"GET / HTTP/1.1", 204, -1}, {"GET / HTTP/1.1", 304, -1}, {"GET / HTTP/1.1", 205, 0}};
    struct stage stage = begin(state, LARGE);
    assert_int_equal(wm_app_set_int(stage.host->app, "max_file_answers", 0), 0); /* none is held open */
    struct client client = client_begin(stage.host);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        say_request(stage.host, &client, rows[i].line);
        int fd = open_file(&stage.files, "f");
        assert_int_equal(wm_request_respond_fd(request_at(stage.host, i), rows[i].status, NULL, 0, fd, 0, -1, 0), 0);
        hear_head(stage.host, &client, rows[i].status, rows[i].length);
        assert_int_equal(open_count(&stage.files, "f"), 0);
    }
    settle(stage.host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    client_end(&client);
    end(&stage);
}

static void the_end__of_http_1_0_and_of_connection_close(void **state)
{
    static const char *const lines[] = {"GET / HTTP/1.0", "GET / HTTP/1.1\r\nConnection: close"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct stage stage = begin(state, LARGE);
        struct client client = client_begin(stage.host);
        say_request(stage.host, &client, lines[i]);
        assert_int_equal(respond_fd(request_at(stage.host, 0), open_file(&stage.files, "f"), 0, -1), 0);
        hear_head(stage.host, &client, 200, LARGE);
        client_hear_bytes(stage.host, &client, content, LARGE);
        client_hear_end(stage.host, &client);
        client_end(&client);
        end(&stage);
    }
}

static void pipelined__files_wait_for_their_turn(void **state)
{
    struct stage stage = begin(state, LARGE);
    struct client client = client_begin(stage.host);
    wm_request requests[4];
    for (size_t i = 0; i < 4; i++)
        say_request(stage.host, &client, i == 2 ? "HEAD / HTTP/1.1" : "GET / HTTP/1.1");
    for (size_t i = 0; i < 4; i++)
        requests[i] = request_at(stage.host, i);
    assert_int_equal(respond_fd(requests[3], open_file(&stage.files, "f"), 100, 1000), 0);
    assert_int_equal(open_count(&stage.files, "f"), 0); /* small: read at once */
    assert_int_equal(respond_fd(requests[1], open_file(&stage.files, "f"), 0, -1), 0);
    assert_int_equal(respond_fd(requests[2], open_file(&stage.files, "f"), 0, -1), 0);
    assert_int_equal(open_count(&stage.files, "f"), 1);
    settle(stage.host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    assert_int_equal(respond_fd(requests[0], open_file(&stage.files, "f"), 5, LARGE / 2), 0);
    hear_head(stage.host, &client, 200, LARGE / 2);
    client_hear_bytes(stage.host, &client, content + 5, LARGE / 2);
    hear_head(stage.host, &client, 200, LARGE);
    client_hear_bytes(stage.host, &client, content, LARGE);
    hear_head(stage.host, &client, 200, LARGE);
    hear_head(stage.host, &client, 200, 1000);
    client_hear_bytes(stage.host, &client, content + 100, 1000);
    client_end(&client);
    end(&stage);
}

static void pipelined__a_file_that_has_no_turn_is_closed_with_its_connection(void **state)
{
    struct stage stage = begin(state, LARGE);
    assert_int_equal(wm_app_set_int(stage.host->app, "max_file_answers", 1), 0);
    for (size_t round = 0; round < 2; round++) { /* it counts no longer, either */
        struct client client = client_begin(stage.host);
        say_request(stage.host, &client, "GET / HTTP/1.1");
        say_request(stage.host, &client, "GET / HTTP/1.1");
        assert_int_equal(respond_fd(request_at(stage.host, 2 * round + 1), open_file(&stage.files, "f"), 0, -1), 0);
        assert_int_equal(open_count(&stage.files, "f"), 1);
        client_end(&client);
        assert_int_equal(wm_conn_destroy(nth(stage.host, WM_EVENT_MESSAGE, 2 * round)->conn), 0);
        until(stage.host, count_of(stage.host, WM_EVENT_CLOSE) == round + 1);
        settle(stage.host);
        assert_int_equal(open_count(&stage.files, "f"), 0);
    }
    end(&stage);
}

static void a_slow_reader__is_asked_for_no_further_request(void **state)
{
    struct stage stage = begin(state, LARGE);
    struct client client = client_begin(stage.host);
    say_request(stage.host, &client, "GET / HTTP/1.1");
    assert_int_equal(respond_fd(request_at(stage.host, 0), open_file(&stage.files, "f"), 0, -1), 0);
    settle(stage.host);
    assert_int_equal(open_count(&stage.files, "f"), 1);
    assert_true(wm_conn_send_queue_size(nth(stage.host, WM_EVENT_MESSAGE, 0)->conn) < 64 << 10); /* memory */
    say_request(stage.host, &client, "GET / HTTP/1.1");
    settle(stage.host);
    assert_int_equal(count_of(stage.host, WM_EVENT_MESSAGE), 1);
    hear_head(stage.host, &client, 200, LARGE);
    client_hear_bytes(stage.host, &client, content, LARGE);
    assert_int_equal(respond_fd(request_at(stage.host, 1), open_file(&stage.files, "f"), 0, 10), 0);
    hear_head(stage.host, &client, 200, 10);
    client_hear_bytes(stage.host, &client, content, 10);
    client_end(&client);
    end(&stage);
}

static void max_file_answers__one_more_is_full_until_one_has_left(void **state)
{
    struct stage stage = begin(state, LARGE);
    assert_int_equal(wm_app_set_int(stage.host->app, "max_file_answers", 1), 0);
    struct client clients[2];
    for (size_t i = 0; i < 2; i++) {
        clients[i] = client_begin(stage.host);
        say_request(stage.host, &clients[i], "GET / HTTP/1.1");
        request_at(stage.host, i);
    }
    wm_request first = request_at(stage.host, 0), second = request_at(stage.host, 1);
    assert_int_equal(respond_fd(first, open_file(&stage.files, "f"), 0, -1), 0);
    int fd = open_file(&stage.files, "f");
    assert_int_equal(respond_fd(second, fd, 0, -1), WM_EFULL);
    assert_non_null(strstr(wm_last_error(), "max_file_answers (1)"));
    struct client *one = &clients[0], *other = &clients[1];
    until(stage.host, client_has(one, 1) || client_has(other, 1));
    if (other->len > 0) /* whose request came first is the kernel's */
        one = &clients[1], other = &clients[0];
    hear_head(stage.host, one, 200, LARGE);
    client_hear_bytes(stage.host, one, content, LARGE);
    until(stage.host, open_count(&stage.files, "f") == 1);
    assert_int_equal(respond_fd(second, fd, 0, -1), 0);
    hear_head(stage.host, other, 200, LARGE);
    client_hear_bytes(stage.host, other, content, LARGE);
    client_end(one), client_end(other);
    end(&stage);
}

/** Begins to send the file to a client that has read nothing of it yet. */
static struct client begin_sending(struct stage *stage)
{
    struct client client = client_begin(stage->host);
    say_request(stage->host, &client, "GET / HTTP/1.1");
    assert_int_equal(respond_fd(request_at(stage->host, 0), open_file(&stage->files, "f"), 0, -1), 0);
    settle(stage->host);
    assert_int_equal(open_count(&stage->files, "f"), 1);
    return client;
}

static void shrinks__and_the_connection_is_reset(void **state)
{
    struct stage stage = begin(state, LARGE);
    struct client client = begin_sending(&stage);
    int fd = openat(stage.files.fd, "f", O_WRONLY);
    assert_int_equal(ftruncate(fd, 1000), 0);
    close(fd);
    until(stage.host, client_ended(&client));
    assert_true(client.len < LARGE);
    if (stage.host->setting->transport == TCP || stage.host->setting->transport == TCP6)
        assert_int_equal(client.ended, ECONNRESET);
    until(stage.host, count_of(stage.host, WM_EVENT_CLOSE) >= 1);
    for (size_t i = 0; i < count_of(stage.host, WM_EVENT_CLOSE); i++)
        if (nth(stage.host, WM_EVENT_CLOSE, i)->worker) {
            assert_int_equal(nth(stage.host, WM_EVENT_CLOSE, i)->flags & 255, WM_REASON_ERROR);
            assert_int_equal(nth(stage.host, WM_EVENT_CLOSE, i)->detail, EIO);
        }
    client_end(&client);
    end(&stage);
}

static void grows__and_what_was_announced_is_sent(void **state)
{
    struct stage stage = begin(state, LARGE);
    struct client client = begin_sending(&stage);
    int fd = openat(stage.files.fd, "f", O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "more", 4), 4);
    close(fd);
    hear_head(stage.host, &client, 200, LARGE);
    client_hear_bytes(stage.host, &client, content, LARGE);
    settle(stage.host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    client_end(&client);
    end(&stage);
}

static void the_peer__goes_in_the_middle(void **state)
{
    struct stage stage = begin(state, LARGE);
    struct client client = begin_sending(&stage);
    client_forget(&client, 0);
    until(stage.host, count_of(stage.host, WM_EVENT_CLOSE) >= 1);
    settle(stage.host);
    assert_int_equal(open_count(&stage.files, "f"), 0);
    end(&stage);
}

static void the_host__closes_behind_the_file_or_ends_in_it(void **state)
{
    struct stage stage = begin(state, LARGE);
    struct client client = begin_sending(&stage);
    assert_int_equal(wm_conn_close(nth(stage.host, WM_EVENT_MESSAGE, 0)->conn, 0, NULL, 0), 0);
    hear_head(stage.host, &client, 200, LARGE);
    client_hear_bytes(stage.host, &client, content, LARGE);
    client_hear_end(stage.host, &client);
    client_end(&client);
    end(&stage);

    stage = begin(state, LARGE);
    client = begin_sending(&stage);
    assert_int_equal(wm_conn_destroy(nth(stage.host, WM_EVENT_MESSAGE, 0)->conn), 0);
    settle(stage.host);
    assert_int_equal(open_count(&stage.files, "f"), 0);
    client_end(&client);
    end(&stage);
}

static void a_stop__lets_the_file_leave(void **state)
{
    struct stage stage = begin(state, LARGE);
    struct client client = begin_sending(&stage);
    assert_int_equal(wm_app_stop(stage.host->app), 0);
    hear_head(stage.host, &client, 200, LARGE);
    client_hear_bytes(stage.host, &client, content, LARGE);
    client_hear_end(stage.host, &client);
    client_end(&client);
    end(&stage);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(parts__leave_with_their_head_and_the_connection_stays),
        SCENARIO(no_part__is_refused_and_the_descriptor_stays),
        SCENARIO(no_body__where_http_has_none),
        SCENARIO_NOT_OVER(the_end__of_http_1_0_and_of_connection_close, OVER_PAIRS),
        SCENARIO(pipelined__files_wait_for_their_turn),
        SCENARIO(pipelined__a_file_that_has_no_turn_is_closed_with_its_connection),
        SCENARIO_NOT_OVER(a_slow_reader__is_asked_for_no_further_request, OVER_PAIRS),
        SCENARIO_NOT_OVER(max_file_answers__one_more_is_full_until_one_has_left, OVER_PAIRS),
        SCENARIO_NOT_OVER(shrinks__and_the_connection_is_reset, OVER_PAIRS),
        SCENARIO_NOT_OVER(grows__and_what_was_announced_is_sent, OVER_PAIRS),
        SCENARIO_NOT_OVER(the_peer__goes_in_the_middle, OVER_PAIRS),
        SCENARIO_NOT_OVER(the_host__closes_behind_the_file_or_ends_in_it, OVER_PAIRS),
        SCENARIO_NOT_OVER(a_stop__lets_the_file_leave, OVER_PAIRS),
    };
    return RUN_SCENARIOS("http_fd", scenarios);
}
