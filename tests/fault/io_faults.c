// What a peer sees while accept, recv and send of the system fail or do little: the same bytes and events as without.
#define _GNU_SOURCE
#include "fault/fault_points.h"
#include "support/ws_client.h"

#include <sys/mman.h>

static const struct setting callbacks = {"callbacks", 0, TCP};
static const struct setting pull = {"pull", 8, TCP};

enum { OFTEN = 1000000 };

static void end_faults(void)
{
    for (int point = 0; point < FAULT_COUNT; point++)
        fault_disarm((enum fault_point)point);
}

static struct host *begin(const struct setting *setting, const char *scheme)
{
    struct host *host = host_begin(setting, scheme);
    host->react = echo;
    turn(host, 0);
    return host;
}

/* accept */

static void accept_goes_on_after(int number)
{
    struct host *host = begin(&callbacks, "text");
    fault_arm(FAULT_ACCEPT, 0, 3, number);
    struct client client = client_open(host, NULL);
    client_say(host, &client, "hello\n");
    client_hear(host, &client, "hello\n");
    assert_int_equal(fault_fired(FAULT_ACCEPT), 3);
    client_end(&client);
    host_end(host);
}

static void accept__out_of_memory_leaves_the_connection_in_the_backlog(void **state)
{
    (void)state;
    accept_goes_on_after(ENOMEM);
    accept_goes_on_after(ENOBUFS);
}

static void accept__interrupted_or_with_an_error_of_the_peer_goes_on(void **state)
{
    (void)state;
    accept_goes_on_after(EINTR);
    accept_goes_on_after(EPROTO);
}

static void accept__a_connection_aborted_in_the_backlog_does_not_end_the_batch(void **state)
{
    (void)state;
    struct host *host = begin(&callbacks, "text");
    fault_arm(FAULT_ACCEPT, 0, 1, ECONNABORTED);
    struct client aborted = client_begin(host), client = client_begin(host);
    client_say(host, &client, "hello\n");
    client_hear(host, &client, "hello\n");
    until(host, client_ended(&aborted));
    assert_int_equal(count_of(host, WM_EVENT_CONNECT), 1);
    client_end(&aborted);
    client_end(&client);
    host_end(host);
}

static void accept__without_descriptors_the_connection_is_refused_and_the_next_served(void **state)
{
    (void)state;
    static const int numbers[] = {EMFILE, ENFILE};
    for (int i = 0; i < 2; i++) {
        struct host *host = begin(&callbacks, "text");
        fault_arm(FAULT_ACCEPT, 0, 1, numbers[i]);
        struct client refused = client_begin(host);
        until(host, client_ended(&refused));
        struct client client = client_open(host, NULL);
        client_say(host, &client, "hello\n");
        client_hear(host, &client, "hello\n");
        assert_int_equal(count_of(host, WM_EVENT_CONNECT), 1);
        client_end(&refused);
        client_end(&client);
        host_end(host);
    }
}

/* recv and send */

static char large[6000];

/* The conversation of each protocol, whatever its calls move at once. */
static void talk(const struct setting *setting)
{
    fill_pattern(large, sizeof large - 1, 7);
    large[sizeof large - 2] = '\n';
    struct host *host = begin(setting, "text");
    struct client client = client_open(host, NULL);
    client_say(host, &client, "one\ntwo\n");
    client_say(host, &client, large);
    client_hear(host, &client, "one\ntwo\n");
    client_hear(host, &client, large);
    assert_int_equal(wm_conn_close(nth(host, WM_EVENT_OPEN, 0)->conn, 0, NULL, 0), 0);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    host_end(host);

    host = begin(setting, "websocket");
    client = ws_open(host, NULL);
    ws_send(host, &client, 0x01, "in ", 3);
    ws_send(host, &client, 0x89, "?", 1);
    ws_send(host, &client, 0x80, "parts", 5);
    client_hear(host, &client, "\x8a\x01?\x81\x08in parts");
    ws_send(host, &client, 0x88, "\x03\xe8", 2);
    until(host, client_ended(&client));
    assert_int_equal(client.len, 4);
    assert_memory_equal(client.in, "\x88\x02\x03\xe8", 4);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open message(in parts) close(peer 1000)");
    host_end(host);

    host = begin(setting, "http");
    client = client_begin(host);
    client_say(host, &client,
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirstPOST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
               "Transfer-Encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n");
    until(host, client_ended(&client));
    assert_int_equal(client.ended, 1);
    const char *first = strstr(client.in, "\r\n\r\nfirst"), *second = strstr(client.in, "\r\n\r\nsecond");
    assert_true(first && second && first < second && second[10] == '\0');
    client_end(&client);
    host_end(host);
}

static void talk_with(enum fault_point point, unsigned times)
{
    const struct setting *settings[] = {&callbacks, &pull};
    for (int i = 0; i < 2; i++) {
        fault_arm(point, 0, times, EAGAIN);
        talk(settings[i]);
        assert_true(fault_fired(point) > 0);
        end_faults();
    }
}

static void read__one_byte_at_a_time(void **state)
{
    (void)state;
    talk_with(FAULT_READ_SHORT, OFTEN);
}

static void write__one_byte_at_a_time(void **state)
{
    (void)state;
    talk_with(FAULT_WRITE_SHORT, OFTEN);
}

static void write__blocked_at_first(void **state)
{
    (void)state;
    talk_with(FAULT_WRITE_EAGAIN, 20);
}

static void both__one_byte_at_a_time(void **state)
{
    (void)state;
    fault_arm(FAULT_READ_SHORT, 0, OFTEN, 0);
    talk_with(FAULT_WRITE_SHORT, OFTEN);
}

/* Every send is refused once before it succeeds, at each place of a conversation in turn. */
static void write__blocked_at_each_place(void **state)
{
    (void)state;
    unsigned place = 0;
    for (;; place++) {
        fault_arm(FAULT_WRITE_EAGAIN, place, 1, 0);
        talk(&callbacks);
        if (fault_fired(FAULT_WRITE_EAGAIN) == 0)
            break;
    }
    assert_true(place > 5);
    end_faults();
}

/* files as answers */

static char content[300000];

static int file_of_content(void)
{
    int fd = memfd_create("content", MFD_CLOEXEC);
    fill_pattern(content, sizeof content, 3);
    assert_int_equal(write(fd, content, sizeof content), sizeof content);
    return fd;
}

/* A file whose sends fail so: the client that has asked for it. */
static struct client ask_for_file(struct host *host, enum fault_point point, unsigned skip, unsigned times, int number)
{
    host->react = NULL;
    struct client client = client_begin(host);
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    fault_arm(point, skip, times, number);
    assert_int_equal(wm_request_respond_fd(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, NULL, 0, file_of_content(), 0, -1, 0), 0);
    return client;
}

static void hear_file(struct host *host, struct client *client)
{
    assert_int_equal(http_head(host, client, NULL), 200);
    until(host, client_has(client, sizeof content));
    assert_int_equal(client->len, sizeof content);
    assert_memory_equal(client->in, content, sizeof content);
}

static void sendfile__where_the_file_system_has_none_reads_and_sends(void **state)
{
    (void)state;
    struct host *host = begin(&callbacks, "http");
    struct client client = ask_for_file(host, FAULT_SENDFILE, 0, OFTEN, EINVAL);
    hear_file(host, &client);
    assert_true(fault_fired(FAULT_SENDFILE) >= sizeof content / 16384);
    end_faults();
    client_end(&client);
    host_end(host);
}

static void sendfile__little_and_blocked_sends_all(void **state)
{
    (void)state;
    static const enum fault_point points[] = {FAULT_WRITE_SHORT, FAULT_WRITE_EAGAIN};
    for (int i = 0; i < 2; i++) {
        struct host *host = begin(&callbacks, "http");
        struct client client = ask_for_file(host, points[i], 0, 500, EAGAIN);
        hear_file(host, &client);
        end_faults();
        client_end(&client);
        host_end(host);
    }
}

static void sendfile__of_a_disk_that_fails_resets(void **state)
{
    (void)state;
    struct host *host = begin(&callbacks, "http");
    struct client client = ask_for_file(host, FAULT_SENDFILE, 0, 1, EIO);
    until(host, client_ended(&client));
    assert_int_equal(client.ended, ECONNRESET);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags & 255, WM_REASON_ERROR);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->detail, EIO);
    end_faults();
    client_end(&client);
    host_end(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept__out_of_memory_leaves_the_connection_in_the_backlog),
        cmocka_unit_test(accept__interrupted_or_with_an_error_of_the_peer_goes_on),
        cmocka_unit_test(accept__a_connection_aborted_in_the_backlog_does_not_end_the_batch),
        cmocka_unit_test(accept__without_descriptors_the_connection_is_refused_and_the_next_served),
        cmocka_unit_test(read__one_byte_at_a_time),
        cmocka_unit_test(write__one_byte_at_a_time),
        cmocka_unit_test(write__blocked_at_first),
        cmocka_unit_test(both__one_byte_at_a_time),
        cmocka_unit_test(write__blocked_at_each_place),
        cmocka_unit_test(sendfile__where_the_file_system_has_none_reads_and_sends),
        cmocka_unit_test(sendfile__little_and_blocked_sends_all),
        cmocka_unit_test(sendfile__of_a_disk_that_fails_resets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
