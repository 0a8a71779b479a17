/* Workers of datagrams: messages, peers, protocols over them, and what does not apply to them. */
#include "support/datagrams.h"

static void datagram__is_a_message_and_is_answered(void **state)
{
    struct host *host = host_begin(*state, "udp");
    host->react = echo;
    int one = peer_begin(wm_worker_address(host->worker)), other = peer_begin(wm_worker_address(host->worker));
    peer_say(one, "one");
    peer_hear(host, one, "one");
    peer_say(other, "other");
    peer_hear(host, other, "other");
    peer_say(one, "");
    peer_hear(host, one, "");
    peer_say(one, "again");
    peer_hear(host, one, "again");
    assert_string_equal(trace(host, 0), "message(one) message(other) message() message(again)");
    const struct seen *first = nth(host, WM_EVENT_MESSAGE, 0);
    assert_int_equal(first->flags & 255, WM_KIND_DATAGRAM);
    assert_ptr_equal(first->worker, host->worker);
    assert_true(first->conn == nth(host, WM_EVENT_MESSAGE, 3)->conn && first->conn != nth(host, WM_EVENT_MESSAGE, 1)->conn);
    assert_int_equal(wm_conn_bytes_read(first->conn), 8);
    assert_int_equal(wm_conn_bytes_written(first->conn), 8);
    assert_int_equal(wm_worker_conn_count(host->worker), 2);
    close(one);
    close(other);
    host_end(host);
}

static void peer__has_addresses_that_can_be_sent_to(void **state)
{
    struct host *host = host_begin(*state, "udp");
    const char *shown = strstr(wm_worker_address(host->worker), "://") + 3;
    int one = peer_begin(wm_worker_address(host->worker));
    peer_say(one, "hello");
    until_messages(host, 1);
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    char text[128];
    assert_true(wm_conn_remote_address(conn, text, sizeof text) > 0);
    assert_string_equal(text, peer_name(one));
    assert_int_equal(wm_worker_send_to(host->worker, text, "back", 4, 0), 0);
    peer_hear(host, one, "back");
    assert_int_equal(wm_worker_conn_count(host->worker), 1);
    assert_true(wm_conn_local_address(conn, text, sizeof text) > 0);
    assert_string_equal(text, shown);
    assert_ptr_equal(wm_conn_worker(conn), host->worker);
    close(one);
    host_end(host);
}

static void send_to__an_address_that_has_said_nothing(void **state)
{
    struct host *host = host_begin(*state, "udp");
    int one = peer_begin(wm_worker_address(host->worker));
    assert_int_equal(wm_app_run_once(host->app, 0), 0);
    assert_int_equal(wm_worker_send_to(host->worker, peer_name(one), "first", 5, WM_SEND_NOW), 0);
    peer_hear(host, one, "first");
    wm_conn conn = wm_worker_next_conn(host->worker, 0);
    assert_true(conn != 0 && wm_worker_next_conn(host->worker, conn) == 0);
    peer_say(one, "answer");
    until_messages(host, 1);
    assert_true(nth(host, WM_EVENT_MESSAGE, 0)->conn == conn);
    assert_int_equal(wm_worker_send_to(host->worker, "", "x", 1, 0), WM_EADDRESS);
    if (host->setting->transport != UNIX) {
        for (const char *const *wrong =
                 (const char *const[]){"127.0.0.1", "127.0.0.1:0", "localhost:1", "[::1]", "::1:1", "1.2.3.4:x", NULL};
             *wrong; wrong++) {
            assert_int_equal(wm_worker_send_to(host->worker, *wrong, "x", 1, 0), WM_EADDRESS);
            assert_non_null(strstr(wm_last_error(), "the right form is 192.0.2.1:1234"));
        }
    }
    assert_int_equal(wm_worker_conn_count(host->worker), 1);
    close(one);
    host_end(host);
}

/** Closing forgets the peer, without an event, and the socket goes on. */
static void close__forgets_the_peer_alone(void **state)
{
    struct host *host = host_begin(*state, "udp");
    int destroyed = 0;
    int one = peer_begin(wm_worker_address(host->worker)), other = peer_begin(wm_worker_address(host->worker));
    peer_say(one, "a");
    until_messages(host, 1);
    peer_say(other, "b");
    until_messages(host, 2);
    wm_conn first = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    assert_int_equal(wm_conn_set_user(first, &destroyed, count_destroy), 0);
    assert_int_equal(wm_conn_send(first, "bye", 3, 0), 0);
    assert_int_equal(wm_conn_close(first, 0, NULL, 0), 0);
    assert_int_equal(wm_conn_send(first, "late", 4, 0), WM_ECLOSED);
    peer_hear(host, one, "bye");
    settle(host);
    assert_int_equal(destroyed, 1);
    assert_int_equal(wm_conn_send(first, "late", 4, 0), WM_ECLOSED);
    peer_say(one, "c");
    until_messages(host, 3);
    wm_conn fresh = nth(host, WM_EVENT_MESSAGE, 2)->conn;
    assert_true(fresh != first);
    assert_int_equal(wm_conn_destroy(nth(host, WM_EVENT_MESSAGE, 1)->conn), 0);
    peer_say(other, "d");
    until_messages(host, 4);
    assert_string_equal(trace(host, 0), "message(a) message(b) message(c) message(d)");
    close(one);
    close(other);
    host_end(host);
}

static void react_close(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE) {
        wm_conn_send(event->conn, "once", 4, 0);
        wm_conn_close(event->conn, 0, NULL, 0);
    }
}

static void send__in_the_callback_of_a_peer_that_it_closes(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_unlisten(host->worker), 0);
    assert_int_equal(wm_worker_set_str(host->worker, "transport", "udp"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    host->react = react_close;
    int one = peer_begin(wm_worker_address(host->worker));
    for (int i = 0; i < 3; i++) {
        peer_say(one, "a\n");
        peer_hear(host, one, "once\n");
    }
    assert_string_equal(trace(host, 0), "message(a) message(a) message(a)");
    close(one);
    host_end(host);
}

/** Each datagram is parsed by itself: what is incomplete at its end goes. */
static void text__lines_of_each_datagram(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "text");
    assert_int_equal(wm_worker_set_str(host->worker, "transport", "udp"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    host->react = echo;
    int one = peer_begin(wm_worker_address(host->worker));
    peer_say(one, "a\nb\r\nrest");
    peer_hear(host, one, "a\n");
    peer_hear(host, one, "b\n");
    peer_say(one, "no end");
    peer_say(one, "c\n");
    peer_hear(host, one, "c\n");
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    assert_int_equal(wm_conn_send(conn, "raw", 3, WM_SEND_RAW), 0);
    peer_hear(host, one, "raw");
    assert_string_equal(trace(host, 0), "message(a) message(b) message(c)");
    close(one);
    host_end(host);
}

static void frame__a_bad_one_is_an_error_and_the_peer_stays(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "frame");
    assert_int_equal(wm_worker_set_str(host->worker, "transport", "udp"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    host->react = echo;
    int one = peer_begin(wm_worker_address(host->worker));
    assert_int_equal(send(one, "\0\0\0\6hi\0\0\0\1zz", 12, 0), 12);
    assert_int_equal(send(one, "\0\0\0\5x", 5, 0), 5);
    char got[16];
    ssize_t len;
    until(host, (len = recv(one, got, sizeof got, 0)) >= 0);
    assert_int_equal(len, 6);
    assert_memory_equal(got, "\0\0\0\6hi", 6);
    until_messages(host, 2);
    assert_string_equal(trace(host, 0), "message(hi) error(WM_EPROTOCOL) message(x)");
    assert_true(nth(host, WM_EVENT_MESSAGE, 0)->conn == nth(host, WM_EVENT_MESSAGE, 1)->conn);
    close(one);
    host_end(host);
}

/** Thousands of lines in one datagram, in polls that take few of them, and datagrams of others behind it. */
static void text__more_lines_than_a_poll_takes_keep_their_order(void **state)
{
    enum { LINES = 600 };
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "text");
    assert_int_equal(wm_worker_set_str(host->worker, "transport", "udp"), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    char lines[LINES * 4 + 1];
    for (int i = 0; i < LINES; i++)
        snprintf(lines + 4 * i, 5, "%03u\n", (unsigned)i % 1000);
    int peers[3];
    for (int i = 0; i < 3; i++) {
        peers[i] = peer_begin(wm_worker_address(host->worker));
        peer_say(peers[i], lines);
    }
    until_messages(host, 3 * LINES);
    for (size_t i = 0; i < 3 * LINES; i++) {
        char wanted[8];
        snprintf(wanted, sizeof wanted, "%03d", (int)(i % LINES));
        assert_string_equal(nth(host, WM_EVENT_MESSAGE, i)->data, wanted);
    }
    for (int i = 0; i < 3; i++)
        close(peers[i]);
    host_end(host);
}

static void ring__the_oldest_goes_silently(void **state)
{
    struct host *host = host_begin(*state, "udp");
    assert_int_equal(wm_worker_set_int(host->worker, "udp_peers", 2), 0);
    int destroyed = 0, peers[3];
    wm_conn conns[3];
    for (int i = 0; i < 3; i++)
        peers[i] = peer_begin(wm_worker_address(host->worker));
    for (int i = 0; i < 2; i++) {
        peer_say(peers[i], "x");
        until_messages(host, (size_t)i + 1);
        conns[i] = nth(host, WM_EVENT_MESSAGE, (size_t)i)->conn;
        assert_int_equal(wm_conn_set_user(conns[i], &destroyed, count_destroy), 0);
    }
    assert_int_equal(wm_conn_send(conns[0], "used", 4, 0), 0); /* the other is the oldest now */
    peer_hear(host, peers[0], "used");
    peer_say(peers[2], "x");
    until_messages(host, 3);
    settle(host);
    assert_int_equal(destroyed, 1);
    assert_int_equal(wm_conn_send(conns[1], "x", 1, 0), WM_ECLOSED);
    assert_int_equal(wm_conn_send(conns[0], "x", 1, 0), 0);
    assert_int_equal(wm_worker_conn_count(host->worker), 2);
    assert_string_equal(trace(host, 0), "message(x) message(x) message(x)");
    for (int i = 0; i < 3; i++)
        close(peers[i]);
    host_end(host);
    assert_int_equal(destroyed, 2);
}

/** More peers in one poll than the ring has: none goes before the host has had its message. */
static void ring__in_a_poll_waits_for_the_host(void **state)
{
    enum { PEERS = 20 };
    struct host *host = host_begin(*state, "udp");
    assert_int_equal(wm_worker_set_int(host->worker, "udp_peers", 1), 0);
    host->react = echo;
    int peers[PEERS];
    for (int i = 0; i < PEERS; i++) {
        peers[i] = peer_begin(wm_worker_address(host->worker));
        peer_say(peers[i], "x");
    }
    for (int i = 0; i < PEERS; i++) {
        peer_hear(host, peers[i], "x");
        close(peers[i]);
    }
    assert_int_equal(wm_worker_conn_count(host->worker), 1);
    host_end(host);
}

static void broadcast__reaches_every_peer(void **state)
{
    struct host *host = host_begin(*state, "udp");
    int peers[3];
    for (int i = 0; i < 3; i++) {
        peers[i] = peer_begin(wm_worker_address(host->worker));
        peer_say(peers[i], "x");
        until_messages(host, (size_t)i + 1);
    }
    assert_int_equal(wm_worker_broadcast(host->worker, "all", 3, 0), 3);
    wm_hub *hub = wm_hub_new(host->app);
    assert_int_equal(wm_hub_bind(hub, "u", 1, nth(host, WM_EVENT_MESSAGE, 1)->conn), 0);
    for (int i = 0; i < 3; i++)
        peer_hear(host, peers[i], "all");
    assert_true(wm_hub_send(hub, "u", 1, "one", 3, 0, NULL, NULL, NULL, NULL) >= 0);
    peer_hear(host, peers[1], "one");
    for (int i = 0; i < 3; i++)
        close(peers[i]);
    host_end(host);
}

static void limits__of_a_datagram(void **state)
{
    struct host *host = host_begin(*state, "udp");
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 100), 0);
    int one = peer_begin(wm_worker_address(host->worker));
    char long_text[102];
    memset(long_text, 'x', 101);
    long_text[101] = '\0';
    peer_say(one, long_text);
    long_text[100] = '\0';
    peer_say(one, long_text);
    until_messages(host, 1);
    assert_string_equal(trace(host, 0), "message(100 bytes)");
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    char *large = (char *)calloc(1, 300000);
    size_t longest = host->setting->transport == TCP ? 65507 : 65527;
    if (host->setting->transport != UNIX) {
        assert_int_equal(wm_conn_send(conn, large, longest + 1, 0), WM_EMSGSIZE);
        assert_int_equal(wm_conn_send(conn, large, longest, WM_SEND_NOW), 0);
        ssize_t len;
        until(host, (len = recv(one, large, 300000, 0)) >= 0);
        assert_int_equal(len, longest);
    } else {
        assert_int_equal(wm_conn_send(conn, large, 300000, 0), WM_EMSGSIZE);
    }
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 0);
    free(large);
    close(one);
    host_end(host);
}

static void what_a_stream_has_is_refused(void **state)
{
    struct host *host = host_begin(*state, "udp");
    int one = peer_begin(wm_worker_address(host->worker));
    peer_say(one, "x");
    until_messages(host, 1);
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    char text[16];
    assert_int_equal(wm_conn_pause_recv(conn), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "wm_worker_pause_accept"));
    assert_int_equal(wm_conn_shutdown(conn), WM_ESTATE);
    assert_int_equal(wm_conn_pipe(conn, conn), WM_ESTATE);
    assert_int_equal(wm_conn_tls_info(conn, WM_TLS_VERSION, text, sizeof text), WM_ESTATE);
    assert_int_equal(wm_worker_pause_accept(host->worker), 0);
    peer_say(one, "waits");
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 1);
    assert_int_equal(wm_worker_resume_accept(host->worker), 0);
    until_messages(host, 2);
    assert_int_equal(wm_worker_adopt(host->worker, one), 0);
    assert_non_null(strstr(wm_last_error(), "datagrams"));
    for (const char *const *scheme = (const char *const[]){"http", "websocket", NULL}; *scheme; scheme++) {
        wm_worker *worker = host_worker(host, *scheme);
        assert_int_equal(wm_worker_set_str(worker, "transport", "udp"), 0);
        assert_int_equal(wm_worker_listen(worker), WM_EINVAL);
        assert_non_null(strstr(wm_worker_error(worker), "needs a stream"));
        wm_worker_free(worker);
    }
    close(one);
    host_end(host);
}

/** Unlistening forgets the peers; listening again takes them as new ones. */
static void unlisten__forgets_the_peers(void **state)
{
    struct host *host = host_begin(*state, "udp");
    int one = peer_begin(wm_worker_address(host->worker));
    peer_say(one, "x");
    until_messages(host, 1);
    assert_int_equal(wm_conn_send(nth(host, WM_EVENT_MESSAGE, 0)->conn, "last", 4, 0), 0);
    assert_int_equal(wm_worker_unlisten(host->worker), 0);
    peer_hear(host, one, "last");
    settle(host);
    assert_int_equal(wm_worker_conn_count(host->worker), 0);
    assert_int_equal(wm_worker_send_to(host->worker, "127.0.0.1:9", "x", 1, 0), WM_ESTATE);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    int again = peer_begin(wm_worker_address(host->worker));
    peer_say(again, "y");
    until_messages(host, 2);
    close(one);
    close(again);
    host_end(host);
}

static void idle_timeout__forgets_a_silent_peer(void **state)
{
    struct host *host = host_begin(*state, "udp");
    assert_int_equal(wm_worker_set_int(host->worker, "idle_timeout_ms", 100), 0);
    int one = peer_begin(wm_worker_address(host->worker));
    peer_say(one, "x");
    until_messages(host, 1);
    until(host, wm_worker_conn_count(host->worker) == 0);
    assert_string_equal(trace(host, 0), "message(x)");
    close(one);
    host_end(host);
}

static int late_result;

static void send_late(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)reason, (void)code, (void)text, (void)len;
    late_result = wm_worker_send_to(((struct host *)user)->worker, "@libwm-test-late", "x", 1, 0);
    assert_non_null(strstr(wm_last_error(), "the app is being freed"));
}

/** Nothing would end a peer that is made while the app is freed. */
static void send_to__while_the_app_is_freed(void **state)
{
    struct host *host = host_begin(*state, "udp");
    turn(host, 0);
    wm_client *client = wm_client_new(host->app, wm_worker_address(host->worker));
    assert_int_equal(wm_client_connect(client), 0);
    turn(host, 0);
    assert_int_equal(wm_conn_on_close(wm_client_conn(client), send_late, host, NULL), 0);
    late_result = 0;
    wm_app_free(host->app);
    host->app = NULL;
    assert_int_equal(late_result, WM_ESTOPPED);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(datagram__is_a_message_and_is_answered, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(peer__has_addresses_that_can_be_sent_to, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(send_to__an_address_that_has_said_nothing, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(close__forgets_the_peer_alone, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(send__in_the_callback_of_a_peer_that_it_closes, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(text__lines_of_each_datagram, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(frame__a_bad_one_is_an_error_and_the_peer_stays, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(text__more_lines_than_a_poll_takes_keep_their_order, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(ring__the_oldest_goes_silently, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(ring__in_a_poll_waits_for_the_host, NOT_DATAGRAMS | OVER(UNIX)), /* whose queue takes ten */
        SCENARIO_NOT_OVER(broadcast__reaches_every_peer, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(limits__of_a_datagram, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(what_a_stream_has_is_refused, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(unlisten__forgets_the_peers, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(idle_timeout__forgets_a_silent_peer, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(send_to__while_the_app_is_freed, NOT_DATAGRAMS),
    };
    return RUN_SCENARIOS("udp", scenarios);
}
