/**
 * @file
 * Options trusted_proxies and proxy_header: the peer of a request is the client that a trusted proxy tells of in X-Forwarded-For or
 * Forwarded; what others write there is ignored.
 */
#include "support/crowd.h"
#include "support/http_client.h"

static const char V1[] = "PROXY TCP4 10.1.1.1 10.0.0.1 50001 443\r\n";

static void set_str(wm_worker *worker, const char *name, const char *value)
{
    if (wm_worker_set_str(worker, name, value) != 0)
        fail_msg("%s", wm_last_error());
}

static struct host *begin(const struct setting *setting, const char *scheme)
{
    struct host *host = host_begin(setting, scheme);
    set_str(host->worker, "trusted_proxies", "127.0.0.0/8 ::1 unix 10.0.0.0/8");
    return host;
}

static const char *peer_of(wm_conn conn)
{
    static char text[110];
    return wm_conn_remote_address(conn, text, sizeof text) < 0 ? wm_last_error() : text;
}

static const char *own_address(const struct host *host)
{
    return host->setting->transport == UNIX ? "" : host->setting->transport == TCP6 ? "[::1]:" : "127.0.0.1:";
}

static void answer_last(struct host *host)
{
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, count_of(host, WM_EVENT_MESSAGE) - 1)->id, 200, NULL, "ok"), 0);
}

/** Asks with these lines, compares the peer (or its beginning, where it ends with ':'), and answers. */
static void ask(struct host *host, struct client *client, const char *lines, const char *peer)
{
    wm_request request = http_ask(host, client, "GET / HTTP/1.1", lines);
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, count_of(host, WM_EVENT_MESSAGE) - 1)->conn;
    const char *found = peer_of(conn);
    size_t len = strlen(peer);
    if (strncmp(found, peer, len) != 0 || (len > 0 && peer[len - 1] != ':' && found[len] != '\0'))
        fail_msg("of \"%s\" the peer is %s, not %s", lines ? lines : "", found, peer);
    assert_int_equal(respond(request, 200, NULL, "ok"), 0);
    hear_answer(host, client, 200, "ok");
}

static void the_client__is_that_of_the_current_request(void **state)
{
    struct host *host = begin(*state, "http");
    struct client client = client_begin(host);
    ask(host, &client, NULL, own_address(host));
    ask(host, &client, "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7:0");
    ask(host, &client, "x-forwarded-for: 1.2.3.4, 203.0.113.8, 10.2.2.2\r\n", "203.0.113.8:0");
    ask(host, &client, "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 10.1.1.1\r\n", "203.0.113.9:0");
    ask(host, &client, "X-Forwarded-For: [2001:db8::9]:4711\r\n", "[2001:db8::9]:4711");
    ask(host, &client, "Forwarded: for=203.0.113.7\r\n", own_address(host)); /* the proxy has passed it on */
    ask(host, &client, "X-Forwarded-For: 203.0.113.7, unknown\r\n", own_address(host));
    client_end(&client);
    host_end(host);
}

static void others__tell_nothing(void **state)
{
    struct host *host = begin(*state, "http");
    set_str(host->worker, "trusted_proxies", "192.0.2.0/24");
    struct client client = client_begin(host);
    ask(host, &client, "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n", own_address(host));
    client_end(&client);
    set_str(host->worker, "trusted_proxies", "*"); /* every peer, but not every address that it tells of */
    client = client_begin(host);
    ask(host, &client, "X-Forwarded-For: 1.2.3.4, 203.0.113.7\r\n", "203.0.113.7:0");
    client_end(&client);
    host_end(host);
}

static void proxy_header__is_the_only_one_that_counts(void **state)
{
    struct host *host = begin(*state, "http");
    const char both[] = "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=\"[2001:db8::9]:4711\";proto=https\r\n";
    struct client client = client_begin(host);
    ask(host, &client, both, "203.0.113.7:0");
    set_str(host->worker, "proxy_header", "Forwarded");
    ask(host, &client, both, "[2001:db8::9]:4711");
    set_str(host->worker, "proxy_header", "none");
    ask(host, &client, both, own_address(host));
    assert_int_equal(wm_worker_set_str(host->worker, "proxy_header", "Via"), WM_EINVAL);
    assert_string_equal(wm_last_error(), "option 'proxy_header' is 'X-Forwarded-For', 'Forwarded' or 'none', not 'Via'");
    client_end(&client);
    host_end(host);
}

static void behind_a_proxy_header__a_trusted_chain_goes_on(void **state)
{
    struct host *host = begin(*state, "http");
    set_int(host->worker, "proxy_protocol", 1);
    struct client client = client_begin(host);
    assert_int_equal(send(client.fd, V1, sizeof V1 - 1, MSG_NOSIGNAL), sizeof V1 - 1);
    ask(host, &client, NULL, "10.1.1.1:50001");
    ask(host, &client, "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7:0");
    ask(host, &client, NULL, "10.1.1.1:50001");
    client_end(&client);
    static const char *const strangers[] = {"PROXY TCP4 203.0.113.9 10.0.0.1 50001 443\r\n", "PROXY UNKNOWN\r\n"};
    for (int i = 0; i < 2; i++) {
        client = client_begin(host);
        assert_int_equal(send(client.fd, strangers[i], strlen(strangers[i]), MSG_NOSIGNAL), strlen(strangers[i]));
        ask(host, &client, "X-Forwarded-For: 203.0.113.7\r\n", i == 0 ? "203.0.113.9:50001" : own_address(host));
        client_end(&client);
    }
    host_end(host);
}

static void a_websocket__keeps_the_client_of_its_handshake(void **state)
{
    struct host *host = begin(*state, "websocket");
    struct client client = client_begin(host);
    char request[512];
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nX-Forwarded-For: 203.0.113.7\r\n%s", strstr(WS_REQUEST, "Host:"));
    client_say(host, &client, request);
    assert_int_equal(http_head(host, &client, NULL), 101);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_string_equal(peer_of(nth(host, WM_EVENT_OPEN, 0)->conn), "203.0.113.7:0");
    client_end(&client);
    host_end(host);
}

static void https_targets__are_for_clients_that_came_by_https(void **state)
{
    static const struct {
        const char *trusted, *header, *lines;
        int status;
    } rows[] = {
        {"", "X-Forwarded-For", "X-Forwarded-Proto: https\r\n", 421},
        {"*", "X-Forwarded-For", "", 421},
        {"*", "X-Forwarded-For", "X-Forwarded-Proto: http\r\n", 421},
        {"*", "X-Forwarded-For", "X-Forwarded-Proto: https\r\n", 200},
        {"*", "X-Forwarded-For", "Forwarded: for=203.0.113.7;proto=https\r\n", 421},
        {"*", "Forwarded", "Forwarded: for=203.0.113.7;proto=https\r\n", 200},
        {"*", "none", "X-Forwarded-Proto: https\r\n", 421},
    };
    struct host *host = host_begin(*state, "http");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_str(host->worker, "trusted_proxies", rows[i].trusted);
        set_str(host->worker, "proxy_header", rows[i].header);
        size_t before = count_of(host, WM_EVENT_MESSAGE);
        struct client client = client_begin(host);
        char request[256];
        snprintf(request, sizeof request, "GET HTTPS://a/ HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].lines);
        client_say(host, &client, request);
        if (rows[i].status == 200) {
            until(host, count_of(host, WM_EVENT_MESSAGE) == before + 1);
            answer_last(host);
        }
        int status = http_head(host, &client, NULL);
        if (status != rows[i].status)
            fail_msg("row %zu: %d", i, status);
        assert_int_equal(count_of(host, WM_EVENT_MESSAGE), before + (status == 200));
        client_end(&client);
    }
    set_str(host->worker, "trusted_proxies", "*");
    set_str(host->worker, "proxy_header", "X-Forwarded-For");
    set_int(host->worker, "proxy_protocol", 1);
    struct client client = client_begin(host);
    static const char tls[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xcb\0\x71\x07\x0a\0\0\x01\xc3\x51\x01\xbb\x20\0\x05\x01\0\0\0\0";
    client_send(host, &client, tls, sizeof tls - 1);
    http_ask(host, &client, "GET https://a/ HTTP/1.1", NULL); /* the proxy has decrypted it, as PP2_TYPE_SSL says */
    client_end(&client);
    host_end(host);
}

static void max_per_ip__counts_clients_while_they_are_served(void **state)
{
    struct host *host = begin(*state, "http");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    set_int(host->worker, "max_per_ip", 1);
    struct client a = client_begin(host), b = client_begin(host), c = client_begin(host);
    wm_request first = http_ask(host, &a, "GET / HTTP/1.1", "X-Forwarded-For: 203.0.113.7\r\n");
    ask(host, &b, "X-Forwarded-For: 203.0.113.8\r\n", "203.0.113.8:0");
    client_say(host, &b, "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n");
    hear_answer(host, &b, 429, "RFC 6585 §4: more connections of one address than max_per_ip allows\n");
    until(host, client_ended(&b));
    assert_non_null(strstr(lines.last, "connection from 203.0.113.7 refused, max_per_ip is 1"));
    ask(host, &c, "X-Forwarded-For: 203.0.113.8\r\n", "203.0.113.8:0");
    assert_int_equal(respond(first, 200, NULL, "ok"), 0);
    hear_answer(host, &a, 200, "ok");
    ask(host, &c, "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7:0"); /* a waits, and is the proxy's */
    ask(host, &a, NULL, own_address(host));
    ask(host, &c, NULL, own_address(host)); /* the proxies have any number */
    assert_int_equal(lines.count, 1);
    struct client *all[] = {&a, &b, &c};
    for (int i = 0; i < 3; i++)
        client_end(all[i]);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static struct client websocket_of(struct host *host, const char *ip)
{
    struct client client = client_begin(host);
    char request[512];
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nX-Forwarded-For: %s\r\n%s", ip, strstr(WS_REQUEST, "Host:"));
    client_say(host, &client, request);
    return client;
}

static void upgrade_each(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        assert_int_equal(wm_request_upgrade(event->id, NULL, 0), 0);
}

static void max_per_ip__counts_the_clients_of_websockets(void **state)
{
    static const char *const schemes[] = {"websocket", "http"}; /* by its handshake, and by an upgrade */
    for (int i = 0; i < 2; i++) {
        struct host *host = begin(*state, schemes[i]);
        host->react = upgrade_each;
        set_int(host->worker, "max_per_ip", 1);
        struct client a = websocket_of(host, "203.0.113.7");
        assert_int_equal(http_head(host, &a, NULL), 101);
        struct client b = websocket_of(host, "203.0.113.7");
        assert_int_equal(http_head(host, &b, NULL), 429);
        client_end(&b);
        client_end(&a);
        until(host, wm_worker_conn_count(host->worker) == 0);
        b = websocket_of(host, "203.0.113.7");
        assert_int_equal(http_head(host, &b, NULL), 101);
        client_end(&b);
        host_end(host);
    }
}

/** A client that opens a quote in front of what its proxy appends would have the proxy's address, and no limit. */
static void forwarded__that_is_malformed_is_refused(void **state)
{
    struct host *host = begin(*state, "http");
    set_str(host->worker, "proxy_header", "Forwarded");
    set_int(host->worker, "max_per_ip", 1);
    struct client client = client_begin(host);
    ask(host, &client, "Forwarded: for=1.2.3.4;a=\"\r\nForwarded: for=203.0.113.7\r\n", "203.0.113.7:0"); /* a line of its own */
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=1.2.3.4;a=\", for=203.0.113.7\r\n\r\n");
    assert_int_equal(http_head(host, &client, NULL), 400);
    client_end(&client);
    host_end(host);

    host = begin(*state, "websocket");
    set_str(host->worker, "proxy_header", "Forwarded");
    client = client_begin(host);
    char request[512];
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nForwarded: a=\", for=203.0.113.7\r\n%s", strstr(WS_REQUEST, "Host:"));
    client_say(host, &client, request);
    assert_int_equal(http_head(host, &client, NULL), 400);
    client_end(&client);
    host_end(host);
}

static void the_access_log__has_the_client(void **state)
{
    char path[] = "/tmp/wm-forwarded-XXXXXX", line[512] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "http");
    set_str(host->worker, "trusted_proxies", "*");
    set_str(host->worker, "access_log", path);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    struct client client = client_begin(host);
    ask(host, &client, "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7:0");
    ask(host, &client, "X-Forwarded-For: 2001:db8::9\r\n", "[2001:db8::9]:0");
    client_end(&client);
    until(host, wm_worker_conn_count(host->worker) == 0);
    host_end(host);
    assert_true(pread(fd, line, sizeof line - 1, 0) > 0);
    assert_int_equal(strncmp(line, "203.0.113.7 - - [", 17), 0);
    assert_non_null(strstr(line, "\n2001:db8::9 - - ["));
    close(fd);
    unlink(path);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(the_client__is_that_of_the_current_request, OVER_PAIRS),
        SCENARIO_NOT_OVER(others__tell_nothing, OVER_PAIRS),
        SCENARIO_NOT_OVER(proxy_header__is_the_only_one_that_counts, OVER_PAIRS),
        SCENARIO_NOT_OVER(behind_a_proxy_header__a_trusted_chain_goes_on, OVER_PAIRS),
        SCENARIO_NOT_OVER(a_websocket__keeps_the_client_of_its_handshake, OVER_PAIRS),
        SCENARIO_NOT_OVER(https_targets__are_for_clients_that_came_by_https, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(max_per_ip__counts_clients_while_they_are_served, OVER_PAIRS),
        SCENARIO_NOT_OVER(max_per_ip__counts_the_clients_of_websockets, OVER_PAIRS),
        SCENARIO_NOT_OVER(forwarded__that_is_malformed_is_refused, OVER_PAIRS),
        SCENARIO_NOT_OVER(the_access_log__has_the_client, OVER_PAIRS),
    };
    return RUN_SCENARIOS("http forwarded", scenarios);
}
