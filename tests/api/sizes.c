/**
 * @file
 * Sizes and counts: what can be sent, and arguments that no caller means.
 *
 * A length that lies is given with one byte in front of a page that cannot be read, so that a read behind it ends the test.
 */
#include "support/ws_client.h"

#include <pthread.h>
#include <sys/mman.h>

static const struct setting PULL = {"poll of 256", 256, TCP};

enum { MIB = 1 << 20, BIG = 30 * MIB };

/** Lengths that no object in memory has. */
static const size_t ABSURD[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 63, SIZE_MAX - 96, SIZE_MAX / 2 + 1, SIZE_MAX / 2, SIZE_MAX / 4};
enum { ABSURDS = sizeof ABSURD / sizeof *ABSURD };

/** One byte, and behind it nothing that can be read. */
static const char *last_byte(void)
{
    static char *page;
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    if (!page) {
        page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(page != MAP_FAILED);
        assert_int_equal(mprotect(page + size, size, PROT_NONE), 0);
        page[size - 1] = 'a';
    }
    return page + size - 1;
}

static char *big_message(size_t len)
{
    char *message = malloc(len);
    assert_non_null(message);
    for (size_t i = 0; i < len; i++)
        message[i] = (char)('a' + i % 25);
    return message;
}

static void hear_big(struct host *host, struct client *client, const char *message, size_t len)
{
    until(host, client_has(client, len));
    assert_true(client->len >= len);
    assert_memory_equal(client->in, message, len);
    client_drop(client, len);
}

/** Two requests of one connection, both unanswered. */
static struct client two_requests(struct host *host, wm_request ids[2])
{
    struct client client = client_begin(host);
    client_say(host, &client, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    for (size_t i = 0; i < 2; i++)
        ids[i] = nth(host, WM_EVENT_MESSAGE, i)->id;
    return client;
}

/* ---- what can be sent */

static void answer__of_30_mib_works_on_an_empty_queue(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "http");
    wm_request ids[2];
    struct client client = two_requests(host, ids);
    char *body = big_message(BIG);
    for (size_t i = 2; i-- > 0;) // the second is stored until the first is answered
        assert_true(wm_request_respond(ids[i], 200, NULL, 0, body, BIG, 0) >= 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(http_head(host, &client, NULL), 200);
        hear_big(host, &client, body, BIG);
    }
    free(body);
    client_end(&client);
    host_end(host);
}

static void message__of_30_mib_works_on_an_empty_queue(void **state)
{
    (void)state;
    char *message = big_message(BIG);
    for (int i = 0; i < 4; i++) {
        struct host *host = host_begin(&PULL, i < 2 ? "websocket" : "raw");
        wm_conn conn;
        struct client client = i < 2 ? ws_open(host, &conn) : client_open(host, &conn);
        if (i % 2 == 0)
            assert_int_equal(wm_conn_send(conn, message, BIG, 0), WM_BACKPRESSURE);
        else
            assert_int_equal(wm_worker_broadcast(host->worker, message, BIG, 0), 1);
        if (i < 2)
            hear_big(host, &client, "\x81\x7f\0\0\0\0\x01\xe0\0", 10);
        hear_big(host, &client, message, BIG);
        client_end(&client);
        host_end(host);
    }
    free(message);
}

static void message__over_max_queue_total_can_never_be_sent(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    wm_hub *hub = wm_hub_new(host->app);
    assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
    assert_int_equal(wm_app_set_int(host->app, "max_queue_total", MIB), 0);
    char *message = big_message(MIB + 1);
    int64_t taken = -1;
    assert_int_equal(wm_conn_send(conn, message, MIB + 1, 0), WM_EMSGSIZE);
    assert_non_null(strstr(wm_last_error(), "max_queue_total"));
    assert_int_equal(wm_worker_broadcast(host->worker, message, MIB + 1, 0), WM_EMSGSIZE);
    assert_int_equal(wm_hub_send(hub, "u", 1, message, MIB + 1, 0, &taken, NULL, NULL, NULL), WM_EMSGSIZE);
    assert_int_equal(wm_hub_broadcast(hub, message, MIB + 1, 0, &taken, NULL, NULL, NULL), WM_EMSGSIZE);
    assert_int_equal(wm_hub_group_send(hub, "g", 1, NULL, 0, message, MIB + 1, 0, &taken, NULL, NULL, NULL), WM_EMSGSIZE);
    assert_true(wm_conn_send(conn, message, MIB, 0) >= 0);
    hear_big(host, &client, message, MIB);
    free(message);
    client_end(&client);
    host_end(host);
}

static void stored_answer__has_the_limits_of_one_in_order(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "http");
    wm_request ids[2];
    struct client client = two_requests(host, ids);
    assert_int_equal(wm_app_set_int(host->app, "max_queue_total", MIB), 0);
    char *body = big_message(64 * MIB);
    for (size_t i = 2; i-- > 0;) {
        assert_int_equal(wm_request_respond(ids[i], 200, NULL, 0, body, 64 * MIB, 0), WM_EMSGSIZE);
        assert_non_null(strstr(wm_last_error(), "max_queue_total"));
        assert_int_equal(wm_request_respond(ids[i], 200, NULL, 0, "ok", 2, 0), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(http_head(host, &client, NULL), 200);
        client_hear(host, &client, "ok");
    }
    free(body);
    client_end(&client);
    host_end(host);
}

/** A refused answer leaves the request as it was: here without its Connection: close. */
static void refused_answer__does_not_close(void **state)
{
    (void)state;
    static const char FIELDS[] = "Connection: close\r\n";
    struct host *host = host_begin(&PULL, "http");
    wm_request ids[2];
    struct client client = two_requests(host, ids);
    assert_int_equal(wm_app_set_int(host->app, "max_queue_total", MIB), 0);
    char *body = big_message(2 * MIB);
    assert_int_equal(wm_request_respond(ids[0], 200, FIELDS, sizeof FIELDS - 1, body, 2 * MIB, 0), WM_EMSGSIZE);
    assert_int_equal(wm_request_respond(ids[0], 200, NULL, 0, "1", 1, 0), 0);
    assert_int_equal(wm_request_respond(ids[1], 200, NULL, 0, "2", 1, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 200);
    client_hear(host, &client, "1");
    assert_int_equal(http_head(host, &client, NULL), 200);
    client_hear(host, &client, "2");
    free(body);
    client_end(&client);
    host_end(host);
}

/* ---- arguments that no caller means */

static void expect_invalid(int64_t result, const char *what)
{
    if (result != WM_EINVAL || !strstr(wm_last_error(), what))
        fail_msg("%lld, \"%s\": the argument is %s", (long long)result, wm_last_error(), what);
}

struct call {
    struct host *host;
    wm_hub *hub;
    wm_conn conn;
};

/** The calls that other threads may make, with lengths that lie. */
static void *send_absurd(void *user)
{
    struct call *call = user;
    const char *p = last_byte();
    for (size_t i = 0; i < ABSURDS; i++) {
        size_t n = ABSURD[i];
        expect_invalid(wm_conn_send(call->conn, p, n, 0), "data");
        expect_invalid(wm_conn_close(call->conn, 0, p, n), "text");
        expect_invalid(wm_hub_send(call->hub, p, n, p, 1, 0, NULL, NULL, NULL, NULL), "uid");
        expect_invalid(wm_hub_send(call->hub, p, 1, p, n, 0, NULL, NULL, NULL, NULL), "data");
        expect_invalid(wm_hub_broadcast(call->hub, p, n, 0, NULL, NULL, NULL, NULL), "data");
        expect_invalid(wm_hub_online(call->hub, p, n, NULL, NULL, NULL, NULL), "uid");
        expect_invalid(wm_hub_kick(call->hub, p, n, 0, NULL, 0, NULL, NULL, NULL, NULL), "uid");
        expect_invalid(wm_hub_kick(call->hub, p, 1, 0, p, n, NULL, NULL, NULL, NULL), "text");
        expect_invalid(wm_hub_join_uid(call->hub, p, n, p, 1, NULL, NULL, NULL, NULL), "uid");
        expect_invalid(wm_hub_join_uid(call->hub, p, 1, p, n, NULL, NULL, NULL, NULL), "group");
        expect_invalid(wm_hub_leave_uid(call->hub, p, n, p, 1, NULL, NULL, NULL, NULL), "uid");
        expect_invalid(wm_hub_leave_uid(call->hub, p, 1, p, n, NULL, NULL, NULL, NULL), "group");
        expect_invalid(wm_hub_group_send(call->hub, p, n, NULL, 0, p, 1, 0, NULL, NULL, NULL, NULL), "group");
        expect_invalid(wm_hub_group_send(call->hub, p, 1, p, n, p, 1, 0, NULL, NULL, NULL, NULL), "except");
        expect_invalid(wm_hub_group_send(call->hub, p, 1, NULL, 0, p, n, 0, NULL, NULL, NULL, NULL), "data");
        expect_invalid(wm_hub_publish(call->hub, p, n, p, 1, NULL, NULL, NULL, NULL), "topic");
        expect_invalid(wm_hub_publish(call->hub, p, 1, p, n, NULL, NULL, NULL, NULL), "data");
        expect_invalid(wm_log(WM_LOG_DEBUG, p, n), "text");
        int64_t entry[3] = {(int64_t)call->conn, (int64_t)n, 0};
        expect_invalid(wm_conn_send_many(p, n, entry, 1, NULL), "data");
    }
    expect_invalid(wm_hub_send(call->hub, p, 65536, p, 1, 0, NULL, NULL, NULL, NULL), "uid");
    expect_invalid(wm_hub_online(call->hub, p, 65536, NULL, NULL, NULL, NULL), "uid");
    expect_invalid(wm_conn_send(call->conn, NULL, 1, 0), "data is NULL");
    return NULL;
}

static void lengths__of_no_object_are_refused_on_any_thread(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    struct call call = {host, wm_hub_new(host->app), 0};
    struct client client = client_open(host, &call.conn);
    assert_int_equal(wm_hub_bind(call.hub, "a", 1, call.conn), 0);
    send_absurd(&call);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_absurd, &call), 0);
    pthread_join(thread, NULL);
    const char *p = last_byte();
    for (size_t i = 0; i < ABSURDS; i++) {
        expect_invalid(wm_worker_broadcast(host->worker, p, ABSURD[i], 0), "data");
        expect_invalid(wm_hub_bind(call.hub, p, ABSURD[i], call.conn), "uid");
        expect_invalid(wm_hub_join(call.hub, p, ABSURD[i], call.conn), "group");
        expect_invalid(wm_hub_leave(call.hub, p, ABSURD[i], call.conn), "group");
        expect_invalid(wm_hub_on_message(call.hub, p, ABSURD[i], NULL, NULL, NULL), "topic");
    }
    assert_int_equal(wm_conn_send(call.conn, "fine", 4, 0), 0);
    client_hear(host, &client, "fine\n");
    client_end(&client);
    host_end(host);
}

static void lengths__of_no_object_are_refused_for_answers(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "http");
    wm_request ids[2];
    struct client client = two_requests(host, ids);
    const char *p = last_byte();
    for (size_t i = 2; i-- > 0;)
        for (size_t j = 0; j < ABSURDS; j++) {
            expect_invalid(wm_request_respond(ids[i], 200, NULL, 0, p, ABSURD[j], 0), "body");
            expect_invalid(wm_request_respond(ids[i], 200, p, ABSURD[j], NULL, 0, 0), "headers");
            expect_invalid(wm_conn_send(wm_request_conn(ids[i]), p, ABSURD[j], 0), "data");
        }
    for (size_t i = 2; i-- > 0;)
        assert_int_equal(wm_request_respond(ids[i], 200, NULL, 0, "ok", 2, 0), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(http_head(host, &client, NULL), 200);
        client_hear(host, &client, "ok");
    }
    client_end(&client);
    host_end(host);
}

static void lengths__of_no_object_are_refused_for_handshakes(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "websocket");
    host_watch_handshakes(host, host->worker);
    struct client client = client_begin(host);
    client_say(host, &client, WS_REQUEST);
    until(host, count_of(host, WM_EVENT_HANDSHAKE) == 1);
    wm_request request = nth(host, WM_EVENT_HANDSHAKE, 0)->id;
    const char *p = last_byte();
    for (size_t i = 0; i < ABSURDS; i++) {
        expect_invalid(wm_handshake_accept(request, p, ABSURD[i]), "headers");
        expect_invalid(wm_handshake_reject(request, 403, p, ABSURD[i], NULL, 0), "headers");
        expect_invalid(wm_handshake_reject(request, 403, NULL, 0, p, ABSURD[i]), "body");
    }
    // A length that memory could have, over what may be queued: refused before a byte is read.
    size_t over = (size_t)1 << 41;
    assert_int_equal(wm_handshake_accept(request, p, over), WM_EMSGSIZE);
    assert_int_equal(wm_handshake_reject(request, 403, p, over, NULL, 0), WM_EMSGSIZE);
    assert_int_equal(wm_handshake_reject(request, 403, NULL, 0, p, over), WM_EMSGSIZE);
    assert_int_equal(wm_handshake_accept(request, NULL, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 101);
    client_end(&client);
    host_end(host);
}

static void send_many__checks_its_counts_before_it_reads_them(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    static const size_t COUNTS[] = {SIZE_MAX, SIZE_MAX / 3 + 1, (size_t)INT32_MAX + 1};
    const int64_t none[3] = {(int64_t)conn, 0, 0};
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
        expect_invalid(wm_conn_send_many(NULL, 0, none, COUNTS[i], NULL), "messages");
    const int64_t negative[6] = {(int64_t)conn, -1, 0, (int64_t)conn, 2, 0};
    expect_invalid(wm_conn_send_many("a", 1, negative, 2, NULL), "message 0");
    // Each message has the checks of wm_conn_send: flags beyond 32 bits are no flags.
    const int64_t flags[6] = {(int64_t)conn, 1, INT64_C(1) << 32, (int64_t)conn, 1, 0};
    int32_t results[2] = {7, 7};
    assert_int_equal(wm_conn_send_many("ab", 2, flags, 2, results), 1);
    assert_int_equal(results[0], WM_EINVAL);
    assert_int_equal(results[1], 0);
    client_hear(host, &client, "b\n");
    client_end(&client);
    host_end(host);
}

static void flags__unknown_are_refused(void **state)
{
    (void)state;
    static const int32_t UNKNOWN[] = {16, 1 << 30, INT32_MIN, -1};
    struct host *host = host_begin(&PULL, "websocket");
    struct host *web = host_begin(&PULL, "http");
    wm_conn conn;
    wm_request ids[2];
    struct client client = ws_open(host, &conn), browser = two_requests(web, ids);
    wm_hub *hub = wm_hub_new(host->app);
    assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
    for (size_t i = 0; i < sizeof UNKNOWN / sizeof *UNKNOWN; i++) {
        expect_invalid(wm_conn_send(conn, "x", 1, UNKNOWN[i]), "flags");
        expect_invalid(wm_worker_broadcast(host->worker, "x", 1, UNKNOWN[i]), "flags");
        expect_invalid(wm_hub_send(hub, "u", 1, "x", 1, UNKNOWN[i], NULL, NULL, NULL, NULL), "flags");
        expect_invalid(wm_hub_broadcast(hub, "x", 1, UNKNOWN[i], NULL, NULL, NULL, NULL), "flags");
        expect_invalid(wm_hub_group_send(hub, "g", 1, NULL, 0, "x", 1, UNKNOWN[i], NULL, NULL, NULL, NULL), "flags");
        expect_invalid(wm_request_respond(ids[0], 200, NULL, 0, "x", 1, UNKNOWN[i]), "flags");
    }
    static const char ELSEWHERE[] = "WM_SEND_FIRST is for wm_hub_send, wm_hub_broadcast, wm_hub_broadcast_except and wm_hub_group_send";
    const int64_t entry[3] = {(int64_t)conn, 1, WM_SEND_FIRST};
    int32_t result = 0;
    expect_invalid(wm_conn_send(conn, "x", 1, WM_SEND_FIRST | WM_SEND_NOW), ELSEWHERE);
    assert_int_equal(wm_conn_send_many("x", 1, entry, 1, &result), 1);
    expect_invalid(result, ELSEWHERE);
    expect_invalid(wm_worker_broadcast(host->worker, "x", 1, WM_SEND_FIRST), ELSEWHERE);
    expect_invalid(wm_request_respond(ids[0], 200, NULL, 0, "x", 1, WM_SEND_FIRST), ELSEWHERE);
    expect_invalid(wm_conn_send(conn, "x", 1, WM_SEND_FIRST | 16), "flags");
    assert_int_equal(wm_hub_send(hub, "u", 1, "x", 1, WM_SEND_BINARY | WM_SEND_NOW | WM_SEND_FIRST, NULL, NULL, NULL, NULL), 0);
    ws_hear(host, &client, WS_BINARY, "x");
    client_end(&client);
    client_end(&browser);
    host_end(web);
    host_end(host);
}

static void *send_over_the_mailbox(void *user)
{
    struct call *call = user;
    static char message[MIB];
    assert_int_equal(wm_conn_send(call->conn, message, sizeof message, 0), WM_EMSGSIZE);
    assert_non_null(strstr(wm_last_error(), "max_mailbox"));
    return NULL;
}

static void message__over_max_mailbox_can_never_be_posted(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    struct call call = {host, NULL, 0};
    struct client client = client_open(host, &call.conn);
    assert_int_equal(wm_app_set_int(host->app, "max_mailbox", MIB), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_over_the_mailbox, &call), 0);
    pthread_join(thread, NULL);
    client_end(&client);
    host_end(host);
}

static void times__at_the_ends_of_their_type(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    wm_event events[4];
    static const int64_t ENDS[] = {INT64_MIN, INT64_MIN + 1, -1, INT64_MAX, INT64_MAX - 1, INT64_MAX / 1000};
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        expect_invalid(wm_timer_add(host->app, ENDS[i], 0, NULL, NULL, NULL) == 0 ? WM_EINVAL : 0, "timer");
        expect_invalid(wm_timer_add(host->app, 0, ENDS[i], NULL, NULL, NULL) == 0 ? WM_EINVAL : 0, "timer");
        expect_invalid(wm_worker_set_int(host->worker, "idle_timeout_ms", ENDS[i]), "idle_timeout_ms");
        expect_invalid(wm_app_set_int(host->app, "max_queue_total", ENDS[i]), "max_queue_total");
        // A wait without limit ends with the post.
        assert_int_equal(wm_app_post(host->app, NULL, NULL, NULL), 0);
        assert_int_equal(wm_app_poll(host->app, events, SIZE_MAX, ENDS[i]), 1);
    }
    assert_true(wm_timer_add(host->app, INT64_C(1) << 40, INT64_C(1) << 40, NULL, NULL, NULL) != 0);
    host_end(host);
}

static void texts__of_any_length_have_an_error(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, "text");
    size_t len = 4 * MIB;
    char *text = big_message(len + 1);
    text[len] = '\0';
    assert_int_equal(wm_app_set_int(host->app, text, 1), WM_EOPTION);
    assert_int_equal(wm_worker_set_str(host->worker, text, "x"), WM_EOPTION);
    expect_invalid(wm_worker_set_str(host->worker, "name", text), "name");
    expect_invalid(wm_app_set_str(host->app, "log_file", text), "log_file");
    assert_null(wm_worker_new(host->app, text));
    memcpy(text, "text://", 7);
    assert_null(wm_worker_new(host->app, text));
    memcpy(text, "text+unix:///", 13);
    assert_null(wm_worker_new(host->app, text));
    free(text);
    host_end(host);
}

static void main__checks_its_arguments(void **state)
{
    (void)state;
    struct host *host = host_begin(&PULL, NULL);
    char *holes[] = {(char *)"program", NULL, (char *)"status", NULL};
    assert_int_equal(wm_app_main(host->app, 3, holes), 1);
    assert_non_null(strstr(wm_last_error(), "argv"));
    assert_int_equal(wm_app_main(host->app, 3, NULL), 1);
    assert_int_equal(wm_app_main(host->app, -1, holes), 1);
    host_end(host);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer__of_30_mib_works_on_an_empty_queue),
        cmocka_unit_test(message__of_30_mib_works_on_an_empty_queue),
        cmocka_unit_test(message__over_max_queue_total_can_never_be_sent),
        cmocka_unit_test(stored_answer__has_the_limits_of_one_in_order),
        cmocka_unit_test(refused_answer__does_not_close),
        cmocka_unit_test(lengths__of_no_object_are_refused_on_any_thread),
        cmocka_unit_test(lengths__of_no_object_are_refused_for_answers),
        cmocka_unit_test(lengths__of_no_object_are_refused_for_handshakes),
        cmocka_unit_test(send_many__checks_its_counts_before_it_reads_them),
        cmocka_unit_test(flags__unknown_are_refused),
        cmocka_unit_test(message__over_max_mailbox_can_never_be_posted),
        cmocka_unit_test(times__at_the_ends_of_their_type),
        cmocka_unit_test(texts__of_any_length_have_an_error),
        cmocka_unit_test(main__checks_its_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
