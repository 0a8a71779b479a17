/**
 * @file
 * Listening: malformed addresses and their error texts, ports in use, unix socket files, listening in
 * callbacks, pausing accept.
 */
#include "support/client.h"

#include <sys/stat.h>
#include <sys/wait.h>

static void expect_refused(wm_app *app, const char *address, const char *hint)
{
    assert_null(wm_worker_new(app, address));
    if (!strstr(wm_last_error(), hint))
        fail_msg("%s: \"%s\" does not say \"%s\"", address, wm_last_error(), hint);
}

static void address__what_is_wrong_is_said_with_the_right_form(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    expect_refused(app, "websoket://127.0.0.1:1", "did you mean websocket://?");
    expect_refused(app, "htp://127.0.0.1:1", "did you mean http://?");
    expect_refused(app, "txt://127.0.0.1:1", "did you mean text://?");
    expect_refused(app, "TXT://127.0.0.1:1", "did you mean text://?");
    expect_refused(
        app, "mqtt://127.0.0.1:1",
        "unknown scheme 'mqtt' in mqtt://127.0.0.1:1: there are tcp, ssl, unix, udp, text, frame, websocket, ws, wss, http, https");
    expect_refused(app, "udb://127.0.0.1:1", "did you mean udp://?");
    expect_refused(app, "TLS://127.0.0.1:1", "here it is ssl://");
    expect_refused(app, "127.0.0.1:1234", "websocket://127.0.0.1:1234");
    expect_refused(app, "", "no scheme");
    expect_refused(app, "text://127.0.0.1", "no port");
    expect_refused(app, "text://127.0.0.1", "text://127.0.0.1:1234");
    expect_refused(app, "text://127.0.0.1:", "bad port");
    expect_refused(app, "text://127.0.0.1:65536", "from 0 to 65535");
    expect_refused(app, "text://127.0.0.1:-1", "bad port");
    expect_refused(app, "text://127.0.0.1:80x", "bad port '80x'");
    expect_refused(app, "text://127.0.0.1:000080", "bad port");
    expect_refused(app, "text://:1234", "bad host");
    expect_refused(app, "text://1.2.3.999:1", "bad host '1.2.3.999'");
    expect_refused(app, "text://a b:1", "text://a:1234");
    expect_refused(app, "text://::1:1234", "[");
    expect_refused(app, "text://[::1:1234", "bad IPv6");
    expect_refused(app, "text://[::g]:1234", "not an IPv6");
    expect_refused(app, "text://127.0.0.1:1/path", "right form");
    expect_refused(app, "text://127.0.0.1:1?a=b", "right form");
    expect_refused(app, "text://user@127.0.0.1:1", "right form");
    expect_refused(app, "text+tls://127.0.0.1:1", "+unix");
    expect_refused(app, "unix://", "no path");
    expect_refused(app, "unix://relative", "not absolute");
    expect_refused(app, "text+unix://@", "no path");
    char path[160] = "unix:///";
    memset(path + 8, 'a', 107);
    path[8 + 107] = '\0';
    expect_refused(app, path, "at most 107");
    path[8 + 106] = '\0';
    assert_non_null(wm_worker_new(app, path));
    assert_non_null(wm_worker_new(app, "text://127.0.0.1:1234/"));
    assert_null(wm_worker_new(NULL, "text://127.0.0.1:0"));
    wm_app_free(app);
}

/* RFC 3986 §3.1. What is shown is what was given. */
static void scheme__in_any_case(void **state)
{
    (void)state;
    static const char *const ADDRESSES[] = {"Text://127.0.0.1:0", "TEXT://127.0.0.1:0",     "WebSocket://127.0.0.1:0",
                                            "WS://127.0.0.1:0",   "Http://127.0.0.1:0",     "TCP://127.0.0.1:0",
                                            "Unix:///tmp/A.sock", "Text+UNIX:///tmp/A.sock"};
    wm_app *app = wm_app_new();
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        wm_worker *worker = wm_worker_new(app, ADDRESSES[i]);
        if (!worker)
            fail_msg("%s: %s", ADDRESSES[i], wm_last_error());
        assert_string_equal(wm_worker_address(worker), ADDRESSES[i]);
    }
    wm_app_free(app);
}

static void host_name__that_is_none_is_edns(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://no-such-host.invalid:0");
    assert_non_null(worker);
    assert_int_equal(wm_worker_listen(worker), WM_EDNS);
    assert_non_null(strstr(wm_worker_error(worker), "no-such-host.invalid"));
    wm_worker *local = wm_worker_new(app, "text://localhost:0");
    assert_int_equal(wm_worker_listen(local), 0);
    wm_app_free(app);
}

static void address_of_nobody__is_not_available(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://192.0.2.1:0");
    assert_int_equal(wm_worker_listen(worker), WM_EADDRNOTAVAIL);
    assert_string_equal(wm_last_error(), "Cannot assign requested address: text://192.0.2.1:0");
    wm_app_free(app);
}

static void port_in_use__is_said_with_the_address(void **state)
{
    struct host *host = host_begin(*state, "text");
    char expected[200];
    wm_worker *second = wm_worker_new(host->app, wm_worker_address(host->worker));
    assert_non_null(second);
    assert_int_equal(wm_worker_listen(second), WM_EADDRINUSE);
    snprintf(expected, sizeof expected, "Address already in use: %s", wm_worker_address(host->worker));
    assert_string_equal(wm_last_error(), expected);
    assert_string_equal(wm_worker_error(second), expected);
    /* wm_app_run fails with the same text, and leaves nothing running. */
    assert_int_equal(wm_app_run(host->app), WM_EADDRINUSE);
    assert_string_equal(wm_last_error(), expected);
    host_end(host);
}

static void listen__again_is_0_and_port_0_gets_a_real_one(void **state)
{
    struct host *host = host_begin(*state, "text");
    char address[128];
    snprintf(address, sizeof address, "%s", wm_worker_address(host->worker));
    assert_int_equal(wm_worker_listen(host->worker), 0);
    assert_string_equal(wm_worker_address(host->worker), address);
    if (host->setting->transport != UNIX)
        assert_true(atoi(strrchr(address, ':') + 1) > 0);
    int fd = connect_to(address);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(wm_worker_unlisten(host->worker), 0);
    assert_int_equal(connect_to(address), -1);
    assert_int_equal(wm_worker_listen(host->worker), 0);
    fd = connect_to(wm_worker_address(host->worker));
    assert_true(fd >= 0);
    close(fd);
    host_end(host);
}

static void no_address__is_a_worker_that_only_starts(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_worker *worker = wm_worker_new(host->app, NULL);
    assert_string_equal(wm_worker_address(worker), "none");
    assert_int_equal(wm_worker_listen(worker), WM_ESTATE);
    assert_ptr_equal(wm_worker_app(worker), host->app);
    assert_int_equal(turn(host, 0), 0);
    host_end(host);
}

static wm_worker *opened_in_start;

static int32_t listen_in_start(wm_worker *worker, int32_t index, void *user)
{
    struct host *host = user;
    assert_int_equal(index, 0);
    assert_ptr_equal(wm_worker_app(worker), host->app);
    opened_in_start = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(opened_in_start), 0);
    return 0;
}

static void from_on_start__a_second_listener_serves(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "text");
    assert_int_equal(wm_worker_on_start(host->worker, listen_in_start, host, NULL), 0);
    turn(host, 0);
    struct client outer = client_to(host->worker), inner = client_to(opened_in_start);
    client_say(host, &outer, "outer\n");
    client_say(host, &inner, "inner\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    client_end(&outer);
    client_end(&inner);
    host_end(host);
}

static int starts;

static int32_t refuse_to_start(wm_worker *worker, int32_t index, void *user)
{
    (void)worker;
    (void)index;
    (void)user;
    starts++;
    return -7;
}

static void on_start__below_0_ends_the_run_with_nothing_left(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = host_worker(host, "text");
    starts = 0;
    assert_int_equal(wm_worker_on_start(host->worker, refuse_to_start, NULL, NULL), 0);
    assert_int_equal(wm_app_run(host->app), WM_ESTATE);
    assert_int_equal(starts, 1);
    assert_non_null(strstr(wm_last_error(), "-7"));
    assert_int_equal(wm_worker_on_start(host->worker, NULL, NULL, NULL), 0);
    assert_int_equal(turn(host, 0), 0);
    struct client client = client_to(host->worker);
    client_say(host, &client, "now\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&client);
    host_end(host);
}

static void listen_in_timer(wm_timer timer, void *user)
{
    (void)timer;
    assert_int_equal(wm_worker_listen(user), 0);
}

static void from_a_timer__a_listener_serves(void **state)
{
    struct host *host = host_begin(*state, "text");
    turn(host, 0);
    wm_worker *late = host_worker(host, "text");
    wm_timer_add(host->app, 0, 0, listen_in_timer, late, NULL);
    settle(host);
    struct client client = client_to(late);
    client_say(host, &client, "x\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_ptr_equal(nth(host, WM_EVENT_MESSAGE, 0)->worker, late);
    client_end(&client);
    host_end(host);
}

static void pause_accept__leaves_peers_in_the_backlog_until_resume(void **state)
{
    struct host *host = host_begin(*state, "text");
    turn(host, 0);
    assert_int_equal(wm_worker_pause_accept(host->worker), 0);
    struct client client = client_begin(host);
    client_say(host, &client, "waited\n");
    settle(host);
    assert_int_equal(host->count, 0);
    assert_int_equal(wm_worker_resume_accept(host->worker), 0);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    client_end(&client);
    host_end(host);
}

static void pause_accept__before_the_start_holds(void **state)
{
    struct host *host = host_begin(*state, "text");
    assert_int_equal(wm_worker_pause_accept(host->worker), 0);
    struct client client = client_begin(host);
    settle(host);
    assert_int_equal(host->count, 0);
    assert_int_equal(wm_worker_resume_accept(host->worker), 0);
    until(host, count_of(host, WM_EVENT_OPEN) == 1);
    client_end(&client);
    host_end(host);
}

static void unlisten__connections_live_on(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    struct client client = client_open(host, NULL);
    assert_int_equal(wm_worker_unlisten(host->worker), 0);
    client_say(host, &client, "still\n");
    client_hear(host, &client, "still\n");
    client_end(&client);
    host_end(host);
}

static void worker_free__closes_its_connections_and_no_others(void **state)
{
    struct host *host = host_begin(*state, "text");
    host->react = echo;
    wm_worker *other = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(other), 0);
    struct client client = client_open(host, NULL), stays = client_to(other);
    int freed = 0;
    assert_int_equal(wm_worker_set_user(host->worker, &freed, count_destroy), 0);
    assert_int_equal(wm_worker_on_stop(host->worker, NULL, &freed, count_destroy), 0);
    wm_worker_free(host->worker);
    until(host, client_ended(&client));
    assert_int_equal(client.len, 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_LOCAL);
    until(host, freed == 2);
    client_say(host, &stays, "here\n");
    client_hear(host, &stays, "here\n");
    client_end(&client);
    client_end(&stays);
    host_end(host);
    assert_int_equal(freed, 2);
}

static void privileged_port__is_permission_denied(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        /* Ports below 1024 need a capability that this user lacks, unless a sysctl of the system lowers the limit. */
        int start = 1024;
        FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");
        if (file && fscanf(file, "%d", &start) != 1)
            start = 1024;
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(10);
        if (start <= 7)
            _exit(0);
        wm_app *app = wm_app_new();
        wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:7");
        if (wm_worker_listen(worker) != WM_EACCES)
            _exit(11);
        if (strncmp(wm_worker_error(worker), "Permission denied: text://127.0.0.1:7", 37) != 0)
            _exit(12);
        wm_app_free(app);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void unix_file__stale_is_replaced_live_is_refused_foreign_is_left(void **state)
{
    (void)state;
    char folder[] = "/tmp/libwm-listen-XXXXXX", path[64], address[80];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    snprintf(address, sizeof address, "text+unix://%s", path);
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, address);
    struct stat info;

    /* A stale socket, left by a process that is gone. */
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un un = {0};
    un.sun_family = AF_UNIX;
    memcpy(un.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    close(fd);
    mode_t mask = umask(077);
    assert_int_equal(wm_worker_set_int(worker, "unix_mode", 0604), 0);
    assert_int_equal(wm_worker_listen(worker), 0);
    umask(mask);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0604);

    /* A socket in use. */
    wm_worker *second = wm_worker_new(app, address);
    assert_int_equal(wm_worker_listen(second), WM_EADDRINUSE);
    assert_string_equal(strstr(wm_last_error(), address), address);
    fd = connect_to(address);
    assert_true(fd >= 0);
    close(fd);

    /* The listener unlinks its socket when it closes; a file that is no socket is never touched. */
    assert_int_equal(wm_worker_unlisten(worker), 0);
    assert_int_equal(stat(path, &info), -1);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(wm_worker_listen(worker), WM_EADDRINUSE);
    assert_non_null(strstr(wm_last_error(), " (a file or directory that is no socket)"));
    assert_int_equal(stat(path, &info), 0);
    unlink(path);

    assert_int_equal(wm_worker_listen(worker), 0);
    wm_app_free(app);
    assert_int_equal(stat(path, &info), -1);
    assert_int_equal(rmdir(folder), 0);
}

static void reuse_port__lets_two_workers_share_a_port(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *first = wm_worker_new(app, "text://127.0.0.1:0");
    assert_int_equal(wm_worker_set_int(first, "reuse_port", 1), 0);
    assert_int_equal(wm_worker_listen(first), 0);
    wm_worker *second = wm_worker_new(app, wm_worker_address(first));
    assert_int_equal(wm_worker_set_int(second, "reuse_port", 1), 0);
    assert_int_equal(wm_worker_listen(second), 0);
    wm_app_free(app);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(address__what_is_wrong_is_said_with_the_right_form),
        cmocka_unit_test(scheme__in_any_case),
        cmocka_unit_test(host_name__that_is_none_is_edns),
        cmocka_unit_test(address_of_nobody__is_not_available),
        cmocka_unit_test(privileged_port__is_permission_denied),
        cmocka_unit_test(unix_file__stale_is_replaced_live_is_refused_foreign_is_left),
        cmocka_unit_test(reuse_port__lets_two_workers_share_a_port),
    };
    static const struct scenario scenarios[] = {
        SCENARIO(port_in_use__is_said_with_the_address),
        SCENARIO(listen__again_is_0_and_port_0_gets_a_real_one),
        SCENARIO(no_address__is_a_worker_that_only_starts),
        SCENARIO(from_on_start__a_second_listener_serves),
        SCENARIO(on_start__below_0_ends_the_run_with_nothing_left),
        SCENARIO(from_a_timer__a_listener_serves),
        SCENARIO_NOT_OVER(pause_accept__leaves_peers_in_the_backlog_until_resume, OVER_TLS),
        SCENARIO(pause_accept__before_the_start_holds),
        SCENARIO(unlisten__connections_live_on),
        SCENARIO(worker_free__closes_its_connections_and_no_others),
    };
    int failed = cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
    return RUN_SCENARIOS("listen", scenarios) + failed;
}
