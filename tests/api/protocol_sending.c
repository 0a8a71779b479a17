/* Protocols of the host's own: encoding, closing and freeing inside their callbacks, the state of a connection. */
#include "support/own_protocol.h"

/* ---- sending */

static void encode__that_fails_ends_the_connection_and_send_says_so(void **state)
{
    for (int32_t verdict = -1; verdict <= 1; verdict += 2) {
        struct rules rules = {.verdict = verdict};
        struct host *host = host_with(*state, &rules, INPUT | ENCODE);
        wm_conn conn;
        struct client client = client_open(host, &conn);
        assert_int_equal(wm_conn_send(conn, "a", 1, 0), WM_EPROTOCOL);
        assert_int_equal(wm_conn_send(conn, "a", 1, 0), WM_ECLOSED);
        client_hear_end(host, &client);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        assert_string_equal(trace(host, conn), "connect open close(protocol)");
        assert_int_equal(rules.encodes, 1);
        host_end(host);
    }
}

static int32_t encode_nothing(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    (void)conn, (void)data, (void)out, (void)user;
    return len == 0 ? 0 : wm_out_write(out, data, len);
}

static void encode__of_nothing_sends_nothing(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_protocol *protocol = wm_protocol_new(host->app, "own");
    assert_int_equal(wm_protocol_on_input(protocol, input, &(struct rules){0}, NULL), 0);
    assert_int_equal(wm_protocol_on_encode(protocol, encode_nothing, NULL, NULL), 0);
    host->worker = host_worker(host, "own");
    assert_int_equal(wm_worker_listen(host->worker), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, NULL, 0, 0), 0);
    assert_int_equal(wm_conn_send(conn, "a", 1, 0), 0);
    client_hear(host, &client, "a");
    client_end(&client);
    host_end(host);
}

static void send_again(wm_conn conn, struct rules *rules)
{
    rules->result = wm_conn_send(conn, "again", 5, 0);
    assert_int_equal(wm_conn_send(conn, "\3raw", 4, WM_SEND_RAW), 0);
}

static void encode__sends_by_itself_only_raw(void **state)
{
    struct rules rules = {.inside = send_again};
    struct host *host = host_with(*state, &rules, INPUT | ENCODE);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "a", 1, 0), 0);
    assert_int_equal(rules.result, WM_ESTATE);
    client_hear(host, &client, "\3raw\1a");
    client_end(&client);
    host_end(host);
}

static void encode__is_called_for_each_connection_of_a_broadcast(void **state)
{
    struct rules rules = {0};
    struct host *host = host_with(*state, &rules, INPUT | ENCODE);
    wm_hub *hub = wm_hub_new(host->app);
    struct client clients[3];
    for (int i = 0; i < 3; i++) {
        wm_conn conn;
        clients[i] = client_open(host, &conn);
        assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
        assert_int_equal(wm_hub_join(hub, "g", 1, conn), 0);
    }
    assert_int_equal(wm_worker_broadcast(host->worker, "all", 3, 0), 3);
    int64_t connections = 0;
    assert_int_equal(wm_hub_send(hub, "u", 1, "uid", 3, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 3);
    assert_int_equal(wm_hub_broadcast(hub, "hub", 3, WM_SEND_BINARY, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 3);
    assert_int_equal(wm_hub_broadcast(hub, "\3raw", 4, WM_SEND_RAW, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(wm_hub_group_send(hub, "g", 1, NULL, 0, "group", 5, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 3);
    assert_int_equal(wm_hub_group_send(hub, "g", 1, "u", 1, "none", 4, 0, &connections, NULL, NULL, NULL), 0);
    assert_int_equal(connections, 0);
    assert_int_equal(rules.encodes, 12);
    for (int i = 0; i < 3; i++) {
        client_hear(host, &clients[i], "\3all\3uid\3hub\3raw\5group");
        client_end(&clients[i]);
    }
    host_end(host);
}

static void free_hub(wm_conn conn, struct rules *rules)
{
    (void)conn;
    wm_hub_free(rules->hub);
    rules->hub = NULL;
    wm_worker_free(rules->host->worker);
}

static void frees_inside(const struct setting *setting, int tabs, int to_group)
{
    struct rules rules = {.inside = free_hub};
    struct host *host = host_with(setting, &rules, INPUT | ENCODE);
    struct client clients[3];
    rules.hub = wm_hub_new(host->app);
    for (int i = 0; i < tabs; i++) {
        wm_conn conn;
        clients[i] = client_open(host, &conn);
        assert_int_equal(wm_hub_bind(rules.hub, "u", 1, conn), 0);
        assert_int_equal(wm_hub_join(rules.hub, "g", 1, conn), 0);
    }
    int64_t connections = -1;
    int destroyed = 0;
    if (to_group)
        assert_int_equal(wm_hub_group_send(rules.hub, "g", 1, NULL, 0, "a", 1, 0, &connections, NULL, &destroyed, count_destroy), 0);
    else
        assert_int_equal(wm_hub_send(rules.hub, "u", 1, "a", 1, 0, &connections, NULL, &destroyed, count_destroy), 0);
    assert_int_equal(connections, 0); /* the callback has freed their worker */
    until(host, count_of(host, WM_EVENT_CLOSE) == (size_t)tabs);
    assert_int_equal(destroyed, 1);
    for (int i = 0; i < tabs; i++)
        client_end(&clients[i]);
    host_end(host);
}

static void encode__frees_the_hub_and_the_worker_that_broadcast(void **state)
{
    frees_inside(*state, 1, 0);
    frees_inside(*state, 3, 0);
    frees_inside(*state, 3, 1);
}

static void free_app(wm_conn conn, struct rules *rules)
{
    (void)conn;
    wm_app_free(rules->host->app);
}

/* The ways to send that call on_encode. */
enum { TO_CONN, TO_MANY, TO_WORKER, TO_UID, TO_GROUP, TO_ALL, WAYS };

static int64_t send_by(int way, struct rules *rules, wm_conn conn, int *destroyed)
{
    int64_t both[] = {(int64_t)conn, 1, 0, (int64_t)conn, 1, 0};
    int64_t connections = 0;
    switch (way) {
    case TO_CONN:
        return wm_conn_send(conn, "a", 1, 0);
    case TO_MANY:
        return wm_conn_send_many("aa", 2, both, 2, NULL);
    case TO_WORKER:
        return wm_worker_broadcast(rules->host->worker, "a", 1, 0);
    case TO_UID:
        return wm_hub_send(rules->hub, "u", 1, "a", 1, 0, &connections, NULL, destroyed, count_destroy);
    case TO_GROUP:
        return wm_hub_group_send(rules->hub, "g", 1, NULL, 0, "a", 1, 0, &connections, NULL, destroyed, count_destroy);
    default:
        return wm_hub_broadcast(rules->hub, "a", 1, 0, &connections, NULL, destroyed, count_destroy);
    }
}

static void frees_the_app(const struct setting *setting, int way, int tabs)
{
    struct rules rules = {.inside = free_app};
    struct host *host = host_with(setting, &rules, INPUT | ENCODE);
    struct client clients[3];
    wm_conn conn;
    int destroyed = 0;
    rules.hub = wm_hub_new(host->app);
    for (int i = 0; i < tabs; i++) {
        clients[i] = client_open(host, &conn);
        assert_int_equal(wm_hub_bind(rules.hub, "u", 1, conn), 0);
        assert_int_equal(wm_hub_join(rules.hub, "g", 1, conn), 0);
    }
    int64_t result = send_by(way, &rules, conn, &destroyed);
    assert_int_equal(result, way == TO_CONN ? WM_ECLOSED : way == TO_MANY ? 2 : way == TO_WORKER ? tabs : 0);
    assert_int_equal(rules.encodes, way == TO_CONN || way == TO_MANY ? 1 : tabs);
    assert_int_equal(rules.destroyed, 2); /* on_input and on_encode: the app is gone */
    assert_int_equal(destroyed, way >= TO_UID);
    assert_int_equal(wm_conn_send(conn, "a", 1, 0), WM_ECLOSED);
    host->app = NULL;
    for (int i = 0; i < tabs; i++)
        client_end(&clients[i]);
    host_end(host);
}

static void encode__frees_the_app_that_sends_between_turns(void **state)
{
    for (int way = 0; way < WAYS; way++) {
        frees_the_app(*state, way, 1);
        frees_the_app(*state, way, 3);
    }
}

static void length__that_its_field_cannot_say_is_not_sent(void **state)
{
    struct rules rules = {0};
    struct host *host = host_with(*state, &rules, 0);
    wm_hub *hub = wm_hub_new(host->app);
    wm_conn conn, other;
    struct client client = client_open(host, &conn), second = client_open(host, &other);
    char block[256] = {0};
    assert_int_equal(wm_conn_send(conn, block, 256, 0), WM_EMSGSIZE);
    assert_non_null(strstr(wm_last_error(), "length field of protocol own"));
    assert_int_equal(wm_worker_broadcast(host->worker, block, 256, 0), 0);
    assert_int_equal(wm_hub_bind(hub, "u", 1, conn), 0);
    assert_int_equal(wm_hub_send(hub, "u", 1, block, 256, 0, NULL, NULL, NULL, NULL), WM_EMSGSIZE);
    assert_int_equal(wm_conn_send(conn, block, 255, 0), 0);
    assert_int_equal(wm_worker_broadcast(host->worker, "a", 1, 0), 2);
    until(host, client_has(&client, 258));
    assert_int_equal((unsigned char)client.in[0], 255);
    assert_memory_equal(client.in + 256, "\1a", 2);
    client_hear(host, &second, "\1a");
    client_end(&client);
    client_end(&second);
    host_end(host);
}

/* ---- closing and freeing inside the callbacks */

static void close_it(wm_conn conn, struct rules *rules)
{
    (void)rules;
    assert_int_equal(wm_conn_close(conn, 0, NULL, 0), 0);
}

static void destroy_it(wm_conn conn, struct rules *rules)
{
    (void)rules;
    assert_int_equal(wm_conn_destroy(conn), 0);
}

static void free_its_worker(wm_conn conn, struct rules *rules)
{
    (void)rules;
    wm_worker_free(wm_conn_worker(conn));
}

static void run_the_app(wm_conn conn, struct rules *rules)
{
    (void)conn;
    assert_int_equal(wm_app_run_once(rules->host->app, 0), WM_ESTATE);
}

static void (*acts[])(wm_conn conn, struct rules *rules) = {close_it, destroy_it, free_its_worker};
static struct rules *acting;

static int64_t act_in_input(wm_conn conn, size_t len)
{
    (void)len;
    acting->inside(conn, acting);
    return 2;
}

static void closing_and_freeing__inside_input(void **state)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct rules rules = {.inside = acts[i], .input = act_in_input};
        acting = &rules;
        struct host *host = host_with(*state, &rules, INPUT);
        wm_conn conn;
        struct client client = client_open(host, &conn);
        client_say(host, &client, "\1a\1b");
        until(host, client_ended(&client) && rules.inputs > 0);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        assert_string_equal(trace(host, conn), "connect open close(local)");
        assert_int_equal(rules.inputs, 1);
        host_end(host);
    }
}

static void closing_and_freeing__inside_decode_and_encode(void **state)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct rules rules = {.inside = acts[i]};
        struct host *host = host_with(*state, &rules, INPUT | DECODE | ENCODE);
        wm_conn conn, other;
        struct client client = client_open(host, &conn), second = client_open(host, &other);
        assert_int_equal(wm_conn_send(other, "a", 1, 0), WM_ECLOSED);
        if (wm_conn_bytes_read(conn) >= 0 && acts[i] != free_its_worker) {
            client_say(host, &client, "\1a\1b");
            until(host, rules.decodes == 1);
        }
        until(host, client_ended(&client) && client_ended(&second));
        client_end(&client);
        client_end(&second);
        until(host, count_of(host, WM_EVENT_CLOSE) == 2);
        assert_string_equal(trace(host, conn), "connect open close(local)");
        assert_string_equal(trace(host, other), "connect open close(local)");
        host_end(host);
    }
}

static void run__inside_a_protocol_callback_is_refused(void **state)
{
    struct rules rules = {.inside = run_the_app};
    struct host *host = host_with(*state, &rules, INPUT | DECODE);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "\1a");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&client);
    host_end(host);

    rules = (struct rules){.inside = run_the_app};
    host = host_with(*state, &rules, INPUT | ENCODE);
    client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "a", 1, 0), 0);
    client_hear(host, &client, "\1a");
    client_end(&client);
    host_end(host);
}

static int64_t pause_in_input(wm_conn conn, size_t len)
{
    (void)len;
    assert_int_equal(wm_conn_pause_recv(conn), 0);
    return 2;
}

static void pause__inside_input_holds_the_message_and_asks_once(void **state)
{
    struct rules rules = {.input = pause_in_input};
    struct host *host = host_with(*state, &rules, INPUT);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, "\1a");
    until(host, rules.inputs == 1);
    settle(host);
    assert_string_equal(trace(host, conn), "connect open");
    assert_int_equal(wm_conn_resume_recv(conn), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(rules.inputs, 1);
    client_end(&client);
    host_end(host);
}

/* ---- state of a connection */

static int64_t count_in_state(wm_conn conn, size_t len)
{
    int *count = wm_conn_protocol_state(conn);
    (void)len;
    if (!count) {
        count = calloc(1, sizeof *count);
        assert_int_equal(wm_conn_set_protocol_state(conn, count, free), 0);
    }
    ++*count;
    return 2;
}

static void state__of_a_protocol_is_kept_for_each_connection(void **state)
{
    struct rules rules = {.input = count_in_state};
    struct host *host = host_with(*state, &rules, INPUT);
    wm_conn one, other;
    struct client first = client_open(host, &one), second = client_open(host, &other);
    assert_null(wm_conn_protocol_state(one));
    client_say(host, &first, "\1a\1b");
    client_say(host, &second, "\1c");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_int_equal(*(int *)wm_conn_protocol_state(one), 2);
    assert_int_equal(*(int *)wm_conn_protocol_state(other), 1);
    int destroyed = 0;
    assert_int_equal(wm_conn_set_protocol_state(one, &destroyed, count_destroy), 0); /* frees the count */
    client_end(&first);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1 && destroyed == 1);
    assert_int_equal(wm_conn_set_protocol_state(one, &destroyed, count_destroy), WM_ECLOSED);

    host->worker = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(host->worker), 0);
    wm_conn line;
    struct client third = client_open(host, &line);
    assert_int_equal(wm_conn_set_protocol_state(line, &destroyed, count_destroy), WM_ESTATE);
    assert_null(wm_conn_protocol_state(line));
    client_end(&second);
    client_end(&third);
    host_end(host);
    assert_int_equal(destroyed, 1);
}

static int32_t transform_nothing(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    (void)conn, (void)data;
    *(int *)user = wm_out_write(out, NULL, len);
    return 0; /* the failed write counts all the same */
}

static void transform__that_writes_what_is_not_there_fails_the_message(void **state)
{
    for (int decodes = 0; decodes < 2; decodes++) {
        struct host *host = host_begin(*state, NULL);
        int written = 0;
        wm_protocol *protocol = wm_protocol_new(host->app, "own");
        assert_int_equal(wm_protocol_set_str(protocol, "delimiter", "|"), 0);
        assert_int_equal(decodes ? wm_protocol_on_decode(protocol, transform_nothing, &written, NULL)
                                 : wm_protocol_on_encode(protocol, transform_nothing, &written, NULL),
                         0);
        host->worker = host_worker(host, "own");
        assert_int_equal(wm_worker_listen(host->worker), 0);
        wm_conn conn;
        struct client client = client_open(host, &conn);
        if (decodes)
            client_say(host, &client, "a|");
        else
            assert_int_equal(wm_conn_send(conn, "a", 1, 0), WM_EINVAL);
        client_hear_end(host, &client);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        assert_int_equal(written, WM_EINVAL);
        assert_string_equal(trace(host, conn),
                            decodes ? "connect open error(WM_EPROTOCOL) close(protocol)" : "connect open close(protocol)");
        host_end(host);
    }
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(encode__that_fails_ends_the_connection_and_send_says_so),
        SCENARIO(encode__of_nothing_sends_nothing),
        SCENARIO(encode__sends_by_itself_only_raw),
        SCENARIO(encode__is_called_for_each_connection_of_a_broadcast),
        SCENARIO(encode__frees_the_hub_and_the_worker_that_broadcast),
        SCENARIO(encode__frees_the_app_that_sends_between_turns),
        SCENARIO(length__that_its_field_cannot_say_is_not_sent),
        SCENARIO(closing_and_freeing__inside_input),
        SCENARIO(closing_and_freeing__inside_decode_and_encode),
        SCENARIO(run__inside_a_protocol_callback_is_refused),
        SCENARIO(pause__inside_input_holds_the_message_and_asks_once),
        SCENARIO(state__of_a_protocol_is_kept_for_each_connection),
        SCENARIO(transform__that_writes_what_is_not_there_fails_the_message),
    };
    return RUN_SCENARIOS("protocol sending", scenarios);
}
