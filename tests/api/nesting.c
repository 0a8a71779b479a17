/**
 * @file
 * No callback runs inside another one, or inside a call of the host: what a call brings about is called back when the loop has the
 * control. Each scene makes its calls in a timer's callback, in a message's, and between two turns.
 */
#include "support/ws_client.h"

#include <pthread.h>

static int depth, deepest, notified;

static void enter(void)
{
    if (++depth > deepest)
        deepest = depth;
}

static void leave(void)
{
    depth--;
}

static void on_notify(void *user)
{
    (void)user;
    enter();
    notified++;
    leave();
}

static void on_post(wm_app *app, void *user)
{
    (void)app;
    on_notify(user);
}

static void on_result(wm_hub *hub, int32_t status, int64_t connections, void *user)
{
    (void)hub;
    (void)status;
    (void)connections;
    on_notify(user);
}

/** What the calls of a scene are about: two connections of the host's worker, or the request of the first. */
static struct stage {
    struct host *host;
    wm_conn first, second;
    wm_request request;
    wm_hub *hub;
    void (*act)(void);
    int acted;
} at;

static void act_once(void)
{
    if (!at.acted) {
        at.acted = 1;
        at.act();
    }
}

static void on_timer(wm_timer timer, void *user)
{
    (void)timer;
    enter();
    if (user)
        act_once();
    leave();
}

static void react(struct host *host, const wm_event *event)
{
    (void)host;
    enter();
    if (at.request == 0)
        at.request = event->id;
    if (event->kind == WM_EVENT_MESSAGE && event->len == 4 && memcmp(event->data, "hold", 4) == 0)
        assert_int_equal(wm_conn_pause_recv(event->conn), 0);
    if (event->kind == WM_EVENT_MESSAGE && event->len == 3 && memcmp(event->data, "act", 3) == 0)
        act_once();
    leave();
}

/* The calls. Each returns to its callback before what it has brought about is called. */

static void accept_handshake(void)
{
    assert_int_equal(wm_handshake_accept(at.request, NULL, 0), 0);
}

static void reject_handshake(void)
{
    assert_int_equal(wm_handshake_reject(at.request, 403, NULL, 0, NULL, 0), 0);
}

static void stop_worker(void)
{
    assert_int_equal(wm_worker_stop(at.host->worker), 0);
    assert_int_equal(wm_worker_stop(at.host->worker), 0);
}

static void stop_app(void)
{
    assert_int_equal(wm_app_stop(at.host->app), 0);
}

static void free_worker(void)
{
    wm_worker_free(at.host->worker);
}

static void fill_and_drain(void)
{
    assert_int_equal(wm_conn_set_int(at.first, "send_high_water", 4), 0);
    assert_int_equal(wm_conn_send(at.first, "12345678", 8, 0), WM_BACKPRESSURE);
    assert_int_equal(wm_app_flush(at.host->app), 0);
}

static void broadcast_too_much(void)
{
    assert_int_equal(wm_conn_set_int(at.first, "max_send_buffer", 0), 0);
    assert_int_equal(wm_conn_send(at.first, "1", 1, 0), 0);
    assert_true(wm_worker_broadcast(at.host->worker, "2", 1, 0) > 0);
}

static void close_both(void)
{
    assert_int_equal(wm_conn_close(at.first, 0, NULL, 0), 0);
    assert_int_equal(wm_conn_destroy(at.second), 0);
}

static void resume(void)
{
    assert_int_equal(wm_conn_resume_recv(at.first), 0);
    assert_int_equal(wm_app_flush(at.host->app), 0);
}

static void respond(void)
{
    assert_int_equal(wm_request_respond(at.request, 200, NULL, 0, "x", 1, 0), 0);
}

static void bind_too_many(void)
{
    assert_int_equal(wm_hub_set_int(at.hub, "max_per_uid", 1), 0);
    assert_int_equal(wm_hub_bind(at.hub, "u", 1, at.first), 0);
    assert_int_equal(wm_hub_bind(at.hub, "u", 1, at.second), 0);
}

static void push(void)
{
    int64_t connections = 0;
    assert_int_equal(wm_hub_bind(at.hub, "u", 1, at.first), 0);
    assert_int_equal(wm_hub_send(at.hub, "u", 1, "x", 1, 0, &connections, on_result, NULL, on_notify), 0);
    assert_int_equal(connections, 1);
}

static void *push_elsewhere(void *user)
{
    wm_hub_send(user, "u", 1, "x", 1, 0, NULL, on_result, NULL, on_notify);
    return NULL;
}

static void push_from_a_thread(void)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, push_elsewhere, at.hub), 0);
    pthread_join(thread, NULL);
}

static void post(void)
{
    assert_int_equal(wm_app_post(at.host->app, on_post, NULL, on_notify), 0);
}

static void replace_users(void)
{
    assert_int_equal(wm_conn_set_user(at.first, &at, on_notify), 0);
    assert_int_equal(wm_conn_set_user(at.first, NULL, NULL), 0);
    assert_int_equal(wm_worker_set_user(at.host->worker, &at, on_notify), 0);
    assert_int_equal(wm_worker_set_user(at.host->worker, NULL, NULL), 0);
    assert_int_equal(wm_worker_on_reload(at.host->worker, NULL, NULL, on_notify), 0);
    assert_int_equal(wm_worker_on_reload(at.host->worker, NULL, NULL, NULL), 0);
    assert_int_equal(wm_timer_del(wm_timer_add(at.host->app, 1000, 0, on_timer, NULL, on_notify)), 0);
    assert_int_not_equal(wm_timer_add(at.host->app, 0, 0, on_timer, NULL, on_notify), 0);
}

static int32_t on_topic(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user)
{
    (void)hub, (void)topic, (void)topic_len, (void)data, (void)len;
    enter();
    if (user) /* a function that publishes: the next one is called after it has returned */
        assert_int_equal(wm_hub_publish(at.hub, "u", 1, "x", 1, NULL, on_result, NULL, on_notify), WM_PENDING);
    leave();
    return 0;
}

static void publish(void)
{
    assert_int_equal(wm_hub_on_message(at.hub, "t", 1, on_topic, &at, on_notify), 0);
    assert_int_equal(wm_hub_on_message(at.hub, "u", 1, on_topic, NULL, NULL), 0);
    assert_int_equal(wm_hub_publish(at.hub, "t", 1, "x", 1, NULL, on_result, NULL, on_notify), WM_PENDING);
    assert_int_equal(wm_hub_publish(at.hub, "none", 4, "x", 1, NULL, on_result, NULL, on_notify), 0);
    assert_int_equal(wm_hub_on_message(at.hub, "none", 4, NULL, NULL, on_notify), 0);
}

static void kick(void)
{
    assert_int_equal(wm_hub_bind(at.hub, "u", 1, at.first), 0);
    assert_int_equal(wm_hub_join_uid(at.hub, "u", 1, "g", 1, NULL, on_result, NULL, on_notify), 0);
    assert_int_equal(wm_hub_group_send(at.hub, "g", 1, NULL, 0, "x", 1, 0, NULL, on_result, NULL, on_notify), 0);
    assert_int_equal(wm_hub_kick(at.hub, "u", 1, 0, NULL, 0, NULL, on_result, NULL, on_notify), 0);
}

static void free_hub(void)
{
    push();
    wm_hub_free(at.hub);
}

/* The scenes. */

struct scene {
    const char *name, *scheme;
    void (*act)(void);
    const char *says; /**< by the client of the first connection, before the calls */
    uint32_t brings;  /**< the event that the calls bring about; 0: a callback of no connection */
};

static const char TWO_REQUESTS[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";

static const struct scene SCENES[] = {
    {"handshake_accept", "websocket", accept_handshake, WS_REQUEST, WM_EVENT_OPEN},
    {"handshake_reject", "websocket", reject_handshake, WS_REQUEST, WM_EVENT_CLOSE},
    {"worker_stop", "text", stop_worker, "", WM_EVENT_STOP},
    {"app_stop", "text", stop_app, "", WM_EVENT_STOP},
    {"worker_free", "text", free_worker, "", WM_EVENT_CLOSE},
    {"send_and_flush", "text", fill_and_drain, "", WM_EVENT_BUFFER_DRAIN},
    {"broadcast", "text", broadcast_too_much, "", WM_EVENT_ERROR},
    {"close_and_destroy", "text", close_both, "", WM_EVENT_CLOSE},
    {"resume_recv", "text", resume, "hold\nmore\n", WM_EVENT_MESSAGE},
    {"respond", "http", respond, TWO_REQUESTS, WM_EVENT_MESSAGE},
    {"hub_bind", "text", bind_too_many, "", WM_EVENT_CLOSE},
    {"hub_send", "text", push, "", 0},
    {"hub_send_of_a_thread", "text", push_from_a_thread, "", 0},
    {"hub_publish", "text", publish, "", 0},
    {"hub_kick", "text", kick, "", WM_EVENT_CLOSE},
    {"hub_free", "text", free_hub, "", 0},
    {"post", "text", post, "", 0},
    {"set_user_and_timers", "text", replace_users, "", 0},
};

enum way { IN_A_TIMER, IN_A_MESSAGE, BETWEEN_TURNS, WAYS };

/** Two clients of the worker, the first of which has said its part. */
static void prepare(const struct scene *scene, struct client *first, struct client *second)
{
    struct host *host = at.host;
    int websocket = strcmp(scene->scheme, "websocket") == 0;
    at.hub = wm_hub_new(host->app);
    assert_int_equal(wm_worker_set_int(host->worker, "max_pipelined", 1), 0);
    if (websocket)
        host_watch_handshakes(host, host->worker);
    host->verdict = WM_PENDING;
    *first = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 1);
    *second = client_begin(host);
    until(host, count_of(host, WM_EVENT_CONNECT) == 2);
    at.first = nth(host, WM_EVENT_CONNECT, 0)->conn;
    at.second = nth(host, WM_EVENT_CONNECT, 1)->conn;
    client_say(host, first, scene->says);
    settle(host);
}

/** A client whose server ends the connection does so too: the close event does not wait for close_timeout_ms. 0. */
static int hang_up(struct client *client)
{
    if (client->fd >= 0 && client_ended(client))
        client_end(client);
    return 0;
}

static void run_scene(const struct scene *scene, enum way way)
{
    at = (struct stage){.act = scene->act};
    struct host *host = at.host = host_begin(&SETTINGS[0], scene->scheme);
    wm_worker *trigger = host_worker(host, "text");
    assert_int_equal(wm_worker_listen(trigger), 0);
    host->react = react;
    struct client first, second;
    prepare(scene, &first, &second);
    size_t before = count_of(host, scene->brings);
    depth = deepest = notified = 0;
    struct client other = client_to(trigger);
    if (way == IN_A_TIMER) {
        assert_int_not_equal(wm_timer_add(host->app, 0, 0, on_timer, host, NULL), 0);
    } else if (way == IN_A_MESSAGE) {
        client_say(host, &other, "act\n");
    } else {
        enter();
        act_once();
        leave();
    }
    until(host,
          hang_up(&first) || hang_up(&second) || (at.acted && (scene->brings ? count_of(host, scene->brings) > before : notified > 0)));
    settle(host);
    if (deepest != 1 || depth != 0)
        fail_msg("%s, way %d: callbacks are %d deep", scene->name, (int)way, deepest);
    client_end(&first);
    client_end(&second);
    client_end(&other);
    host_end(host);
}

static void calls__bring_about_no_callback_before_they_return(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++)
        for (int way = 0; way < WAYS; way++)
            run_scene(&SCENES[i], (enum way)way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(calls__bring_about_no_callback_before_they_return)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
