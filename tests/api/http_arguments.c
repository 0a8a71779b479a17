/**
 * @file
 * Wrong arguments of the calls on requests, forms, files and cookies: the error names them.
 */
#include "support/contract.h"

#include <fcntl.h>
#include <string.h>

#define SAYS(call, code, text) says(call, #call, code, text)

static void says(int64_t result, const char *call, int code, const char *expected)
{
    if (result != code || !strstr(wm_last_error(), expected))
        fail_msg("%s: %s, \"%s\", not %s, \"%s\"", call, wm_error_name((int)result), wm_last_error(), wm_error_name(code), expected);
}

#define NAMES(call, expected) SAYS(call, WM_EINVAL, expected)

static void null__is_named_by_lookups(void **state)
{
    (void)state;
    const void *name, *value;
    size_t name_len, len;
    int (*const find[])(wm_request, const char *, const void **, size_t *) = {
        wm_request_query_value, wm_request_form_value, wm_request_cookie, wm_request_media_parameter, wm_request_trailer, wm_request_header,
    };
    for (size_t i = 0; i < sizeof find / sizeof *find; i++) {
        NAMES(find[i](1, NULL, &value, &len), "name is NULL");
        NAMES(find[i](1, "a", NULL, &len), "out is NULL");
        NAMES(find[i](1, "a", &value, NULL), "len is NULL");
    }
    int (*const at[])(wm_request, size_t, const void **, size_t *, const void **, size_t *) = {
        wm_request_query_at, wm_request_form_at, wm_request_cookie_at, wm_request_trailer_at, wm_request_header_at,
    };
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        NAMES(at[i](1, 0, NULL, &name_len, &value, &len), "name is NULL");
        NAMES(at[i](1, 0, &name, NULL, &value, &len), "name_len is NULL");
        NAMES(at[i](1, 0, &name, &name_len, NULL, &len), "value is NULL");
        NAMES(at[i](1, 0, &name, &name_len, &value, NULL), "value_len is NULL");
    }
    int (*const slices[])(wm_request, const void **, size_t *) = {
        wm_request_method,  wm_request_target, wm_request_path,         wm_request_query,      wm_request_authority,
        wm_request_version, wm_request_body,   wm_request_path_decoded, wm_request_media_type,
    };
    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
        NAMES(slices[i](1, NULL, &len), "out is NULL");
        NAMES(slices[i](1, &value, NULL), "len is NULL");
    }
    NAMES(wm_request_part_at(1, 0, NULL), "out is NULL");
}

static void null__is_named_by_answers(void **state)
{
    (void)state;
    NAMES(wm_worker_on_body(NULL, NULL, NULL, NULL), "worker is NULL");
    NAMES(wm_worker_on_part(NULL, NULL, NULL, NULL), "worker is NULL");
    NAMES(wm_request_respond_begin(1, 200, NULL, 1, -1), "headers is NULL");
    NAMES(wm_request_respond_write(1, NULL, 1), "data is NULL");
    NAMES(wm_request_inform(1, 103, NULL, 1), "headers is NULL");
    NAMES(wm_request_upgrade(1, NULL, 1), "headers is NULL");
    NAMES(wm_request_event_begin(1, NULL, 1), "headers is NULL");
    NAMES(wm_request_event_send(1, NULL, 1, NULL, 0, -1, "d", 1), "id is NULL");
    NAMES(wm_request_event_send(1, NULL, 0, NULL, 1, -1, "d", 1), "event is NULL");
    NAMES(wm_request_event_send(1, NULL, 0, NULL, 0, -1, NULL, 1), "data is NULL");
    NAMES(wm_request_event_comment(1, NULL, 1), "text is NULL");
    NAMES(wm_request_respond_fd(1, 200, NULL, 1, 0, 0, -1, 0), "headers is NULL");
    NAMES(wm_request_respond_fd(1, 200, NULL, 0, 0, 0, -1, WM_FILE_PRECOMPRESSED), "wm_request_respond_file alone");
    NAMES(wm_request_respond_file(1, AT_FDCWD, NULL, 1, NULL, 0, 0), "path is NULL");
    NAMES(wm_request_respond_file(1, AT_FDCWD, "a", 1, NULL, 1, 0), "headers is NULL");
    NAMES(wm_request_respond_file(1, AT_FDCWD, "a", 1, NULL, 0, 1 << 30 | WM_FILE_CONDITIONAL), "flags 0x40000000 are");
    NAMES(wm_request_respond(1, 200, NULL, 0, NULL, 0, WM_FILE_CONDITIONAL), "wm_request_respond_fd");
    NAMES(wm_request_respond(1, 200, NULL, 0, NULL, 0, WM_SEND_FIRST), "wm_hub_broadcast_except");
    NAMES(wm_request_respond_file(1, AT_FDCWD, "a", SIZE_MAX, NULL, 0, 0), "path has");
    NAMES(wm_request_event_comment(1, "t", SIZE_MAX), "text has");
    assert_string_equal(wm_media_type(NULL), "application/octet-stream");
}

static void form__arguments_are_named(void **state)
{
    (void)state;
    wm_part parts[2];
    wm_part part = {.fd = -1};
    const void *value;
    size_t len;
    char text[8];
    NAMES(wm_form_parts(NULL, 1, "", 0, parts, 2, text, sizeof text), "type is NULL");
    NAMES(wm_form_parts("a/b", 3, NULL, 1, parts, 2, text, sizeof text), "body is NULL");
    NAMES(wm_form_parts("a/b", 3, "", 0, NULL, 2, text, sizeof text), "parts is NULL");
    NAMES(wm_form_parts("a/b", 3, "", 0, parts, 0, text, sizeof text), "cap is 0");
    NAMES(wm_form_parts("a/b", 3, "", 0, parts, 2, NULL, 1), "text is NULL");
    NAMES(wm_form_parts("a/b", 3, "", SIZE_MAX, parts, 2, text, sizeof text), "body has");
    assert_int_equal(wm_form_parts(NULL, 0, NULL, 0, parts, 2, NULL, 0), 0);

    NAMES(wm_part_header(NULL, "a", &value, &len), "part is NULL");
    NAMES(wm_part_header(&part, NULL, &value, &len), "name is NULL");
    NAMES(wm_part_header(&part, "a", NULL, &len), "out is NULL");
    NAMES(wm_part_header(&part, "a", &value, NULL), "len is NULL");
    part.headers_len = 1;
    NAMES(wm_part_header(&part, "a", &value, &len), "headers is NULL");

    NAMES(wm_part_save(NULL, "a"), "part is NULL");
    NAMES(wm_part_save(&part, NULL), "path is NULL");
    NAMES(wm_part_save(&part, "a"), "no file");
    part.error = WM_EFULL;
    NAMES(wm_part_save(&part, "a"), wm_strerror(WM_EFULL));
}

static void cookie__arguments_are_named(void **state)
{
    (void)state;
    char line[64];
    NAMES(wm_cookie_format(line, sizeof line, NULL, "b", 1, NULL, NULL, -1, -1, 0), "name is NULL");
    NAMES(wm_cookie_format(NULL, 1, "a", "b", 1, NULL, NULL, -1, -1, 0), "out is NULL");
    NAMES(wm_cookie_format(line, sizeof line, "a", NULL, 1, NULL, NULL, -1, -1, 0), "value is NULL");
    NAMES(wm_cookie_format(line, sizeof line, "a", "b", SIZE_MAX, NULL, NULL, -1, -1, 0), "value has");
    NAMES(wm_cookie_format(line, sizeof line, "a", "b", SIZE_MAX / 8, NULL, NULL, -1, -1, 0), "4096 bytes"); /* of which none is read */
    NAMES(wm_cookie_format(line, sizeof line, "a", "b", SIZE_MAX / 8, NULL, NULL, -1, -1, WM_COOKIE_ENCODE), "4096 bytes");
    NAMES(wm_cookie_format(line, sizeof line, "a", "b", 1, NULL, NULL, -1, -1, 128), "unknown flags 0x80");
    SAYS(wm_cookie_format(NULL, 0, "a", "b", 1, NULL, NULL, -1, -1, 0), WM_EMSGSIZE, "bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null__is_named_by_lookups),
        cmocka_unit_test(null__is_named_by_answers),
        cmocka_unit_test(form__arguments_are_named),
        cmocka_unit_test(cookie__arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
