/**
 * @file
 * NULL for an argument is an error that names it, and nothing of an error that has nothing to do with it.
 */
#include "support/contract.h"

#include <string.h>

static void says(int64_t result, const char *call, const char *expected)
{
    if (result != WM_EINVAL || strcmp(wm_last_error(), expected) != 0)
        fail_msg("%s: %d, \"%s\", not \"%s\"", call, (int)result, wm_last_error(), expected);
}

#define SAYS(call, expected) says(call, #call, expected)

static void null__is_named_as_the_argument_is(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, NULL);
    wm_hub *hub = wm_hub_new(app);
    int64_t value;
    const char *text;
    wm_event event;
    int64_t sends[3] = {0, 0, 0};

    SAYS(wm_app_set_int(NULL, "pull", 1), "app is NULL");
    SAYS(wm_app_set_int(app, NULL, 1), "option is NULL");
    SAYS(wm_app_set_str(app, "name", NULL), "value is NULL");
    SAYS(wm_app_get_int(app, "pull", NULL), "value is NULL");
    SAYS(wm_app_get_str(app, NULL, &text), "option is NULL");
    SAYS(wm_app_run(NULL), "app is NULL");
    SAYS(wm_app_run_once(NULL, 0), "app is NULL");
    SAYS(wm_app_poll(NULL, &event, 1, 0), "app is NULL");
    SAYS(wm_app_poll(app, NULL, 1, 0), "events is NULL");
    SAYS(wm_app_poll(app, &event, 0, 0), "cap is 0: a poll needs room for at least one record");
    SAYS(wm_app_flush(NULL), "app is NULL");
    SAYS(wm_app_fd(NULL), "app is NULL");
    SAYS(wm_app_stop(NULL), "app is NULL");
    SAYS(wm_app_post(NULL, NULL, NULL, NULL), "app is NULL");
    SAYS(wm_app_on_master_start(NULL, NULL, NULL, NULL), "app is NULL");

    SAYS(wm_worker_set_int(NULL, "count", 1), "worker is NULL");
    SAYS(wm_worker_set_str(worker, "name", NULL), "value is NULL");
    SAYS(wm_worker_get_int(worker, NULL, &value), "option is NULL");
    SAYS(wm_worker_listen(NULL), "worker is NULL");
    SAYS(wm_worker_stop(NULL), "worker is NULL");
    SAYS(wm_worker_broadcast(NULL, "x", 1, 0), "worker is NULL");
    SAYS(wm_worker_broadcast(worker, NULL, 1, 0), "data is NULL");
    SAYS(wm_worker_on_open(NULL, NULL, NULL, NULL), "worker is NULL");

    SAYS(wm_hub_set_int(NULL, "max_uid", 1), "hub is NULL");
    SAYS(wm_hub_set_int(hub, NULL, 1), "option is NULL");
    SAYS(wm_hub_get_str(hub, "name", NULL), "value is NULL");
    SAYS(wm_hub_bind(NULL, "u", 1, 1), "hub is NULL");
    SAYS(wm_hub_bind(hub, NULL, 1, 1), "uid is NULL");
    SAYS(wm_hub_unbind(NULL, 1), "hub is NULL");
    SAYS(wm_hub_send(NULL, "u", 1, "x", 1, 0, NULL, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_send(hub, NULL, 1, "x", 1, 0, NULL, NULL, NULL, NULL), "uid is NULL");
    SAYS(wm_hub_send(hub, "u", 0, "x", 1, 0, NULL, NULL, NULL, NULL), "uid is empty");
    SAYS(wm_hub_send(hub, "u", 1, NULL, 1, 0, NULL, NULL, NULL, NULL), "data is NULL");
    SAYS(wm_hub_broadcast(NULL, "x", 1, 0, NULL, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_broadcast(hub, NULL, 1, 0, NULL, NULL, NULL, NULL), "data is NULL");
    SAYS(wm_hub_broadcast_except(hub, NULL, 1, "x", 1, 0, NULL, NULL, NULL, NULL), "except is NULL");
    SAYS(wm_hub_online(NULL, "u", 1, NULL, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_online(hub, NULL, 1, NULL, NULL, NULL, NULL), "uid is NULL");
    SAYS(wm_hub_kick(NULL, "u", 1, 0, NULL, 0, NULL, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_kick(hub, NULL, 1, 0, NULL, 0, NULL, NULL, NULL, NULL), "uid is NULL");
    SAYS(wm_hub_kick(hub, "u", 1, 0, NULL, 1, NULL, NULL, NULL, NULL), "text is NULL");
    SAYS(wm_hub_join(NULL, "g", 1, 1), "hub is NULL");
    SAYS(wm_hub_join(hub, NULL, 1, 1), "group is NULL");
    SAYS(wm_hub_leave(NULL, "g", 1, 1), "hub is NULL");
    SAYS(wm_hub_leave(hub, "g", 0, 1), "group is empty");
    SAYS(wm_hub_join_uid(NULL, "u", 1, "g", 1, NULL, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_join_uid(hub, "u", 1, NULL, 1, NULL, NULL, NULL, NULL), "group is NULL");
    SAYS(wm_hub_leave_uid(NULL, "u", 1, "g", 1, NULL, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_leave_uid(hub, NULL, 1, "g", 1, NULL, NULL, NULL, NULL), "uid is NULL");
    SAYS(wm_hub_group_send(NULL, "g", 1, NULL, 0, "x", 1, 0, NULL, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_group_send(hub, NULL, 1, NULL, 0, "x", 1, 0, NULL, NULL, NULL, NULL), "group is NULL");
    SAYS(wm_hub_group_send(hub, "g", 1, NULL, 1, "x", 1, 0, NULL, NULL, NULL, NULL), "except is NULL");
    SAYS(wm_hub_group_send(hub, "g", 1, NULL, 0, NULL, 1, 0, NULL, NULL, NULL, NULL), "data is NULL");
    SAYS(wm_hub_on_message(NULL, "t", 1, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_on_message(hub, NULL, 1, NULL, NULL, NULL), "topic is NULL");
    SAYS(wm_hub_subscribe(NULL, "t", 1, NULL), "hub is NULL");
    SAYS(wm_hub_subscribe(hub, "t", 0, NULL), "topic is empty");
    SAYS(wm_hub_publish(NULL, "t", 1, "x", 1, NULL, NULL, NULL, NULL), "hub is NULL");
    SAYS(wm_hub_publish(hub, "t", 0, "x", 1, NULL, NULL, NULL, NULL), "topic is empty");
    SAYS(wm_hub_publish(hub, "t", 1, NULL, 1, NULL, NULL, NULL, NULL), "data is NULL");

    SAYS(wm_conn_send(1, NULL, 1, 0), "data is NULL");
    SAYS(wm_conn_send_many(NULL, 1, sends, 1, NULL), "data is NULL");
    SAYS(wm_conn_send_many("x", 1, NULL, 1, NULL), "sends is NULL");
    SAYS(wm_conn_close(1, 0, NULL, 1), "text is NULL");
    SAYS(wm_conn_set_int(1, NULL, 1), "option is NULL");
    SAYS(wm_conn_get_int(1, "max_message", NULL), "value is NULL");

    const void *out;
    size_t len;
    SAYS(wm_request_method(1, NULL, &len), "out is NULL");
    SAYS(wm_request_body(1, &out, NULL), "len is NULL");
    SAYS(wm_request_version(1, &out, NULL), "len is NULL");
    SAYS(wm_request_header(1, NULL, &out, &len), "name is NULL");
    SAYS(wm_request_header(1, "Host", NULL, &len), "out is NULL");
    SAYS(wm_request_header(1, "Host", &out, NULL), "len is NULL");
    SAYS(wm_request_header_at(1, 0, NULL, &len, &out, &len), "name is NULL");
    SAYS(wm_request_header_at(1, 0, &out, NULL, &out, &len), "name_len is NULL");
    SAYS(wm_request_header_at(1, 0, &out, &len, NULL, &len), "value is NULL");
    SAYS(wm_request_header_at(1, 0, &out, &len, &out, NULL), "value_len is NULL");
    SAYS(wm_request_respond(1, 200, NULL, 1, "x", 1, 0), "headers is NULL");
    SAYS(wm_request_respond(1, 200, "", 0, NULL, 1, 0), "body is NULL");
    SAYS(wm_handshake_accept(1, NULL, 1), "headers is NULL");
    SAYS(wm_handshake_reject(1, 403, NULL, 1, NULL, 0), "headers is NULL");
    SAYS(wm_handshake_reject(1, 403, NULL, 0, NULL, 1), "body is NULL");
    SAYS(wm_log(WM_LOG_INFO, NULL, 1), "text is NULL");
    wm_app_free(app);
}

static void null__says_why_the_constructor_has_failed(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    assert_null(wm_worker_new(app, "nonsense"));
    char expected[600], why[500];
    snprintf(why, sizeof why, "%s", wm_last_error());
    assert_non_null(strstr(why, "nonsense"));
    snprintf(expected, sizeof expected, "worker is NULL; wm_worker_new has failed: %s", why);
    SAYS(wm_worker_listen(NULL), expected);
    SAYS(wm_worker_set_int(NULL, "count", 2), expected);
    SAYS(wm_hub_unbind(NULL, 1), "hub is NULL");
    SAYS(wm_conn_send(1, NULL, 1, 0), "data is NULL");
    SAYS(wm_worker_listen(NULL), expected);
    assert_non_null(wm_worker_new(app, "tcp://127.0.0.1:0"));
    SAYS(wm_worker_listen(NULL), "worker is NULL");

    assert_null(wm_hub_new(NULL));
    SAYS(wm_hub_unbind(NULL, 1), "hub is NULL; wm_hub_new has failed: app is NULL");
    wm_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null__is_named_as_the_argument_is),
        cmocka_unit_test(null__says_why_the_constructor_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
