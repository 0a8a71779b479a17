/**
 * @file
 * Protocols of the host's own: names, options, what is declared and what callbacks return, clients.
 */
#include "support/own_protocol.h"
#include "support/raw_server.h"

/* ---- names and options */

static void name__is_a_scheme_that_is_free(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    assert_non_null(wm_protocol_new(app, "JsonNL"));
    static const char *const bad[] = {"", "1a", "-a", "a b", "a+unix", "a:b", "a/b", "\xc3\xa4", "a234567890123456789012345678901x", NULL};
    for (const char *const *name = bad; *name; name++) {
        assert_null(wm_protocol_new(app, *name));
        assert_non_null(strstr(wm_last_error(), "RFC 3986"));
    }
    static const char *const own[] = {"text", "TCP", "websocket", "ws",  "http",  "frame", "unix",
                                      "udp",  "ssl", "tls",       "wss", "https", "none",  NULL};
    for (const char *const *name = own; *name; name++) {
        assert_null(wm_protocol_new(app, *name));
        assert_non_null(strstr(wm_last_error(), "protocol of the library"));
    }
    assert_null(wm_protocol_new(app, "jsonnl")); /* case is ignored */
    assert_non_null(strstr(wm_last_error(), "already"));
    assert_null(wm_protocol_new(app, NULL));
    assert_null(wm_protocol_new(NULL, "a"));
    int made = 1;
    char name[16];
    do
        snprintf(name, sizeof name, "p%d", made);
    while (wm_protocol_new(app, name) && ++made < 100);
    assert_in_range(made, 32, 63);
    assert_non_null(strstr(wm_last_error(), "at most"));
    wm_app_free(app);
}

static void worker__before_its_protocol_says_what_is_missing(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    assert_null(wm_worker_new(app, "own://127.0.0.1:0"));
    assert_non_null(strstr(wm_last_error(), "wm_protocol_new first"));
    wm_protocol *protocol = wm_protocol_new(app, "jsonlines");
    assert_null(wm_worker_new(app, "jsonline://127.0.0.1:0"));
    assert_non_null(strstr(wm_last_error(), "did you mean jsonlines://?"));
    assert_null(wm_worker_new(app, "jsonlines://127.0.0.1:0"));
    assert_non_null(strstr(wm_last_error(), "no framing"));
    assert_int_equal(wm_protocol_set_str(protocol, "delimiter", "\n"), 0);
    assert_int_equal(wm_protocol_set_int(protocol, "length_size", 2), 0);
    assert_null(wm_worker_new(app, "jsonlines://127.0.0.1:0"));
    assert_non_null(strstr(wm_last_error(), "more than one framing"));
    assert_int_equal(wm_protocol_set_int(protocol, "length_size", 0), 0);
    assert_int_equal(wm_protocol_set_int(protocol, "strip", 1), 0);
    assert_null(wm_worker_new(app, "jsonlines://127.0.0.1:0"));
    assert_non_null(strstr(wm_last_error(), "'strip'"));
    assert_int_equal(wm_protocol_set_int(protocol, "strip", -1), 0);
    assert_non_null(wm_worker_new(app, "JSONLINES://127.0.0.1:0"));
    assert_int_equal(wm_protocol_set_int(protocol, "max_message", 1), WM_ESTATE);
    assert_int_equal(wm_protocol_set_str(protocol, "delimiter", "|"), WM_ESTATE);
    int destroyed = 0;
    assert_int_equal(wm_protocol_on_input(protocol, input, &destroyed, count_destroy), WM_ESTATE);
    wm_app_free(app);
    assert_int_equal(destroyed, 0); /* the registration has failed */
}

static void options__are_held_to_their_ranges(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_protocol *protocol = wm_protocol_new(app, "own");
    assert_int_equal(wm_protocol_set_int(protocol, "length_size", 3), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "0, 1, 2, 4 or 8, not 3"));
    assert_int_equal(wm_protocol_set_int(protocol, "length_size", 9), WM_EINVAL);
    assert_int_equal(wm_protocol_set_int(protocol, "length_offset", -1), WM_EINVAL);
    assert_int_equal(wm_protocol_set_str(protocol, "length_endian", "middle"), WM_EINVAL);
    assert_int_equal(wm_protocol_set_str(protocol, "kind", "utf8"), WM_EINVAL);
    assert_int_equal(wm_protocol_set_int(protocol, "lenght_size", 2), WM_EOPTION);
    assert_non_null(strstr(wm_last_error(), "did you mean 'length_size'?"));
    assert_int_equal(wm_protocol_set_int(protocol, "backlog", 2), WM_EOPTION);
    static const char *const bad[] = {"\\", "\\q", "\\x", "\\x1", "\\xgg", "a\\", NULL};
    for (const char *const *delimiter = bad; *delimiter; delimiter++)
        assert_int_equal(wm_protocol_set_str(protocol, "delimiter", *delimiter), WM_EINVAL);
    char longest[300];
    memset(longest, 'x', sizeof longest);
    longest[256] = '\0';
    assert_int_equal(wm_protocol_set_str(protocol, "delimiter", longest), WM_EINVAL);
    longest[255] = '\0';
    assert_int_equal(wm_protocol_set_str(protocol, "delimiter", longest), 0);
    const char *text = NULL;
    int64_t value = 0;
    assert_int_equal(wm_protocol_get_str(protocol, "kind", &text), 0);
    assert_string_equal(text, "binary");
    assert_int_equal(wm_protocol_get_int(protocol, "strip", &value), 0);
    assert_int_equal(value, -1);
    assert_int_equal(wm_protocol_set_int(NULL, "strip", 1), WM_EINVAL);
    assert_int_equal(wm_out_write(NULL, "a", 1), WM_EINVAL);
    wm_app_free(app);
}

static void callbacks__are_freed_when_replaced_and_with_the_app(void **state)
{
    (void)state;
    struct rules first = {0}, second = {0};
    wm_app *app = wm_app_new();
    wm_protocol *protocol = wm_protocol_new(app, "own");
    assert_int_equal(wm_protocol_on_input(protocol, input, &first, forget), 0);
    assert_int_equal(wm_protocol_on_input(protocol, input, &second, forget), 0);
    assert_int_equal(wm_protocol_on_decode(protocol, decode, &second, forget), 0);
    assert_int_equal(wm_protocol_on_encode(protocol, encode, &second, forget), 0);
    assert_int_equal(wm_app_run_once(app, 0), 0);
    assert_int_equal(first.destroyed, 1);
    assert_int_equal(second.destroyed, 0);
    wm_app_free(app);
    assert_int_equal(first.destroyed, 1);
    assert_int_equal(second.destroyed, 3);
}

/* ---- what callbacks return */

static void echo__by_input_decode_and_encode(void **state)
{
    struct rules rules = {0};
    struct host *host = host_with(*state, &rules, INPUT | DECODE | ENCODE);
    host->react = echo;
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "\1a\2bc\3d");
    client_hear(host, &client, "\1a\2bc");
    client_say(host, &client, "ef");
    client_hear(host, &client, "\3def");
    assert_string_equal(trace(host, conn), "connect open message(a) message(bc) message(def)");
    assert_int_equal(rules.inputs, 3);
    assert_int_equal(rules.decodes, 3);
    assert_int_equal(rules.encodes, 3);
    client_end(&client);
    host_end(host);
    assert_int_equal(rules.destroyed, 3);
}

static int64_t ask_for_ten(wm_conn conn, size_t len)
{
    (void)conn;
    return len < 10 ? -10 : 10;
}

static void input__is_not_asked_again_before_the_bytes_have_come(void **state)
{
    struct rules rules = {.input = ask_for_ten};
    struct host *host = host_with(*state, &rules, INPUT);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    for (int i = 0; i < 9; i++) {
        client_say(host, &client, "x");
        until(host, wm_conn_bytes_read(conn) == i + 1);
    }
    settle(host);
    assert_int_equal(rules.inputs, 1);
    client_say(host, &client, "x");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(rules.inputs, 2);
    assert_string_equal(trace(host, conn), "connect open message(xxxxxxxxxx)");
    client_end(&client);
    host_end(host);
}

static int64_t line_input(wm_conn conn, const void *data, size_t len, void *user)
{
    const char *end = memchr(data, '\n', len);
    (void)conn;
    ++*(int *)user;
    return end ? end - (const char *)data + 1 : 0;
}

/** Without a length to wait for, what has come is read as with any other protocol, not byte by byte. */
static void input__that_asks_for_more_is_called_once_for_each_read(void **state)
{
    enum { LEN = 600000 };
    int inputs = 0;
    struct host *host = host_begin(*state, NULL);
    assert_int_equal(wm_protocol_on_input(wm_protocol_new(host->app, "own"), line_input, &inputs, NULL), 0);
    host->worker = host_worker(host, "own");
    assert_int_equal(wm_worker_listen(host->worker), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char *line = malloc(LEN);
    memset(line, 'x', LEN);
    line[LEN - 1] = '\n';
    client_send(host, &client, line, LEN);
    free(line);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 0)->len, LEN);
    assert_in_range(inputs, 1, 500);
    client_end(&client);
    host_end(host);
}

static int64_t answer;

static int64_t give_answer(wm_conn conn, size_t len)
{
    (void)conn, (void)len;
    return answer;
}

/** Whatever input returns, its connection ends, and another one lives. */
static void input__that_is_at_fault_ends_its_connection_alone(void **state)
{
    static const struct {
        int64_t answer;
        const char *sent, *end;
    } rows[] = {
        {-1, "abc", "error(WM_EPROTOCOL) close(protocol)"}, /* three bytes are there */
        {-3, "abc", "error(WM_EPROTOCOL) close(protocol)"},
        {WM_INPUT_REFUSE, "abc", "error(WM_EPROTOCOL) close(protocol)"},
        {INT64_MIN, "abc", "error(WM_EPROTOCOL) close(protocol)"},
        {(int64_t)WM_INPUT_REFUSE - 1, "abc", "error(WM_EPROTOCOL) close(protocol)"},
        {101, "abc", "error(WM_EMSGSIZE) close(limit)"},
        {-101, "abc", "error(WM_EMSGSIZE) close(limit)"},
        {INT32_MAX, "abc", "error(WM_EMSGSIZE) close(limit)"},
        {INT64_MAX, "abc", "error(WM_EMSGSIZE) close(limit)"},
        {WM_INPUT_REFUSE + 1, "abc", "error(WM_EMSGSIZE) close(limit)"},
    };
    struct rules rules = {0};
    struct host *host = host_with(*state, &rules, INPUT);
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 100), 0);
    wm_conn other;
    struct client neighbour = client_open(host, &other);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wm_conn conn;
        struct client client = client_open(host, &conn);
        answer = rows[i].answer;
        rules.input = give_answer;
        client_say(host, &client, rows[i].sent);
        client_hear_end(host, &client);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == i + 1);
        char expected[128];
        snprintf(expected, sizeof expected, "connect open %s", rows[i].end);
        assert_string_equal(trace(host, conn), expected);
    }
    rules.input = NULL;
    client_say(host, &neighbour, "\2ok");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(trace(host, other), "connect open message(\2ok)");
    client_end(&neighbour);
    host_end(host);
}

/** Without an end in sight, what is held has a limit, whatever input says. */
static void input__that_wants_more_for_ever_meets_max_message(void **state)
{
    struct rules rules = {.input = give_answer};
    answer = 0;
    struct host *host = host_with(*state, &rules, INPUT);
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 1000), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char block[600] = {1};
    client_send(host, &client, block, sizeof block);
    until(host, rules.inputs > 0);
    assert_string_equal(trace(host, conn), "connect open");
    client_send(host, &client, block, sizeof block);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open error(WM_EMSGSIZE) close(limit)");
    assert_true(rules.longest <= 1200);
    host_end(host);
}

static void decode__refuses_or_skips_a_message(void **state)
{
    struct rules rules = {.verdict = WM_DECODE_SKIP};
    struct host *host = host_with(*state, &rules, INPUT | DECODE);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "\1a\1b");
    until(host, rules.decodes == 2);
    rules.verdict = 0;
    client_say(host, &client, "\1c");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    rules.verdict = 2; /* no result that there is */
    client_say(host, &client, "\1d\1e");
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open message(c) error(WM_EPROTOCOL) close(protocol)");
    assert_int_equal(rules.decodes, 4);
    host_end(host);
}

static void write_much(wm_conn conn, struct rules *rules)
{
    char block[64] = {0};
    (void)conn;
    for (int i = 0; i < 16; i++)
        rules->result = wm_out_write(rules->out, block, sizeof block);
    assert_int_equal(wm_out_write(rules->out, NULL, 0), rules->result);
}

static int32_t decode_much(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    struct rules *rules = user;
    (void)data, (void)len;
    rules->out = out;
    write_much(conn, rules);
    return 0; /* the failed write counts all the same */
}

static void decode__of_more_than_max_message_ends_the_connection(void **state)
{
    struct rules rules = {0};
    struct host *host = host_begin(*state, NULL);
    wm_protocol *protocol = wm_protocol_new(host->app, "own");
    assert_int_equal(wm_protocol_set_str(protocol, "delimiter", "|"), 0);
    assert_int_equal(wm_protocol_set_int(protocol, "max_message", 1000), 0);
    assert_int_equal(wm_protocol_on_decode(protocol, decode_much, &rules, NULL), 0);
    host->worker = host_worker(host, "own");
    assert_int_equal(wm_worker_listen(host->worker), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "a|");
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(rules.result, WM_EMSGSIZE);
    assert_string_equal(trace(host, conn), "connect open error(WM_EMSGSIZE) close(limit)");
    assert_int_equal(wm_out_write(rules.out, "a", 1), WM_ESTATE); /* its callback is over */
    host_end(host);
}

/** Each message is decoded, also one that is the same as the last, and on each worker by its own protocol. */
static void decode__is_called_for_each_message_and_each_protocol(void **state)
{
    struct rules rules = {0};
    struct host *host = host_with(*state, &rules, INPUT | DECODE);
    wm_protocol *other = wm_protocol_new(host->app, "other");
    assert_int_equal(wm_protocol_set_int(other, "length_size", 1), 0);
    assert_int_equal(wm_protocol_set_int(other, "strip", 0), 0);
    wm_worker *worker = host_worker(host, "other");
    assert_int_equal(wm_worker_listen(worker), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    struct client second = client_to(worker);
    client_say(host, &client, "\1a\1a\1a");
    client_say(host, &second, "\1a");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 4);
    assert_int_equal(rules.decodes, 3);
    assert_string_equal(trace(host, conn), "connect open message(a) message(a) message(a)");
    assert_non_null(strstr(trace(host, 0), "message(\1a)"));
    client_end(&client);
    client_end(&second);
    host_end(host);
}

/** In a poll, what was decoded stays until the next one. */
static void decode__many_messages_of_one_poll_are_all_valid(void **state)
{
    enum { MESSAGES = 200 };
    struct rules rules = {0};
    struct host *host = host_with(*state, &rules, INPUT | DECODE);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    char sent[MESSAGES * 101];
    size_t len = 0;
    for (int i = 0; i < MESSAGES; i++) {
        sent[len] = 100;
        fill_pattern(sent + len + 1, 100, (uint32_t)i);
        len += 101;
    }
    client_send(host, &client, sent, len);
    until(host, count_of(host, WM_EVENT_MESSAGE) == MESSAGES);
    for (size_t i = 0; i < MESSAGES; i++)
        assert_memory_equal(nth(host, WM_EVENT_MESSAGE, i)->data, sent + i * 101 + 1, 100);
    client_end(&client);
    host_end(host);
}

/** What decode makes of few bytes counts in max_assembly_total: a poll ends when it is reached, and nothing is lost. */
static void decode__of_much_in_one_poll_ends_the_poll(void **state)
{
    struct rules rules = {0};
    struct host *host = host_begin(*state, NULL);
    wm_protocol *protocol = wm_protocol_new(host->app, "own");
    assert_int_equal(wm_protocol_set_str(protocol, "delimiter", "|"), 0);
    assert_int_equal(wm_protocol_on_decode(protocol, decode_much, &rules, NULL), 0);
    assert_int_equal(wm_app_set_int(host->app, "max_assembly_total", 3000), 0);
    host->worker = host_worker(host, "own");
    assert_int_equal(wm_worker_listen(host->worker), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "a|a|a|a|a|a|a|a|");
    if (host->setting->cap == 256) {
        int count = 0;
        until(host, (count = wm_app_poll(host->app, host->batch, 256, 0)) > 0);
        assert_in_range(count, 1, 4);
        for (int i = 0; i < count; i++)
            deliver(host, &host->batch[i]);
    }
    until(host, count_of(host, WM_EVENT_MESSAGE) == 8);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(nth(host, WM_EVENT_MESSAGE, i)->len, 1024);
    client_end(&client);
    host_end(host);
}

/* ---- clients */

static void client__speaks_a_protocol_to_a_server_that_does_not_know_us(void **state)
{
    struct rules rules = {0};
    struct host *host = host_with(*state, &rules, INPUT | DECODE | ENCODE);
    struct raw_server server = raw_server(host->setting, "own");
    wm_client *client = host_client(host, server.address);
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_equal(wm_conn_send(conn, "ask", 3, 0), 0); /* before it is open: encoded, and held */
    int fd = raw_accept(host, &server);
    raw_hear(host, fd, "\3ask");
    raw_say(fd, "\2ok\1!");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    close(fd);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open message(ok) message(!) close(peer)");
    raw_end(&server);
    host_end(host);
}

static void echo_of_the_worker(struct host *host, const wm_event *event)
{
    if (event->worker)
        echo(host, event);
}

static void client__and_worker_speak_frame(void **state)
{
    struct host *host = host_begin(*state, "frame");
    host->react = echo_of_the_worker;
    turn(host, 0);
    wm_client *client = host_client(host, wm_worker_address(host->worker));
    assert_int_equal(wm_client_connect(client), 0);
    wm_conn conn = wm_client_conn(client);
    assert_int_equal(wm_conn_send(conn, "hello", 5, WM_SEND_BINARY), 0);
    assert_int_equal(wm_conn_send(conn, "", 0, 0), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 4);
    assert_string_equal(trace(host, conn), "connect open message(hello) message()");
    assert_int_equal(nth(host, WM_EVENT_MESSAGE, 3)->flags & 255, WM_KIND_BINARY);
    host_end(host);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(name__is_a_scheme_that_is_free),
        cmocka_unit_test(worker__before_its_protocol_says_what_is_missing),
        cmocka_unit_test(options__are_held_to_their_ranges),
        cmocka_unit_test(callbacks__are_freed_when_replaced_and_with_the_app),
    };
    static const struct scenario scenarios[] = {
        SCENARIO(echo__by_input_decode_and_encode),
        SCENARIO(input__is_not_asked_again_before_the_bytes_have_come),
        SCENARIO(input__that_asks_for_more_is_called_once_for_each_read),
        SCENARIO(input__that_is_at_fault_ends_its_connection_alone),
        SCENARIO(input__that_wants_more_for_ever_meets_max_message),
        SCENARIO(decode__refuses_or_skips_a_message),
        SCENARIO(decode__of_more_than_max_message_ends_the_connection),
        SCENARIO(decode__is_called_for_each_message_and_each_protocol),
        SCENARIO(decode__many_messages_of_one_poll_are_all_valid),
        SCENARIO(decode__of_much_in_one_poll_ends_the_poll),
        SCENARIO_OVER_SOCKETS(client__speaks_a_protocol_to_a_server_that_does_not_know_us),
        SCENARIO_OVER_SOCKETS(client__and_worker_speak_frame),
    };
    return cmocka_run_group_tests_name("protocol set-up", tests, NULL, NULL) + RUN_SCENARIOS("protocol", scenarios);
}
