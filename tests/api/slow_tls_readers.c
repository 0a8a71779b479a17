/**
 * @file
 * A crowd of TLS clients that do not read: what the library holds for each stays within its limits, and all of it arrives in the end.
 */
#include "support/client.h"

#include <malloc.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum {
    READERS = 1000,
    MESSAGE = 8 * 1024,
    MAX_SEND_BUFFER = 32 * 1024,
    PARKED = 17 * 1024, /* ciphertext that the kernel has refused: a record and what may go with it */
    MOST = MAX_SEND_BUFFER + MESSAGE + PARKED,
};

static const struct setting callbacks_tls = {"callbacks, tls", 0, TLS};

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_cur > READERS + 100);
}

/* Of the listener, and so of what it accepts: the kernel would hold megabytes of each. */
static void shrink_send_buffers(void)
{
    int small = 16384, on;
    socklen_t len;
    for (int fd = 0; fd < 100; fd++)
        if (len = sizeof on, getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on)
            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
}

static size_t resident(void)
{
    unsigned long pages = 0, ignored;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &ignored, &pages), 2);
    fclose(file);
    return pages * 4096;
}

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* The readers, in a process of their own: they shake hands, wait until the pipe says so, and read all to the end. */

struct reader {
    SSL *ssl;
    size_t total;
    int done;
};

static struct reader readers[READERS];

/* What has come for one; 0: it is wrong. */
static int read_some(struct reader *reader)
{
    static char bytes[1 << 16], expected[MESSAGE];
    int got;
    fill_pattern(expected, MESSAGE, 1);
    while ((got = SSL_read(reader->ssl, bytes, sizeof bytes)) > 0)
        for (int i = 0; i < got; i++)
            if (bytes[i] != expected[reader->total++ % MESSAGE])
                return 0;
    int error = SSL_get_error(reader->ssl, got);
    reader->done = error == SSL_ERROR_ZERO_RETURN;
    if (reader->done)
        close(SSL_get_fd(reader->ssl));
    return error == SSL_ERROR_WANT_READ || (reader->done && reader->total > 0 && reader->total % MESSAGE == 0);
}

static int read_all(void)
{
    static struct pollfd fds[READERS];
    int left = READERS, large = 1 << 20;
    for (int i = 0; i < READERS; i++) {
        fds[i] = (struct pollfd){SSL_get_fd(readers[i].ssl), POLLIN, 0};
        fcntl(fds[i].fd, F_SETFL, O_NONBLOCK);
        setsockopt(fds[i].fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
    }
    while (left > 0) {
        poll(fds, READERS, 100);
        for (int i = 0; i < READERS; i++) {
            if (readers[i].done)
                continue;
            if (!read_some(&readers[i]))
                return 4;
            if (readers[i].done) {
                fds[i].fd = -1;
                left--;
            }
        }
    }
    return 0;
}

static int read_slowly(const char *address, int go)
{
    int small = 16384;
    char byte;
    for (int i = 0; i < READERS; i++) {
        int fd = connect_to(address);
        if (fd < 0 || fcntl(fd, F_SETFL, 0) != 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) != 0)
            return 1;
        SSL *ssl = readers[i].ssl = SSL_new(tls_peer_context());
        SSL_set_fd(ssl, fd);
        SSL_set1_host(ssl, "localhost");
        if (SSL_connect(ssl) != 1)
            return 2;
    }
    return read(go, &byte, 1) == 1 ? read_all() : 3;
}

/* Until the library takes no more: WM_EFULL, at the earliest when the kernel has refused. */
static void fill(struct host *host, wm_conn conn, const char *message)
{
    int64_t guard = clock_ms() + GUARD_MS;
    while (wm_conn_send(conn, message, MESSAGE, WM_SEND_NOW) != WM_EFULL)
        assert_true(clock_ms() < guard);
    (void)host;
}

static void close_drained(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_BUFFER_DRAIN)
        assert_int_equal(wm_conn_close(event->conn, 0, NULL, 0), 0);
}

static void a_thousand_slow_readers__stay_within_the_limits(void **state)
{
    (void)state;
    static char message[MESSAGE];
    int go[2], status;
    raise_descriptor_limit();
    fill_pattern(message, MESSAGE, 1);
    struct host *host = host_begin(&callbacks_tls, NULL);
    host->worker = host_worker(host, "raw");
    assert_int_equal(wm_worker_set_int(host->worker, "max_send_buffer", MAX_SEND_BUFFER), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "send_high_water", MESSAGE), 0);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    shrink_send_buffers();
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(read_slowly(wm_worker_address(host->worker), go[0]));
    until(host, count_of(host, WM_EVENT_OPEN) == READERS);
    settle(host);

    size_t heap = allocated(), rss = resident(), queued = 0;
    for (size_t i = 0; i < READERS; i++)
        fill(host, nth(host, WM_EVENT_OPEN, i)->conn, message);
    settle(host);
    for (size_t i = 0; i < READERS; i++) {
        int64_t size = wm_conn_send_queue_size(nth(host, WM_EVENT_OPEN, i)->conn);
        assert_in_range(size, 1, MOST);
        queued += (size_t)size;
    }
    heap = allocated() - heap;
    rss = resident() - rss;
    print_message("%d readers: %zu bytes queued for each, %zu allocated, %zu resident\n", READERS, queued / READERS, heap / READERS,
                  rss / READERS);
    if (!WITH_ASAN) {
        assert_in_range(heap / READERS, queued / READERS, MOST);
        assert_in_range(rss / READERS, 0, MOST);
    }

    host->react = close_drained;
    assert_int_equal(write(go[1], "", 1), 1);
    until(host, count_of(host, WM_EVENT_CLOSE) == READERS);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(go[0]);
    close(go[1]);
    host_end(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_thousand_slow_readers__stay_within_the_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
