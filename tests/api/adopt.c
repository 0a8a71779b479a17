/**
 * @file
 * wm_worker_adopt: a socket that is connected already becomes a connection, with the events and limits of one that was accepted.
 */
#define _GNU_SOURCE
#include "support/client.h"

#include <sys/wait.h>

/** A client whose other end is *fd: both ends of a socketpair. */
static struct client client_of_pair(int *fd)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *fd = ends[1];
    return (struct client){.fd = ends[0]};
}

static void a_socketpair__is_served_as_an_accepted_one(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    turn(host, 0);
    int fd;
    struct client client = client_of_pair(&fd);
    wm_conn conn = wm_worker_adopt(host->worker, fd);
    assert_true(conn > 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(wm_worker_conn_count(host->worker), 1);
    client_say(host, &client, "one\ntwo\n");
    client_hear(host, &client, "one\ntwo\n");
    close(client.fd);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, conn), "connect open message(one) message(two) close(peer)");
    settle(host);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed with the connection */
    client_end(&(struct client){.fd = -1, .in = client.in});
    host_end(host);
}

static void a_websocket__does_its_handshake(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    turn(host, 0);
    int fd;
    struct client client = client_of_pair(&fd);
    wm_conn conn = wm_worker_adopt(host->worker, fd);
    client_say(host, &client,
               "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    assert_string_equal(trace(host, conn), "connect open");
    client_end(&client);
    host_end(host);
}

static void a_worker_that_does_not_listen__takes_it(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_worker *none = wm_worker_new(host->app, NULL);
    host_watch(host, none);
    host->react = echo;
    turn(host, 0);
    int fd;
    struct client client = client_of_pair(&fd);
    assert_int_not_equal(wm_worker_adopt(none, fd), 0);
    client_say(host, &client, "bytes");
    client_hear(host, &client, "bytes");
    client_end(&client);
    host_end(host);
}

/* On start: also in pull mode, in which no poll has begun then. */
struct early {
    int fd;
    wm_conn conn;
};

static int32_t adopt_on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index;
    struct early *early = user;
    early->conn = wm_worker_adopt(worker, early->fd);
    return early->conn ? 0 : -1;
}

static void on_start__takes_it_with_all_events(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    struct early early = {0, 0};
    struct client client = client_of_pair(&early.fd);
    assert_int_equal(wm_worker_adopt(host->worker, early.fd), 0);
    assert_non_null(strstr(wm_last_error(), "has not started"));
    assert_int_equal(wm_worker_on_start(host->worker, adopt_on_start, &early, NULL), 0);
    client_say(host, &client, "early\n");
    client_hear(host, &client, "early\n");
    assert_string_equal(trace(host, early.conn), "connect open message(early)");
    client_end(&client);
    host_end(host);
}

static void wrong_descriptors__are_refused_with_what_they_are(void **state)
{
    struct host *host = host_begin(*state, "text");
    turn(host, 0);
    int datagrams[2], packets[2], pipe_ends[2], file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, datagrams), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, packets), 0);
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    int idle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(listen(listening, 1), 0);
    int taken;
    struct client client = client_of_pair(&taken);
    assert_int_not_equal(wm_worker_adopt(host->worker, taken), 0);
    const struct {
        int fd;
        const char *text;
    } rows[] = {{-1, "not open"},
                {900, "not open"},
                {file, "not a socket"},
                {pipe_ends[0], "a pipe"},
                {datagrams[0], "a datagram socket"},
                {packets[0], "of another kind"},
                {idle, "not connected"},
                {listening, "a listening socket"},
                {taken, "a connection of the app already"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(wm_worker_adopt(host->worker, rows[i].fd), 0);
        if (!strstr(wm_last_error(), rows[i].text))
            fail_msg("row %zu: %s", i, wm_last_error());
        assert_true(rows[i].fd < 0 || rows[i].fd == 900 || fcntl(rows[i].fd, F_GETFD) >= 0); /* still the caller's */
    }
    assert_int_equal(wm_worker_adopt(NULL, taken), 0);
    assert_int_equal(wm_worker_conn_count(host->worker), 1);
    int mine[] = {datagrams[0], datagrams[1], packets[0], packets[1], pipe_ends[0], pipe_ends[1], file, idle, listening};
    for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
        close(mine[i]);
    client_end(&client);
    host_end(host);
}

static void limits__refuse_as_an_accept_does(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    assert_int_equal(wm_worker_set_int(host->worker, "max_connections", 2), 0);
    turn(host, 0);
    int fd;
    struct client clients[2];
    for (int i = 0; i < 2; i++) {
        clients[i] = client_of_pair(&fd);
        assert_int_not_equal(wm_worker_adopt(host->worker, fd), 0);
        client_say(host, &clients[i], "I speak\n");
        client_hear(host, &clients[i], "I speak\n");
    }
    struct client third = client_of_pair(&fd);
    assert_int_equal(wm_worker_adopt(host->worker, fd), 0);
    assert_non_null(strstr(wm_last_error(), "max_connections of the worker is 2"));
    assert_true(fcntl(fd, F_GETFD) >= 0);
    client_end(&clients[0]);
    until(host, wm_worker_conn_count(host->worker) == 1);
    assert_int_not_equal(wm_worker_adopt(host->worker, fd), 0); /* again, and there is room now */
    struct client fourth = client_of_pair(&fd);
    assert_int_not_equal(wm_worker_adopt(host->worker, fd), 0); /* the third has said nothing yet: it goes */
    until(host, client_ended(&third));
    client_end(&clients[1]);
    client_end(&third);
    client_end(&fourth);
    host_end(host);
}

static void an_address__counts_with_those_that_were_accepted(void **state)
{
    const struct setting *setting = *state;
    if (setting->transport != TCP)
        return;
    struct host *host = host_begin(setting, "text");
    assert_int_equal(wm_worker_set_int(host->worker, "max_per_ip", 2), 0);
    turn(host, 0);
    struct client accepted = client_open(host, NULL);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(listen(listening, 8), 0); /* at a port of the kernel's choice */
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t len = sizeof name;
    assert_int_equal(getsockname(listening, (struct sockaddr *)&name, &len), 0);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int theirs[2], ours[2];
    for (int i = 0; i < 2; i++) {
        theirs[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(theirs[i], (struct sockaddr *)&name, sizeof name), 0);
        ours[i] = accept(listening, NULL, NULL);
    }
    wm_conn conn = wm_worker_adopt(host->worker, ours[0]);
    assert_int_not_equal(conn, 0);
    char ip[46];
    assert_int_equal(wm_conn_remote_ip(conn, ip, sizeof ip), strlen("127.0.0.1"));
    int on = 0;
    len = sizeof on;
    assert_int_equal(getsockopt(ours[0], IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, &len), 0);
    assert_int_equal(on, 1);
    assert_int_equal(wm_worker_adopt(host->worker, ours[1]), 0);
    assert_non_null(strstr(wm_last_error(), "max_per_ip is 2"));
    close(theirs[0]);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_not_equal(wm_worker_adopt(host->worker, ours[1]), 0);
    close(theirs[1]);
    close(listening);
    client_end(&accepted);
    host_end(host);
}

/* What another process sends by SCM_RIGHTS. */
static void a_descriptor_of_another_process__is_served(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    turn(host, 0);
    int channel[2], fd;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel), 0);
    struct client client = client_of_pair(&fd);
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char byte = 'x';
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(sendmsg(channel[1], &message, 0) == 1 ? 0 : 1);
    close(fd);
    assert_int_equal(recvmsg(channel[0], &message, MSG_CMSG_CLOEXEC), 1);
    memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_not_equal(wm_worker_adopt(host->worker, fd), 0);
    client_say(host, &client, "from there\n");
    client_hear(host, &client, "from there\n");
    client_end(&client);
    close(channel[0]);
    close(channel[1]);
    host_end(host);
}

static void destroy_it(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_CONNECT)
        wm_conn_destroy(event->conn);
}

static void destroyed_in_its_connect_event__is_gone_with_its_descriptor(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = destroy_it;
    turn(host, 0);
    int fd;
    struct client client = client_of_pair(&fd);
    wm_conn conn = wm_worker_adopt(host->worker, fd);
    assert_int_not_equal(conn, 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1 && client_ended(&client));
    assert_string_equal(trace(host, conn), host->setting->cap <= 1 ? "connect close(local)" : "connect open close(local)");
    client_end(&client);
    host_end(host);
}

static void stopped__takes_none(void **state)
{
    struct host *host = host_begin(*state, "text");
    turn(host, 0);
    int fd;
    struct client client = client_of_pair(&fd);
    assert_int_equal(wm_worker_stop(host->worker), 0);
    settle(host);
    assert_int_equal(wm_worker_adopt(host->worker, fd), 0);
    assert_non_null(strstr(wm_last_error(), "stops"));
    close(fd);
    client_end(&client);
    host_end(host);
}

struct late {
    int fd;
    int calls;
    wm_conn conn;
};

static void adopt_at_close(struct host *host, const wm_event *event)
{
    struct late *late = host->context;
    if (event->kind != WM_EVENT_CLOSE || late->calls++ > 0)
        return;
    late->conn = wm_worker_adopt(host->worker, late->fd);
    assert_non_null(strstr(wm_last_error(), "the app is being freed"));
}

/* What is taken while the app is freed would get no close event. */
static void being_freed__takes_none(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct late late = {0};
    host->context = &late;
    host->react = adopt_at_close;
    struct client client = client_open(host, NULL), other = client_of_pair(&late.fd);
    wm_app_free(host->app);
    host->app = NULL;
    host_end(host);
    assert_int_equal(late.calls, ((const struct setting *)*state)->cap == 0);
    assert_int_equal(late.conn, 0);
    close(late.fd);
    client_end(&client);
    client_end(&other);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(a_socketpair__is_served_as_an_accepted_one),
        SCENARIO_OVER_SOCKETS(a_websocket__does_its_handshake),
        SCENARIO_OVER_SOCKETS(a_worker_that_does_not_listen__takes_it),
        SCENARIO_OVER_SOCKETS(on_start__takes_it_with_all_events),
        SCENARIO_OVER_SOCKETS(wrong_descriptors__are_refused_with_what_they_are),
        SCENARIO_OVER_SOCKETS(limits__refuse_as_an_accept_does),
        SCENARIO_OVER_SOCKETS(an_address__counts_with_those_that_were_accepted),
        SCENARIO_OVER_SOCKETS(a_descriptor_of_another_process__is_served),
        SCENARIO_OVER_SOCKETS(destroyed_in_its_connect_event__is_gone_with_its_descriptor),
        SCENARIO_OVER_SOCKETS(stopped__takes_none),
        SCENARIO_OVER_SOCKETS(being_freed__takes_none),
    };
    return RUN_SCENARIOS("adopt", scenarios);
}
