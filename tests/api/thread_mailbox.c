/**
 * @file
 * Other threads: posts, sends, closes and hub sends through the mailbox, in order per thread; stop; all other
 * calls are refused.
 */
#include "support/ws_client.h"

#include <pthread.h>

enum { THREADS = 4, EACH = 500 };

struct sender {
    pthread_t thread;
    struct host *host;
    wm_hub *hub;
    wm_conn conn;
    int index, next, destroyed, result;
};

struct posted {
    struct sender *sender;
    int number;
};

static void begin_thread(struct sender *sender, void *(*run)(void *))
{
    assert_int_equal(pthread_create(&sender->thread, NULL, run, sender), 0);
}

static void on_post(wm_app *app, void *user)
{
    struct posted *posted = user;
    assert_ptr_equal(app, posted->sender->host->app);
    assert_int_equal(posted->number, posted->sender->next++);
}

static void free_post(void *user)
{
    ((struct posted *)user)->sender->destroyed++;
    free(user);
}

static void *post_many(void *user)
{
    struct sender *sender = user;
    for (int i = 0; i < EACH; i++) {
        struct posted *posted = malloc(sizeof *posted);
        *posted = (struct posted){sender, i};
        sender->result |= wm_app_post(sender->host->app, on_post, posted, free_post);
    }
    return NULL;
}

static void post__runs_in_order_of_each_thread_with_its_notifier(void **state)
{
    struct host *host = host_begin(*state, "text");
    turn(host, 0);
    struct sender senders[THREADS];
    int done = 0;
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.host = host, .index = i};
        begin_thread(&senders[i], post_many);
    }
    until(host, senders[0].next + senders[1].next + senders[2].next + senders[3].next == THREADS * EACH);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].result, 0);
    }
    settle(host);
    for (int i = 0; i < THREADS; i++)
        done += senders[i].destroyed;
    assert_int_equal(done, THREADS * EACH);
    host_end(host);
}

static void *send_many(void *user)
{
    struct sender *sender = user;
    char text[32];
    for (int i = 0; i < EACH; i++) {
        int len = snprintf(text, sizeof text, "%d %d", sender->index, i);
        sender->result |= wm_conn_send(sender->conn, text, (size_t)len, 0) != WM_QUEUED;
    }
    return NULL;
}

static void send__arrives_in_order_of_each_thread(void **state)
{
    struct host *host = host_begin(*state, "text");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    struct sender senders[THREADS];
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.host = host, .conn = conn, .index = i};
        begin_thread(&senders[i], send_many);
    }
    int next[THREADS] = {0};
    for (int line = 0; line < THREADS * EACH; line++) {
        until(host, client_has(&client, 1) && memchr(client.in, '\n', client.len));
        int index = -1, number = -1;
        assert_int_equal(sscanf(client.in, "%d %d\n", &index, &number), 2);
        assert_true(index >= 0 && index < THREADS);
        assert_int_equal(number, next[index]++);
        client_drop(&client, (size_t)((char *)memchr(client.in, '\n', client.len) - client.in) + 1);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].result, 0);
    }
    client_end(&client);
    host_end(host);
}

static void *send_and_close(void *user)
{
    struct sender *sender = user;
    sender->result |= wm_conn_send(sender->conn, "last words", 10, 0) != WM_QUEUED;
    sender->result |= wm_conn_close(sender->conn, 4000, "done", 4) != WM_QUEUED;
    sender->result |= wm_conn_close(sender->conn, 1005, NULL, 0) != WM_EINVAL;
    return NULL;
}

static void *send_stale(void *user)
{
    struct sender *sender = user;
    sender->result |= wm_conn_send(sender->conn, "x", 1, 0) != WM_ECLOSED;
    sender->result |= wm_conn_close(sender->conn, 0, NULL, 0) != WM_ECLOSED;
    sender->result |= wm_conn_send(0, "x", 1, 0) != WM_ECLOSED;
    sender->result |= wm_conn_send(~(uint64_t)0, "x", 1, 0) != WM_ECLOSED;
    return NULL;
}

static void close__follows_what_was_sent_and_a_stale_id_is_closed(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct sender sender = {.host = host};
    struct client client = ws_open(host, &sender.conn);
    begin_thread(&sender, send_and_close);
    ws_hear(host, &client, WS_TEXT, "last words");
    ws_hear_close(host, &client, 4000);
    pthread_join(sender.thread, NULL);
    assert_int_equal(sender.result, 0);
    ws_say_close(host, &client, 4000);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open close(local 4000 done)");
    begin_thread(&sender, send_stale);
    pthread_join(sender.thread, NULL);
    assert_int_equal(sender.result, 0);
    host_end(host);
}

static void *fill_mailbox(void *user)
{
    struct sender *sender = user;
    static char block[10000];
    while ((sender->result = wm_conn_send(sender->conn, block, sizeof block, 0)) == WM_QUEUED)
        sender->next++;
    return NULL;
}

static void mailbox__is_full_at_its_limit_and_takes_again_when_read(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct sender sender = {.host = host};
    struct client client = client_open(host, &sender.conn);
    assert_int_equal(wm_app_set_int(host->app, "max_mailbox", 50000), 0);
    for (int round = 0; round < 2; round++) {
        sender.next = 0;
        begin_thread(&sender, fill_mailbox);
        pthread_join(sender.thread, NULL);
        assert_int_equal(sender.result, WM_EFULL);
        assert_int_equal(sender.next, 4);
        int posts = wm_app_post(host->app, NULL, NULL, NULL);
        while (posts == 0)
            posts = wm_app_post(host->app, NULL, NULL, NULL);
        assert_int_equal(posts, WM_EFULL);
        size_t expected = (size_t)sender.next * 10001;
        until(host, client_has(&client, expected));
        client_drop(&client, expected);
        settle(host);
    }
    client_end(&client);
    host_end(host);
}

static void on_result(wm_hub *hub, int32_t status, int64_t connections, void *user)
{
    struct sender *sender = user;
    assert_ptr_equal(hub, sender->hub);
    assert_int_equal(status, 0);
    sender->next++;
    sender->destroyed += (int)connections;
}

static void *hub_send_many(void *user)
{
    struct sender *sender = user;
    char text[32];
    for (int i = 0; i < EACH; i++) {
        int len = snprintf(text, sizeof text, "%d", i);
        int64_t connections = 77;
        sender->result |= wm_hub_send(sender->hub, i % 2 ? "u" : "nobody", i % 2 ? 1 : 6, text, (size_t)len, 0, &connections, on_result,
                                      sender, NULL) != WM_PENDING;
    }
    sender->result |= wm_hub_broadcast(sender->hub, "all", 3, 0, NULL, on_result, sender, NULL) != WM_PENDING;
    sender->result |= wm_hub_online(sender->hub, "u", 1, NULL, on_result, sender, NULL) != WM_PENDING;
    return NULL;
}

static void hub_send__is_pending_and_done_exactly_once(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct sender sender = {.host = host, .hub = wm_hub_new(host->app)};
    struct client client = client_open(host, &sender.conn);
    assert_int_equal(wm_hub_bind(sender.hub, "u", 1, sender.conn), 0);
    begin_thread(&sender, hub_send_many);
    until(host, sender.next == EACH + 2);
    pthread_join(sender.thread, NULL);
    settle(host);
    assert_int_equal(sender.result, 0);
    assert_int_equal(sender.next, EACH + 2);
    assert_int_equal(sender.destroyed, EACH / 2 + 2);
    for (int i = 1; i < EACH; i += 2) {
        char expected[32];
        snprintf(expected, sizeof expected, "%d\n", i);
        client_hear(host, &client, expected);
    }
    client_hear(host, &client, "all\n");
    client_end(&client);
    host_end(host);
}

/** What a function of a topic has counted in. */
static int32_t on_topic(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user)
{
    struct sender *sender = user;
    assert_ptr_equal(hub, sender->hub);
    assert_int_equal(topic_len, 1);
    assert_memory_equal(topic, "t", 1);
    assert_int_equal(len, 7);
    assert_memory_equal(data, "to them", 7);
    sender->index++;
    return 0;
}

/** Each call of a hub that any thread may make, with its texts in memory that is gone when it runs. */
static void *hub_calls(void *user)
{
    struct sender *sender = user;
    wm_hub *hub = sender->hub;
    char texts[] = "u group to them later";
    const char *uid = texts, *group = texts + 2, *message = texts + 8, *reason = texts + 16;
    const int results[] = {
        wm_hub_join_uid(hub, uid, 1, group, 5, NULL, on_result, sender, NULL),
        wm_hub_group_send(hub, group, 5, NULL, 0, message, 7, WM_SEND_FIRST, NULL, on_result, sender, NULL),
        wm_hub_group_send(hub, group, 5, uid, 1, "not to u", 8, 0, NULL, on_result, sender, NULL),
        wm_hub_leave_uid(hub, uid, 1, group, 5, NULL, on_result, sender, NULL),
        wm_hub_group_send(hub, group, 5, NULL, 0, "to none", 7, 0, NULL, on_result, sender, NULL),
        wm_hub_publish(hub, "t", 1, message, 7, NULL, on_result, sender, NULL),
        wm_hub_kick(hub, uid, 1, 4003, reason, 5, NULL, on_result, sender, NULL),
    };
    memset(texts, 'x', sizeof texts);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (results[i] != WM_PENDING)
            sender->result = (int)i + 1;
    if (wm_hub_kick(hub, "u", 1, 1005, NULL, 0, NULL, on_result, sender, NULL) != WM_EINVAL)
        sender->result = 100;
    return NULL;
}

static void hub_calls__are_made_in_their_order(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    struct sender sender = {.host = host, .hub = wm_hub_new(host->app)};
    struct client client = ws_open(host, &sender.conn);
    assert_int_equal(wm_hub_bind(sender.hub, "u", 1, sender.conn), 0);
    assert_int_equal(wm_hub_on_message(sender.hub, "t", 1, on_topic, &sender, NULL), 0);
    begin_thread(&sender, hub_calls);
    pthread_join(sender.thread, NULL);
    assert_int_equal(sender.result, 0);
    until(host, sender.next == 7);
    assert_int_equal(sender.index, 1);
    assert_int_equal(sender.destroyed, 5); /* sums up the counts: two messages reached none */
    ws_hear(host, &client, WS_TEXT, "to them");
    ws_hear_close(host, &client, 4003);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_string_equal(trace(host, 0), "connect open close(local 4003 later)");
    host_end(host);
}

static void *call_the_rest(void *user)
{
    struct sender *sender = user;
    wm_app *app = sender->host->app;
    wm_worker *worker = sender->host->worker;
    int64_t value = 0;
    const char *text;
    char out[64];
    const int results[] = {
        wm_app_set_int(app, "max_mailbox", 5),
        wm_app_get_int(app, "max_mailbox", &value),
        wm_app_get_str(app, "max_mailbox", &text),
        wm_app_flush(app),
        wm_app_fd(app),
        wm_worker_set_int(worker, "max_message", 5),
        wm_worker_on_message(worker, NULL, NULL, NULL),
        wm_worker_listen(worker),
        wm_worker_unlisten(worker),
        wm_worker_pause_accept(worker),
        wm_worker_resume_accept(worker),
        wm_worker_stop(worker),
        (int)wm_worker_broadcast(worker, "x", 1, 0),
        (int)wm_worker_conn_count(worker),
        wm_conn_destroy(sender->conn),
        wm_conn_pause_recv(sender->conn),
        wm_conn_resume_recv(sender->conn),
        wm_conn_remote_ip(sender->conn, out, sizeof out),
        (int)wm_conn_bytes_read(sender->conn),
        wm_conn_set_user(sender->conn, NULL, NULL),
        wm_conn_set_int(sender->conn, "max_message", 5),
        wm_hub_bind(sender->hub, "u", 1, sender->conn),
        wm_hub_unbind(sender->hub, sender->conn),
        wm_hub_join(sender->hub, "g", 1, sender->conn),
        wm_hub_leave(sender->hub, "g", 1, sender->conn),
        wm_hub_on_message(sender->hub, "t", 1, NULL, NULL, NULL),
    };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (results[i] != WM_ETHREAD)
            sender->result = (int)i + 1;
    if (wm_worker_new(app, "text://127.0.0.1:0") || wm_timer_add(app, 0, 0, NULL, NULL, NULL) || wm_hub_new(app))
        sender->result = 1000;
    if (!strstr(wm_last_error(), "thread"))
        sender->result = 1001;
    return NULL;
}

static void other_calls__say_that_it_is_the_wrong_thread(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct sender sender = {.host = host, .hub = wm_hub_new(host->app)};
    struct client client = client_open(host, &sender.conn);
    begin_thread(&sender, call_the_rest);
    pthread_join(sender.thread, NULL);
    assert_int_equal(sender.result, 0);
    client_end(&client);
    host_end(host);
}

static void *stop_app(void *user)
{
    struct sender *sender = user;
    sender->result = wm_app_stop(sender->host->app);
    return NULL;
}

static void stop__from_a_thread_ends_the_run(void **state)
{
    struct host *host = host_begin(*state, "text");
    struct sender sender = {.host = host};
    begin_thread(&sender, stop_app);
    assert_int_equal(wm_app_run(host->app), 0);
    pthread_join(sender.thread, NULL);
    assert_int_equal(sender.result, 0);
    assert_int_equal(turn(host, 0), WM_ESTOPPED);
    host_end(host);
}

static void *own_app(void *user)
{
    struct sender *sender = user;
    static const struct setting callbacks = {"thread", 0, TCP};
    for (int i = 0; i < 20; i++) {
        struct host *host = host_begin(&callbacks, "text");
        host->react = echo;
        struct client client = client_open(host, NULL);
        client_say(host, &client, "a\n");
        client_hear(host, &client, "a\n");
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == 1);
        host_end(host);
        sender->next++;
    }
    return NULL;
}

static void apps__one_in_each_thread_do_not_meet(void **state)
{
    (void)state;
    struct sender senders[THREADS];
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.index = i};
        begin_thread(&senders[i], own_app);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].next, 20);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(apps__one_in_each_thread_do_not_meet)};
    static const struct scenario scenarios[] = {
        SCENARIO(post__runs_in_order_of_each_thread_with_its_notifier),
        SCENARIO(send__arrives_in_order_of_each_thread),
        SCENARIO(close__follows_what_was_sent_and_a_stale_id_is_closed),
        SCENARIO(mailbox__is_full_at_its_limit_and_takes_again_when_read),
        SCENARIO(hub_send__is_pending_and_done_exactly_once),
        SCENARIO(hub_calls__are_made_in_their_order),
        SCENARIO(other_calls__say_that_it_is_the_wrong_thread),
        SCENARIO(stop__from_a_thread_ends_the_run),
    };
    int failed = RUN_SCENARIOS("thread_mailbox", scenarios);
    return cmocka_run_group_tests_name("thread_apps", tests, NULL, NULL) + failed;
}
