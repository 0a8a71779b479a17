/**
 * @file
 * Out of descriptors: new connections are shed, open ones continue, and accepting recovers.
 */
#include "support/client.h"

#include <sys/resource.h>

static void ignore_line(int32_t level, const void *text, size_t len, void *user)
{
    (void)level;
    (void)text;
    (void)len;
    ++*(int *)user;
}

static void emfile__sheds_the_new_and_keeps_the_old(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    int lines = 0;
    wm_log_set(ignore_line, &lines, NULL);
    wm_app_set_int(host->app, "max_connections", 1000);
    struct client client = client_open(host, NULL);
    client_say(host, &client, "a connection that has said nothing would make room\n");
    client_hear(host, &client, "a connection that has said nothing would make room\n");
    /* Sockets made before the limit falls, connected after it. */
    enum { PEERS = 8 };
    int fds[PEERS];
    struct client peers[PEERS] = {{0}};
    const char *address = wm_worker_address(host->worker);
    for (int i = 0; i < PEERS; i++)
        peers[i].fd = connect_to(address);
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int used = 0;
    while (used < PEERS && (fds[used] = dup(client.fd)) >= 0)
        used++;
    low = before;
    low.rlim_cur = (rlim_t)fds[used - 1] + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (int i = 0; i < PEERS; i++)
        until(host, client_ended(&peers[i]));
    assert_true(lines >= 1);
    client_say(host, &client, "alive\n");
    client_hear(host, &client, "alive\n");
    assert_int_equal(wm_worker_conn_count(host->worker), 1);
    for (int i = 0; i < used; i++)
        close(fds[i]);
    for (int i = 0; i < PEERS; i++)
        client_end(&peers[i]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    struct client again = client_open(host, NULL);
    client_say(host, &again, "back\n");
    client_hear(host, &again, "back\n");
    client_end(&again);
    client_end(&client);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {SCENARIO(emfile__sheds_the_new_and_keeps_the_old)};
    return RUN_SCENARIOS("descriptors", scenarios);
}
