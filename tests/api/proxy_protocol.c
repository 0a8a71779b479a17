/**
 * @file
 * Option proxy_protocol: the peer of a connection is the one that the PROXY header of a trusted proxy tells, over every transport; all
 * others are refused before the host knows of them.
 */
#include "support/crowd.h"

static const char V1[] = "PROXY TCP4 203.0.113.7 10.0.0.1 50001 443\r\n";
static const char V2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24"
                         "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"
                         "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
                         "\x10\x00\x01\xbb";
static const char LOCAL[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

static void set_str(wm_worker *worker, const char *name, const char *value)
{
    if (wm_worker_set_str(worker, name, value) != 0)
        fail_msg("%s", wm_last_error());
}

static struct host *begin(const struct setting *setting, const char *scheme)
{
    struct host *host = host_begin(setting, scheme);
    set_str(host->worker, "trusted_proxies", "127.0.0.0/8, ::1, unix");
    set_int(host->worker, "proxy_protocol", 1);
    return host;
}

/** A client whose proxy has written that header, which is below TLS. */
static struct client behind(struct host *host, const char *header, size_t len)
{
    struct client client = client_begin(host);
    assert_int_equal(send(client.fd, header, len, MSG_NOSIGNAL), len);
    return client;
}

static struct client behind_v1(struct host *host, const char *ip)
{
    char header[108];
    int len = snprintf(header, sizeof header, "PROXY TCP%d %s %s 50001 443\r\n", strchr(ip, ':') ? 6 : 4, ip, ip);
    return behind(host, header, (size_t)len);
}

static void expect_peer(wm_conn conn, const char *ip, int port)
{
    char text[110], address[160];
    assert_int_equal(wm_conn_remote_ip(conn, text, sizeof text), strlen(ip));
    assert_string_equal(text, ip);
    assert_int_equal(wm_conn_remote_port(conn), port);
    snprintf(address, sizeof address, strchr(ip, ':') ? "[%s]:%d" : "%s:%d", ip, port);
    assert_int_equal(wm_conn_remote_address(conn, text, sizeof text), strlen(address));
    assert_string_equal(text, address);
}

/* In the connect event, in that of a message, and, in pull mode, until the poll behind the close event. */
static void ask_always(struct host *host, const wm_event *event)
{
    int is_first = event->conn == host->events[0].conn;
    expect_peer(event->conn, is_first ? "203.0.113.7" : "2001:db8::9", is_first ? 50001 : 4096);
    echo(host, event);
}

static void a_header__tells_the_peer_in_every_event(void **state)
{
    struct host *host = begin(*state, "text");
    host->react = ask_always;
    for (int i = 0; i < 2; i++) {
        struct client client = behind(host, i == 0 ? V1 : V2, i == 0 ? sizeof V1 - 1 : sizeof V2 - 1);
        client_say(host, &client, "hello\n");
        client_hear(host, &client, "hello\n");
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == (size_t)i + 1);
        assert_string_equal(trace(host, nth(host, WM_EVENT_CLOSE, (size_t)i)->conn), "connect open message(hello) close(peer)");
    }
    host_end(host);
}

static void a_header__cut_anywhere_with_bytes_behind_it(void **state)
{
    struct host *host = begin(*state, "text");
    for (size_t cut = 1; cut <= sizeof V2 - 1; cut++) {
        size_t before = count_of(host, WM_EVENT_MESSAGE);
        struct client client = behind(host, V2, cut);
        settle(host);
        assert_int_equal(count_of(host, WM_EVENT_CONNECT), cut == sizeof V2 - 1 ? before + 1 : before);
        char rest[sizeof V2 + 8];
        size_t left = sizeof V2 - 1 - cut;
        memcpy(rest, V2 + cut, left);
        memcpy(rest + left, "one\ntwo\n", 8);
        client_send(host, &client, rest, left + 8);
        until(host, count_of(host, WM_EVENT_MESSAGE) == before + 2);
        expect_peer(nth(host, WM_EVENT_MESSAGE, before)->conn, "2001:db8::9", 4096);
        client_end(&client);
        until(host, wm_worker_conn_count(host->worker) == 0);
        host_forget(host);
    }
    host_end(host);
}

static void a_websocket__has_the_peer_in_its_handshake(void **state)
{
    struct host *host = begin(*state, "websocket");
    host_watch_handshakes(host, host->worker);
    host->verdict = WM_PENDING;
    struct client client = behind(host, V1, sizeof V1 - 1);
    client_say(host, &client, WS_REQUEST);
    until(host, count_of(host, WM_EVENT_HANDSHAKE) == 1);
    const struct seen *handshake = nth(host, WM_EVENT_HANDSHAKE, 0);
    expect_peer(handshake->conn, "203.0.113.7", 50001);
    assert_int_equal(wm_handshake_accept(handshake->id, NULL, 0), 0);
    assert_int_equal(http_head(host, &client, NULL), 101);
    expect_peer(handshake->conn, "203.0.113.7", 50001);
    client_end(&client);
    host_end(host);
}

static void headers_without_an_address__leave_that_of_the_socket(void **state)
{
    struct host *host = begin(*state, "text");
    const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{LOCAL, sizeof LOCAL - 1}, {"PROXY UNKNOWN\r\n", 15}, {"PROXY UNKNOWN 1.2.3.4 any thing\r\n", 33}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client = behind(host, rows[i].bytes, rows[i].len);
        until(host, count_of(host, WM_EVENT_OPEN) == i + 1);
        char ip[64];
        int len = wm_conn_remote_ip(nth(host, WM_EVENT_OPEN, i)->conn, ip, sizeof ip);
        assert_true(len >= 0);
        assert_string_equal(ip, host->setting->transport == UNIX ? "" : host->setting->transport == TCP6 ? "::1" : "127.0.0.1");
        client_end(&client);
    }
    host_end(host);
}

static void what_is_no_header__is_refused_and_the_host_does_not_know(void **state)
{
    struct host *host = begin(*state, "text");
    static const char *const kRows[] = {"GET / HTTP/1.1\r\n\r\n", "hello\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 x\r\nhello\n", "\r\n\r\nhello"};
    for (size_t i = 0; i < sizeof kRows / sizeof *kRows; i++) {
        struct log_lines lines = {0};
        wm_log_set(take_line, &lines, NULL);
        struct client client = behind(host, kRows[i], strlen(kRows[i]));
        until(host, client_ended(&client));
        until(host, wm_worker_conn_count(host->worker) == 0);
        if (i == 0) /* of the others none may be due */
            assert_non_null(strstr(lines.last, " refused: the PROXY header is missing"));
        client_end(&client);
        wm_log_set(NULL, NULL, NULL);
    }
    struct client looks = client_begin(host); /* a check whether the port is open */
    close(looks.fd);
    looks.fd = -1;
    settle(host);
    assert_int_equal(host->count, 0);
    client_end(&looks);
    host_end(host);
}

static void a_header_that_does_not_come__times_out(void **state)
{
    struct host *host = begin(*state, "text");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    set_int(host->worker, "handshake_timeout_ms", 1);
    struct client client = behind(host, V1, 12);
    until(host, client_ended(&client));
    until(host, wm_worker_conn_count(host->worker) == 0);
    assert_non_null(strstr(lines.last, "the PROXY header did not arrive within handshake_timeout_ms"));
    assert_int_equal(host->count, 0);
    client_end(&client);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void others__are_refused_where_proxies_are_awaited(void **state)
{
    struct host *host = begin(*state, "text");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    set_str(host->worker, "trusted_proxies", "192.0.2.1");
    struct client client = client_begin(host);
    until(host, client_ended(&client));
    assert_non_null(strstr(lines.last, "refused: proxy_protocol is set, and it is none of trusted_proxies"));
    assert_int_equal(host->count, 0);
    client_end(&client);
    set_str(host->worker, "trusted_proxies", "*"); /* live */
    client = behind(host, V1, sizeof V1 - 1);
    client_say(host, &client, "hello\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    set_int(host->worker, "proxy_protocol", 0);
    struct client direct = client_begin(host);
    client_say(host, &direct, "hello\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    client_end(&client);
    client_end(&direct);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void max_per_ip__counts_clients_not_proxies(void **state)
{
    struct host *host = begin(*state, "text");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    set_int(host->worker, "max_per_ip", 2);
    struct client a = behind_v1(host, "203.0.113.7"), b = behind_v1(host, "203.0.113.7"), c = behind_v1(host, "203.0.113.8");
    until(host, count_of(host, WM_EVENT_OPEN) == 3);
    struct client over = behind_v1(host, "203.0.113.7");
    until(host, client_ended(&over));
    assert_non_null(strstr(lines.last, "connection from 203.0.113.7 refused, max_per_ip is 2"));
    client_end(&over);
    client_end(&a);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    a = behind_v1(host, "203.0.113.7");
    struct client check = behind(host, LOCAL, sizeof LOCAL - 1), check2 = behind(host, LOCAL, sizeof LOCAL - 1);
    struct client check3 = behind(host, LOCAL, sizeof LOCAL - 1); /* the proxy's own: any number */
    until(host, count_of(host, WM_EVENT_OPEN) == 7);
    assert_int_equal(lines.count, 1);
    struct client *all[] = {&a, &b, &c, &check, &check2, &check3};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        client_end(all[i]);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void an_adopted_connection__has_a_header_too(void **state)
{
    struct host *host = begin(*state, "text");
    turn(host, 0);
    for (int i = 0; i < 2; i++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        wm_conn conn = wm_worker_adopt(host->worker, ends[1]);
        assert_true(conn > 0);
        size_t closed = count_of(host, WM_EVENT_CLOSE);
        const char *header = i == 0 ? V1 : "hello\n";
        assert_int_equal(send(ends[0], header, strlen(header), 0), strlen(header));
        if (i == 0) {
            until(host, count_of(host, WM_EVENT_OPEN) == 1);
            expect_peer(conn, "203.0.113.7", 50001);
            close(ends[0]);
            until(host, count_of(host, WM_EVENT_CLOSE) == closed + 1);
        } else { /* the host has its id */
            until(host, count_of(host, WM_EVENT_CLOSE) == closed + 1);
            assert_string_equal(trace(host, conn), "connect close(protocol)");
            close(ends[0]);
        }
    }
    set_str(host->worker, "trusted_proxies", "192.0.2.1");
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(wm_worker_adopt(host->worker, ends[1]), 0);
    assert_non_null(strstr(wm_last_error(), "is none of trusted_proxies, and proxy_protocol takes no other"));
    close(ends[0]);
    close(ends[1]);
    host_end(host);
}

static void without_trusted_proxies__a_start_says_what_to_set(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_worker *worker = host_worker(host, "text");
    set_int(worker, "proxy_protocol", 1);
    wm_worker *datagrams = wm_worker_new(host->app, "udp://127.0.0.1:0");
    set_int(datagrams, "proxy_protocol", 1);
    set_str(datagrams, "trusted_proxies", "*");
    assert_int_equal(wm_worker_check(datagrams), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "takes datagrams"));
    assert_int_equal(wm_worker_check(worker), WM_EINVAL);
    assert_int_equal(wm_worker_listen(worker), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "no proxy is trusted: set 'trusted_proxies' to the addresses of the proxies"));
    set_str(worker, "trusted_proxies", "10.0.0.0/8");
    assert_int_equal(wm_worker_check(worker), 0);
    assert_int_equal(wm_worker_listen(worker), 0);
    assert_int_equal(wm_worker_set_str(worker, "trusted_proxies", ""), WM_EINVAL);
    assert_int_equal(wm_worker_set_str(worker, "trusted_proxies", "10.0.0.1/8"), WM_EINVAL);
    assert_string_equal(wm_last_error(), "option 'trusted_proxies': entry 1, '10.0.0.1/8', has bits behind its prefix: the network is "
                                         "'10.0.0.0/8'");
    const char *list = NULL;
    assert_int_equal(wm_worker_get_str(worker, "trusted_proxies", &list), 0);
    assert_string_equal(list, "10.0.0.0/8");
    set_int(worker, "proxy_protocol", 0);
    set_str(worker, "trusted_proxies", "");
    assert_int_equal(wm_worker_set_int(worker, "proxy_protocol", 1), WM_EINVAL);
    int64_t value = -1;
    assert_int_equal(wm_worker_get_int(worker, "proxy_protocol", &value), 0);
    assert_int_equal(value, 0);
    host_end(host);
}

static void a_stop__ends_what_waits_for_a_header(void **state)
{
    struct host *host = begin(*state, "text");
    struct client client = behind(host, V1, 12);
    until(host, wm_worker_conn_count(host->worker) == 1);
    assert_int_equal(wm_worker_stop(host->worker), 0);
    until(host, client_ended(&client));
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(a_header__tells_the_peer_in_every_event, OVER_PAIRS),
        SCENARIO_NOT_OVER(a_header__cut_anywhere_with_bytes_behind_it, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(a_websocket__has_the_peer_in_its_handshake, OVER_PAIRS),
        SCENARIO_NOT_OVER(headers_without_an_address__leave_that_of_the_socket, OVER_PAIRS),
        SCENARIO_NOT_OVER(what_is_no_header__is_refused_and_the_host_does_not_know, OVER_PAIRS),
        SCENARIO_NOT_OVER(a_header_that_does_not_come__times_out, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(others__are_refused_where_proxies_are_awaited, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(max_per_ip__counts_clients_not_proxies, OVER_PAIRS),
        SCENARIO_NOT_OVER(an_adopted_connection__has_a_header_too, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(without_trusted_proxies__a_start_says_what_to_set, OVER_PAIRS),
        SCENARIO_NOT_OVER(a_stop__ends_what_waits_for_a_header, OVER_PAIRS),
    };
    return RUN_SCENARIOS("proxy protocol", scenarios);
}
