/**
 * @file
 * Calls on requests with an id that is none, is stale, or is of another kind or thread, and calls in a state that they are not for: each
 * has its error, and changes nothing.
 */
#include "support/http_body.h"

#include <fcntl.h>
#include <pthread.h>

#define SAYS(call, code, text) says(call, #call, code, text)

static void says(int64_t result, const char *call, int code, const char *expected)
{
    if (result != code || !strstr(wm_last_error(), expected))
        fail_msg("%s: %s, \"%s\", not %s, \"%s\"", call, wm_error_name((int)result), wm_last_error(), wm_error_name(code), expected);
}

/** Each call on a request, with arguments that are right but for the id: they have that error, and its text contains `text`. */
static void refuse_all(wm_request id, int code, const char *text)
{
    const void *name, *value;
    size_t name_len, len;
    wm_part part;
    SAYS(wm_request_method(id, &value, &len), code, text);
    SAYS(wm_request_path_decoded(id, &value, &len), code, text);
    SAYS(wm_request_query_at(id, 0, &name, &name_len, &value, &len), code, text);
    SAYS(wm_request_form_value(id, "a", &value, &len), code, text);
    SAYS(wm_request_cookie(id, "a", &value, &len), code, text);
    SAYS(wm_request_media_type(id, &value, &len), code, text);
    SAYS(wm_request_part_at(id, 0, &part), code, text);
    SAYS(wm_request_trailer(id, "a", &value, &len), code, text);
    SAYS(wm_request_trailer_at(id, 0, &name, &name_len, &value, &len), code, text);
    SAYS(wm_request_keep(id), code, text);
    SAYS(wm_request_respond(id, 200, NULL, 0, NULL, 0, 0), code, text);
    SAYS(wm_request_respond_begin(id, 200, NULL, 0, -1), code, text);
    SAYS(wm_request_respond_write(id, "a", 1), code, text);
    SAYS(wm_request_respond_end(id), code, text);
    SAYS(wm_request_respond_abort(id), code, text);
    SAYS(wm_request_inform(id, 103, NULL, 0), code, text);
    SAYS(wm_request_event_begin(id, NULL, 0), code, text);
    SAYS(wm_request_event_send(id, NULL, 0, NULL, 0, -1, "a", 1), code, text);
    SAYS(wm_request_event_comment(id, "a", 1), code, text);
    SAYS(wm_request_upgrade(id, NULL, 0), code, text);
    SAYS(wm_request_set_user(id, NULL, NULL), code, text);
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    SAYS(wm_request_respond_fd(id, 200, NULL, 0, fd, 0, 1, 0), code, text);
    SAYS(wm_request_respond_fd(id, 200, NULL, 0, fd, 0, 1, WM_FILE_CONDITIONAL), code, text);
    assert_int_equal(close(fd), 0); /* it has stayed the caller's */
    SAYS(wm_request_respond_file(id, AT_FDCWD, "a", 1, NULL, 0, 0), code, text);
    assert_null(wm_request_user(id));
    assert_int_equal(wm_request_conn(id), 0);
}

static void *on_other_thread(void *request)
{
    refuse_all(*(wm_request *)request, WM_ETHREAD, "thread");
    return NULL;
}

static void id__that_is_no_request_of_this_thread_is_refused(void **state)
{
    struct host *host = begin(state, watch);
    struct client client = client_begin(host);
    client_say(host, &client, GET);
    until(host, got.whole == 1);
    const char *none = "no such request";
    refuse_all(0, WM_ECLOSED, none);
    refuse_all(UINT64_MAX, WM_ECLOSED, none);
    refuse_all(got.conn, WM_ECLOSED, none);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, on_other_thread, &got.request), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    answer("one");
    refuse_all(got.request, WM_ECLOSED, none);
    hear_answer(host, &client, 200, "one");
    end_body(&client, host);
}

static void keep_head(struct host *host, const wm_event *event)
{
    watch(host, event);
    if (event->kind == WM_EVENT_MESSAGE)
        assert_int_equal(wm_request_keep(event->id), 0);
}

static void answer__calls_out_of_turn_are_refused(void **state)
{
    struct host *host = begin(state, keep_head);
    struct client client = client_begin(host);
    const void *value;
    size_t len;
    client_say(host, &client, CHUNKED);
    until(host, got.heads == 1);
    wm_request request = got.request;
    SAYS(wm_request_trailer(request, "a", &value, &len), WM_ESTATE, "last piece");
    SAYS(wm_request_respond_write(request, "a", 1), WM_ESTATE, "begin");
    SAYS(wm_request_respond_end(request), WM_ESTATE, "begin");
    SAYS(wm_request_event_send(request, NULL, 0, NULL, 0, -1, "a", 1), WM_ESTATE, "begin");
    SAYS(wm_request_event_comment(request, "a", 1), WM_ESTATE, "begin");
    SAYS(wm_request_respond_fd(request, 200, NULL, 0, -1, 0, -1, 0), WM_EINVAL, "fd -1");
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    SAYS(wm_request_respond_fd(request, 404, NULL, 0, fd, 0, -1, WM_FILE_CONDITIONAL), WM_EINVAL, "200");
    assert_int_equal(close(fd), 0);
    SAYS(wm_request_respond_file(request, -2, "a", 1, NULL, 0, 0), WM_EINVAL, "directory");
    client_say(host, &client, "0\r\n\r\n");
    until(host, got.lasts == 1);
    assert_int_equal(wm_request_respond_begin(request, 200, NULL, 0, 3), 0);
    SAYS(wm_request_respond_begin(request, 200, NULL, 0, 3), WM_ESTATE, "");
    SAYS(wm_request_respond(request, 200, NULL, 0, NULL, 0, 0), WM_ESTATE, "");
    SAYS(wm_request_inform(request, 103, NULL, 0), WM_ESTATE, "");
    SAYS(wm_request_event_send(request, NULL, 0, NULL, 0, -1, "a", 1), WM_ESTATE, "");
    SAYS(wm_request_upgrade(request, NULL, 0), WM_ESTATE, "");
    assert_int_equal(wm_request_respond_write(request, "one", 3), 0);
    assert_int_equal(wm_request_respond_end(request), 0);
    SAYS(wm_request_respond_end(request), WM_ECLOSED, "no such request");
    hear_answer(host, &client, 200, "one");
    end_body(&client, host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(id__that_is_no_request_of_this_thread_is_refused),
        SCENARIO(answer__calls_out_of_turn_are_refused),
    };
    return RUN_SCENARIOS("http_ids", scenarios);
}
