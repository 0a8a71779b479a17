/**
 * @file
 * Connections under wm_app_run alone: what a callback does in the middle of a parse is carried out without a poll, and a stop ends.
 */
#include "support/client.h"

#include <poll.h>

static const char HANDSHAKE[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/** One app under wm_app_run, a client on a raw socket, and the steps of a scenario, 20 ms apart. */
struct run {
    wm_app *app;
    wm_worker *worker;
    wm_conn conn;
    wm_request request;
    int fd, step, messages, closes;
    void (*steps)(struct run *run);
    void (*act)(struct run *run, wm_conn conn);
};

static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    ((struct run *)user)->conn = conn;
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    struct run *run = user;
    (void)worker, (void)data, (void)len, (void)kind;
    run->messages++;
    run->act(run, conn);
}

static void on_closing(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    assert_true(((struct run *)user)->conn == conn); /* its open event came first */
}

static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)reason, (void)code, (void)text, (void)len;
    ((struct run *)user)->closes++;
}

static void on_step(wm_timer timer, void *user)
{
    struct run *run = user;
    (void)timer;
    run->step++;
    if (run->step == 1) {
        run->fd = connect_to(wm_worker_address(run->worker));
        assert_true(run->fd >= 0);
    }
    run->steps(run);
    if (run->closes > 0 || run->step > 500) /* the latter is a failure: it never closed */
        wm_app_stop(run->app);
}

static void say(struct run *run, const void *bytes, size_t len)
{
    assert_int_equal(send(run->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void run_scenario(const char *address, void (*steps)(struct run *run), void (*act)(struct run *run, wm_conn conn),
                         wm_handshake_fn handshake)
{
    struct run run = {.app = wm_app_new(), .fd = -1, .steps = steps, .act = act};
    run.worker = wm_worker_new(run.app, address);
    assert_non_null(run.worker);
    wm_worker_set_int(run.worker, "close_timeout_ms", 60000); /* no close rests on it */
    wm_worker_on_open(run.worker, on_open, &run, NULL);
    wm_worker_on_message(run.worker, on_message, &run, NULL);
    wm_worker_on_closing(run.worker, on_closing, &run, NULL);
    wm_worker_on_close(run.worker, on_close, &run, NULL);
    if (handshake)
        wm_worker_on_handshake(run.worker, handshake, &run, NULL);
    assert_int_equal(wm_worker_listen(run.worker), 0);
    wm_timer_add(run.app, 20, 20, on_step, &run, NULL);
    assert_int_equal(wm_app_run(run.app), 0);
    assert_int_equal(run.closes, 1);
    assert_int_equal(wm_worker_conn_count(run.worker), 0);
    close(run.fd);
    wm_app_free(run.app);
}

static void pause_then_toggle(struct run *run, wm_conn conn)
{
    if (run->messages <= 2)
        wm_conn_pause_recv(conn);
    if (run->messages == 2)
        wm_conn_resume_recv(conn);
}

static void resume_and_hang_up(struct run *run)
{
    if (run->step == 1)
        say(run, "1\n2\n3\n", 6);
    if (run->step == 3)
        wm_conn_resume_recv(run->conn);
    if (run->step == 5) {
        assert_int_equal(run->messages, 3);
        shutdown(run->fd, SHUT_WR);
    }
}

static void text__resume_inside_a_held_parse(void **state)
{
    (void)state;
    run_scenario("text://127.0.0.1:0", resume_and_hang_up, pause_then_toggle, NULL);
}

static int32_t stop_in_handshake(wm_worker *worker, wm_conn conn, wm_request request, void *user)
{
    (void)worker, (void)conn, (void)request;
    assert_int_equal(wm_app_stop(((struct run *)user)->app), 0);
    return 0;
}

static void shake_hands_first(struct run *run)
{
    if (run->step == 1)
        say(run, HANDSHAKE, sizeof HANDSHAKE - 1);
}

static void websocket__a_stop_in_the_handshake_is_no_closing_before_open(void **state)
{
    (void)state;
    run_scenario("websocket://127.0.0.1:0", shake_hands_first, NULL, stop_in_handshake);
}

/* Two text messages, "a" and "b", with a mask of zeros, and a close frame of 1000. */
static const char TWO_MESSAGES[] = "\x81\x81\0\0\0\0a\x81\x81\0\0\0\0b";
static const char CLOSE_1000[] = "\x88\x82\0\0\0\0\x03\xe8";

static void close_on_the_second(struct run *run, wm_conn conn)
{
    if (run->messages == 1)
        wm_conn_pause_recv(conn);
    else
        wm_conn_close(conn, 1000, NULL, 0);
}

static void send_two_and_answer_the_close(struct run *run)
{
    if (run->step == 1)
        say(run, HANDSHAKE, sizeof HANDSHAKE - 1);
    if (run->step == 3)
        say(run, TWO_MESSAGES, sizeof TWO_MESSAGES - 1);
    if (run->step == 5)
        wm_conn_resume_recv(run->conn);
    if (run->step == 7)
        say(run, CLOSE_1000, sizeof CLOSE_1000 - 1);
}

static void websocket__close_inside_a_held_parse(void **state)
{
    (void)state;
    run_scenario("websocket://127.0.0.1:0", send_two_and_answer_the_close, close_on_the_second, NULL);
}

static void close_and_pause(struct run *run, wm_conn conn)
{
    (void)run;
    wm_conn_close(conn, 1000, NULL, 0);
    wm_conn_pause_recv(conn);
}

static void send_one_and_answer_the_close(struct run *run)
{
    if (run->step == 1)
        say(run, HANDSHAKE, sizeof HANDSHAKE - 1);
    if (run->step == 3)
        say(run, TWO_MESSAGES, 7);
    if (run->step == 5)
        say(run, CLOSE_1000, sizeof CLOSE_1000 - 1);
}

static void websocket__pause_after_a_close(void **state)
{
    (void)state;
    run_scenario("websocket://127.0.0.1:0", send_one_and_answer_the_close, close_and_pause, NULL);
}

static int32_t decide_later(wm_worker *worker, wm_conn conn, wm_request request, void *user)
{
    (void)worker, (void)conn;
    ((struct run *)user)->request = request;
    return WM_PENDING;
}

static void no_act(struct run *run, wm_conn conn)
{
    (void)run, (void)conn;
}

static void handshake_with_a_bad_frame_behind(struct run *run)
{
    if (run->step == 1) {
        char both[sizeof HANDSHAKE + 2];
        memcpy(both, HANDSHAKE, sizeof HANDSHAKE - 1);
        memcpy(both + sizeof HANDSHAKE - 1, "\x81\x01x", 3); /* not masked: a protocol error */
        say(run, both, sizeof both);
    }
    if (run->step == 3) {
        assert_int_equal(wm_handshake_accept(run->request, NULL, 0), 0);
    }
    if (run->step == 5)
        shutdown(run->fd, SHUT_WR);
}

static void websocket__a_bad_frame_behind_a_pending_handshake(void **state)
{
    (void)state;
    run_scenario("websocket://127.0.0.1:0", handshake_with_a_bad_frame_behind, no_act, decide_later);
}

/* ---- between two polls */

static int slow_lines;

static void count_line(int32_t level, const void *text, size_t len, void *user)
{
    (void)level, (void)text, (void)len, (void)user;
    slow_lines++;
}

static int is_readable(int fd)
{
    struct pollfd ready = {fd, POLLIN, 0};
    return poll(&ready, 1, 0) == 1;
}

static void ignore_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn;
    ++*(int *)user;
}

/** A handshake that the host has put off, taken out of a poll. */
static wm_request put_off(wm_app *app, wm_worker *worker, struct client *client)
{
    *client = client_to(worker);
    assert_int_equal(send(client->fd, HANDSHAKE, sizeof HANDSHAKE - 1, MSG_NOSIGNAL), (ssize_t)sizeof HANDSHAKE - 1);
    wm_event event;
    do
        assert_true(wm_app_poll(app, &event, 1, 1000) >= 0);
    while (event.kind != WM_EVENT_HANDSHAKE);
    while (wm_app_poll(app, &event, 1, 0) > 0)
        ;
    return event.id;
}

static void accept_between_polls__shows_at_the_descriptor(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "websocket://127.0.0.1:0");
    wm_worker_set_int(worker, "defer_handshake", 1);
    assert_int_equal(wm_worker_listen(worker), 0);
    struct client client;
    wm_request request = put_off(app, worker, &client);
    int fd = wm_app_fd(app);
    wm_event event;
    while (is_readable(fd))
        wm_app_poll(app, &event, 1, 0);
    assert_int_equal(wm_handshake_accept(request, NULL, 0), 0);
    assert_true(is_readable(fd));
    assert_int_equal(wm_app_poll(app, &event, 1, 0), 1);
    assert_int_equal(event.kind, WM_EVENT_OPEN);
    client_end(&client);
    wm_app_free(app);
}

static void count_timer(wm_timer timer, void *user)
{
    (void)timer;
    ++*(int *)user;
}

static void timer_that_is_deleted__ends_no_wait(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    int deleted = 0, later = 0;
    wm_timer timer = wm_timer_add(app, 30, 0, count_timer, &deleted, NULL);
    wm_timer_add(app, 90, 0, count_timer, &later, NULL);
    assert_int_equal(wm_app_run_once(app, 0), 0);
    assert_int_equal(wm_timer_del(timer), 0);
    assert_int_equal(wm_app_run_once(app, -1), 0);
    assert_int_equal(deleted, 0);
    assert_int_equal(later, 1);
    wm_app_free(app);
}

static void max_wait__ends_waits_without_a_timeout(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_event event;
    assert_int_equal(wm_app_poll(app, &event, 1, 0), 0); /* the option takes effect in an app that has waited before */
    assert_int_equal(wm_app_set_int(app, "max_wait_ms", 20), 0);
    for (int i = 0; i < 3; i++) {
        int64_t before = clock_ms();
        assert_int_equal(wm_app_poll(app, &event, 1, -1), 0);
        assert_int_equal(wm_app_run_once(app, -1), 0);
        assert_true(clock_ms() - before >= 20); /* two waits, of which the first may begin late in a step */
    }
    int fd = wm_app_fd(app);
    struct pollfd watched = {fd, POLLIN, 0};
    assert_int_equal(poll(&watched, 1, GUARD_MS), 1);
    assert_int_equal(wm_app_set_int(app, "max_wait_ms", 0), 0);
    wm_app_poll(app, &event, 1, 0);
    wm_app_free(app);
}

static void time_of_the_host__is_no_callback(void **state)
{
    (void)state;
    int opens = 0;
    wm_app *app = wm_app_new();
    wm_app_set_int(app, "slow_callback_ms", 50);
    wm_worker *other = wm_worker_new(app, "text://127.0.0.1:0");
    wm_worker *worker = wm_worker_new(app, "websocket://127.0.0.1:0");
    wm_worker_set_int(worker, "defer_handshake", 1);
    wm_worker_on_open(worker, ignore_open, &opens, NULL);
    assert_int_equal(wm_worker_listen(other) | wm_worker_listen(worker), 0);
    struct client client;
    wm_request request = put_off(app, worker, &client);
    struct client text = client_to(other);
    wm_event event;
    assert_int_equal(wm_app_poll(app, &event, 1, 1000), 1);
    wm_worker_free(other);
    while (wm_app_poll(app, &event, 1, 0) > 0)
        ;
    wm_log_set(count_line, NULL, NULL);
    usleep(200000);
    assert_int_equal(wm_handshake_accept(request, NULL, 0), 0);
    wm_app_poll(app, &event, 1, 0);
    assert_int_equal(opens, 1);
    assert_int_equal(slow_lines, 0);
    wm_log_set(NULL, NULL, NULL);
    client_end(&text);
    client_end(&client);
    wm_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket__a_stop_in_the_handshake_is_no_closing_before_open),
        cmocka_unit_test(text__resume_inside_a_held_parse),
        cmocka_unit_test(websocket__close_inside_a_held_parse),
        cmocka_unit_test(websocket__pause_after_a_close),
        cmocka_unit_test(websocket__a_bad_frame_behind_a_pending_handshake),
        cmocka_unit_test(accept_between_polls__shows_at_the_descriptor),
        cmocka_unit_test(timer_that_is_deleted__ends_no_wait),
        cmocka_unit_test(max_wait__ends_waits_without_a_timeout),
        cmocka_unit_test(time_of_the_host__is_no_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
