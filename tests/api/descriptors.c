/**
 * @file
 * Out of descriptors: new connections are shed, open ones continue, workers keep what they have reserved, and
 * accepting recovers.
 */
#include "support/crowd.h"

enum { MOST = 600 };

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

static void reserve__is_kept_from_files_of_the_host_too(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_app_set_int(host->app, "max_connections", 1000);
    wm_worker *back_end = second_worker(host, "text", "reserve_connections", 2);
    turn(host, 0);
    struct client backs[2], page;
    int fds[MOST], peers[3]; /* the peers' descriptors are those of this process, too */
    struct rlimit before = lower_descriptor_limit(200);
    for (int i = 0; i < 3; i++)
        peers[i] = dup(0);
    int taken = take_descriptors(fds, MOST);
    for (int i = 0; i < 2; i++) {
        close(peers[i]);
        backs[i] = spoken(host, back_end);
    }
    close(peers[2]);
    expect_refused(host, host->worker);
    expect_refused(host, back_end);
    end(host, &backs[0]); /* one descriptor was the peer's, the other is reserved again */
    peers[0] = dup(0);
    expect_refused(host, host->worker);
    backs[0] = spoken(host, back_end);
    close(peers[0]);
    expect_alive(host, &backs[1]);
    give_back(fds, taken);
    page = spoken(host, host->worker);
    client_end(&page);
    client_end(&backs[0]);
    client_end(&backs[1]);
    setrlimit(RLIMIT_NOFILE, &before);
    host_end(host);
}

static void without_descriptors__a_silent_one_makes_room(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_worker *other = second_worker(host, "text", "max_connections", 0);
    struct log_lines lines = {0};
    wm_app_set_int(host->app, "max_connections", 1000);
    struct client quiet = silent(host, host->worker);
    int fds[MOST];
    struct rlimit before = lower_descriptor_limit(200);
    int held = dup(0);
    int taken = take_descriptors(fds, MOST);
    wm_log_set(take_line, &lines, NULL);
    close(held);
    struct client next = spoken(host, other);
    until(host, client_ended(&quiet));
    assert_non_null(strstr(lines.last, "RLIMIT_NOFILE (ulimit -n) is 200"));
    wm_log_set(NULL, NULL, NULL);
    give_back(fds, taken);
    client_end(&quiet);
    client_end(&next);
    setrlimit(RLIMIT_NOFILE, &before);
    host_end(host);
}

static void descriptor_limit__lowered_later_counts(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct log_lines lines = {0};
    wm_log_set(take_line, &lines, NULL);
    turn(host, 0);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    char address[128];
    snprintf(address, sizeof address, "%s", wm_worker_address(host->worker));
    pid_t child = crowd(address, 100, ends[0]);
    int lowest = dup(0);
    close(lowest);
    struct rlimit before = lower_descriptor_limit((rlim_t)lowest + 50);
    until(host, lines.count > 0 && count_of(host, WM_EVENT_MESSAGE) > 40);
    assert_non_null(strstr(lines.last, "max_connections of the app is"));
    int files[3]; /* a tenth is left */
    for (int i = 0; i < 3; i++)
        assert_true((files[i] = dup(0)) >= 0);
    give_back(files, 3);
    close(ends[1]);
    close(ends[0]);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    setrlimit(RLIMIT_NOFILE, &before);
    wm_log_set(NULL, NULL, NULL);
    host_end(host);
}

static void reserve__more_than_the_descriptor_limit_is_said(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "text");
    set_int(host->worker, "reserve_connections", 150);
    int open_now = dup(0);
    close(open_now);
    struct rlimit before = lower_descriptor_limit((rlim_t)open_now + 100);
    assert_int_equal(turn(host, 0), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), " descriptors (ulimit -n) has room for "));
    int fds[200], taken = take_descriptors(fds, 200);
    give_back(fds, 20); /* for the listener and 12 of the reserved */
    set_int(host->worker, "reserve_connections", 30);
    assert_int_equal(turn(host, 0), WM_EMFILE);
    assert_non_null(strstr(wm_last_error(), "no descriptors for the 30 connections"));
    give_back(fds + 20, taken - 20);
    set_int(host->worker, "reserve_connections", 5);
    assert_int_equal(turn(host, 0), 0);
    int open_with_five = dup(0);
    close(open_with_five);
    assert_int_equal(wm_worker_unlisten(host->worker), 0);
    int open_without = dup(0);
    close(open_without);
    assert_true(open_without < open_with_five);
    setrlimit(RLIMIT_NOFILE, &before);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(emfile__sheds_the_new_and_keeps_the_old, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(reserve__is_kept_from_files_of_the_host_too, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(without_descriptors__a_silent_one_makes_room, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(descriptor_limit__lowered_later_counts, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(reserve__more_than_the_descriptor_limit_is_said, OVER_PAIRS | OVER_TLS),
    };
    return RUN_SCENARIOS("descriptors", scenarios);
}
