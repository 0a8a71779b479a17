/* Addresses of datagram workers: which one an answer leaves from, IPv4 at [::], files of unix sockets, senders without a name, full queues.
 */
#include "support/datagrams.h"

#include <sys/stat.h>

static struct host *host_at(const struct setting *setting, const char *address)
{
    struct host *host = host_begin(setting, NULL);
    host->worker = wm_worker_new(host->app, address);
    if (!host->worker)
        fail_msg("%s: %s", address, wm_last_error());
    host_watch(host, host->worker);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    host->react = echo;
    return host;
}

/** A peer that takes datagrams from that address of this machine alone. */
static int peer_of(struct host *host, const char *ip)
{
    char address[64];
    snprintf(address, sizeof address, "udp://%s%s", ip, strrchr(wm_worker_address(host->worker), ':'));
    if (ip[0] == '[')
        return peer_begin(address);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1))};
    assert_int_equal(inet_pton(AF_INET, ip, &to.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void expect_local(struct host *host, size_t message, const char *ip)
{
    char text[64];
    assert_true(wm_conn_local_ip(nth(host, WM_EVENT_MESSAGE, message)->conn, text, sizeof text) > 0);
    assert_string_equal(text, ip);
}

static void answer__leaves_from_the_address_that_was_asked(void **state)
{
    static const char *const wildcards[] = {"udp://0.0.0.0:0", "udp://[::]:0"};
    for (size_t i = 0; i < 2; i++) {
        struct host *host = host_at(*state, wildcards[i]);
        int one = peer_of(host, "127.0.0.1"), two = peer_of(host, "127.0.0.2");
        peer_say(one, "one");
        peer_hear(host, one, "one");
        peer_say(two, "two");
        peer_hear(host, two, "two");
        expect_local(host, 0, "127.0.0.1");
        expect_local(host, 1, "127.0.0.2");
        char text[64];
        assert_true(wm_conn_remote_address(nth(host, WM_EVENT_MESSAGE, 0)->conn, text, sizeof text) > 0);
        assert_string_equal(text, peer_name(one)); /* also at [::] */
        assert_int_equal(wm_worker_send_to(host->worker, text, "to", 2, 0), 0);
        peer_hear(host, one, "to");
        assert_int_equal(wm_worker_conn_count(host->worker), 2);
        close(one);
        close(two);
        if (i == 1) {
            int six = peer_of(host, "[::1]");
            peer_say(six, "six");
            peer_hear(host, six, "six");
            expect_local(host, 2, "::1");
            close(six);
        }
        host_end(host);
    }
}

/** Nothing can leave from a broadcast address: the answer leaves from the interface's own. */
static void answer__to_what_was_broadcast(void **state)
{
    static const char *const wildcards[] = {"udp://0.0.0.0:0", "udp://[::]:0"};
    for (size_t i = 0; i < 2; i++) {
        struct host *host = host_at(*state, wildcards[i]);
        int on = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on), 0);
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(0x7fffffff)}}; /* 127.255.255.255 */
        to.sin_port = htons((uint16_t)atoi(strrchr(wm_worker_address(host->worker), ':') + 1));
        assert_int_equal(sendto(fd, "all", 3, 0, (struct sockaddr *)&to, sizeof to), 3);
        peer_hear(host, fd, "all");
        expect_local(host, 0, "127.0.0.1");
        assert_int_equal(count_of(host, WM_EVENT_ERROR), 0);
        close(fd);
        host_end(host);
    }
}

static void families__that_do_not_fit_are_refused(void **state)
{
    struct host *host = host_at(*state, "udp://127.0.0.1:0");
    assert_int_equal(wm_worker_send_to(host->worker, "[::1]:9", "x", 1, 0), WM_EADDRESS);
    assert_non_null(strstr(wm_last_error(), "IPv4 alone"));
    wm_worker *stream = wm_worker_new(host->app, "tcp://127.0.0.1:0");
    assert_int_equal(wm_worker_send_to(stream, "127.0.0.1:9", "x", 1, 0), WM_ESTATE);
    assert_int_equal(wm_worker_send_to(host->worker, NULL, "x", 1, 0), WM_EINVAL);
    assert_int_equal(wm_worker_send_to(host->worker, "127.0.0.1:9", NULL, 1, 0), WM_EINVAL);
    assert_int_equal(wm_worker_send_to(host->worker, "127.0.0.1:9", "x", 1, 1 << 30), WM_EINVAL);
    host_end(host);
}

/** A second socket cannot take a port's datagrams, unless reuse_port says so. */
static void port__has_one_socket(void **state)
{
    struct host *host = host_at(*state, "udp://127.0.0.1:0");
    wm_worker *second = wm_worker_new(host->app, wm_worker_address(host->worker));
    assert_int_equal(wm_worker_listen(second), WM_EADDRINUSE);
    assert_int_equal(wm_worker_set_int(second, "reuse_port", 1), 0);
    assert_int_equal(wm_worker_listen(second), WM_EADDRINUSE); /* the first has not agreed */
    host_end(host);
}

/** The file has its mode; a stale one is replaced, one in use is not, and the end removes it. */
static void file__of_a_unix_socket(void **state)
{
    char address[64];
    snprintf(address, sizeof address, "udp+unix:///tmp/wm-test-%d.sock", (int)getpid());
    const char *path = strstr(address, "/tmp");
    struct sockaddr_storage own;
    socklen_t len = socket_address(address, &own);
    int stale = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)&own, len), 0);
    close(stale);
    struct host *host = host_at(*state, address);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    wm_worker *second = wm_worker_new(host->app, address);
    assert_int_equal(wm_worker_listen(second), WM_EADDRINUSE);
    wm_worker_free(second); /* the app would not start */
    int one = peer_begin(address);
    peer_say(one, "hi");
    peer_hear(host, one, "hi");
    close(one);
    host_end(host);
    assert_int_equal(stat(path, &status), -1);
}

/** A sender that is not bound is heard, and cannot be answered. */
static void sender__without_a_name(void **state)
{
    struct host *host = host_at(*state, "udp+unix://@libwm-test-nameless");
    host->react = NULL;
    struct sockaddr_storage to;
    socklen_t len = socket_address("udp+unix://@libwm-test-nameless", &to);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(fd, "hi", 2, 0, (struct sockaddr *)&to, len), 2);
    until_messages(host, 1);
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "not bound"));
    close(fd);
    host_end(host);
}

/** One that does not read loses what its queue has no room for, is told of by an error, and holds up nobody. (Of one that is connected, the
 * kernel counts what it has not read as unsent.) */
static void fill_receiver(void **state, size_t size)
{
    struct host *host = host_at(*state, "udp+unix://@libwm-test-full");
    host->react = NULL;
    struct sockaddr_storage to;
    socklen_t len = socket_address("udp+unix://@libwm-test-full", &to);
    struct sockaddr_un any = {.sun_family = AF_UNIX};
    int full = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), other = peer_begin("udp+unix://@libwm-test-full");
    assert_int_equal(bind(full, (struct sockaddr *)&any, sizeof any.sun_family), 0);
    assert_int_equal(sendto(full, "x", 1, 0, (struct sockaddr *)&to, len), 1);
    until_messages(host, 1);
    peer_say(other, "y");
    until_messages(host, 2);
    wm_conn slow = nth(host, WM_EVENT_MESSAGE, 0)->conn, fast = nth(host, WM_EVENT_MESSAGE, 1)->conn;
    char bytes[10000], got[sizeof bytes];
    memset(bytes, 'z', sizeof bytes);
    for (int i = 0; i < 500; i++)
        assert_int_equal(wm_conn_send(slow, bytes, size, 0), 0);
    assert_int_equal(wm_conn_send(fast, "through", 7, 0), 0);
    peer_hear(host, other, "through");
    until(host, count_of(host, WM_EVENT_ERROR) > 0);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EFULL);
    for (size_t i = 0; host->setting->cap != 0 && i < count_of(host, WM_EVENT_ERROR); i++)
        assert_true(nth(host, WM_EVENT_ERROR, i)->conn == slow);
    assert_int_equal(recv(full, got, sizeof got, 0), size);
    close(full);
    close(other);
    host_end(host);
}

static void receiver__that_is_full(void **state)
{
    fill_receiver(state, 1);
}

/** So large ones that the kernel calls the socket not writable, and still takes what others are sent. */
static void receiver__that_is_full_of_large_ones(void **state)
{
    fill_receiver(state, 8000);
}

/** What waits for the socket of a client is bounded. */
static void queue__has_its_limit(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_client *client = wm_client_new(host->app, "udp://127.0.0.1:9");
    assert_int_equal(wm_client_set_int(client, "max_send_buffer", 10000), 0);
    assert_int_equal(wm_client_connect(client), 0);
    char data[1000] = "";
    int taken = 0, result;
    while ((result = wm_conn_send(wm_client_conn(client), data, sizeof data, 0)) == 0 && taken < 1000)
        taken++;
    assert_int_equal(result, WM_EFULL);
    assert_non_null(strstr(wm_last_error(), "over max_send_buffer (10000)"));
    assert_in_range(taken, 8, 11);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(answer__leaves_from_the_address_that_was_asked, NOT_DATAGRAMS | OVER(UNIX) | OVER(TCP6)),
        SCENARIO_NOT_OVER(answer__to_what_was_broadcast, NOT_DATAGRAMS | OVER(UNIX) | OVER(TCP6)),
        SCENARIO_NOT_OVER(families__that_do_not_fit_are_refused, NOT_DATAGRAMS | OVER(UNIX) | OVER(TCP6)),
        SCENARIO_NOT_OVER(port__has_one_socket, NOT_DATAGRAMS | OVER(UNIX) | OVER(TCP6)),
        SCENARIO_NOT_OVER(file__of_a_unix_socket, NOT_DATAGRAMS | OVER(TCP) | OVER(TCP6)),
        SCENARIO_NOT_OVER(sender__without_a_name, NOT_DATAGRAMS | OVER(TCP) | OVER(TCP6)),
        SCENARIO_NOT_OVER(receiver__that_is_full, NOT_DATAGRAMS | OVER(TCP) | OVER(TCP6)),
        SCENARIO_NOT_OVER(receiver__that_is_full_of_large_ones, NOT_DATAGRAMS | OVER(TCP) | OVER(TCP6)),
        SCENARIO_NOT_OVER(queue__has_its_limit, NOT_DATAGRAMS | OVER(UNIX) | OVER(TCP6)),
    };
    return RUN_SCENARIOS("udp_addresses", scenarios);
}
