/**
 * @file
 * wm_form_parts: a body that the host holds itself, read as that of a request is, into room that the host has.
 */
#include "support/client.h"

#define TYPE "multipart/form-data; boundary=b"
#define PART(disposition) "--b\r\nContent-Disposition: form-data; " disposition "\r\n"
#define LAST "\r\n--b--\r\n"
#define BODY                                                                                                                               \
    "preamble\r\n" PART("name=\"a\\\"b\"") "\r\none\r\ntwo\r\n" PART(                                                                      \
        "name=f; filename=\"x/y.txt\"") "Content-Type: text/plain\r\n\r\n"                                                                 \
                                        "content\r\n" PART("name=e; filename=\"\"") "\r\n" LAST

/** A body in memory of its own, so that the sanitizers see a read beyond it. */
static int read_parts(const char *type, const char *body, wm_part *parts, size_t cap, char *text, size_t text_cap)
{
    size_t len = strlen(body);
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, body, len);
    int count = wm_form_parts(type, strlen(type), copy, len, parts, cap, text, text_cap);
    for (int i = 0; i < count; i++) { /* the caller looks at them when the copy is gone */
        const wm_part *part = &parts[i];
        assert_in_range((uintptr_t)part->data, (uintptr_t)copy, (uintptr_t)copy + len);
        parts[i].data = body + ((const char *)part->data - copy);
        parts[i].headers = body + ((const char *)part->headers - copy);
        if (part->type_len > 0)
            parts[i].type = body + ((const char *)part->type - copy);
    }
    free(copy);
    return count;
}

#define ASSERT_TEXT(part, member, expected)                                                                                                \
    do {                                                                                                                                   \
        assert_int_equal((part).member##_len, strlen(expected));                                                                           \
        assert_memory_equal((part).member, expected, strlen(expected));                                                                    \
    } while (0)

static void parts__of_a_body_in_the_hosts_hands(void **state)
{
    (void)state;
    wm_part parts[3];
    char text[16];
    assert_int_equal(read_parts(TYPE, BODY, parts, 3, text, sizeof text), 3);
    ASSERT_TEXT(parts[0], name, "a\"b");
    ASSERT_TEXT(parts[0], data, "one\r\ntwo");
    ASSERT_TEXT(parts[0], type, "");
    assert_null(parts[0].filename);
    ASSERT_TEXT(parts[1], name, "f");
    ASSERT_TEXT(parts[1], filename, "x/y.txt");
    ASSERT_TEXT(parts[1], type, "text/plain");
    ASSERT_TEXT(parts[1], data, "content");
    assert_int_equal(parts[1].size, 7);
    assert_int_equal(parts[1].fd, -1);
    assert_null(parts[1].path);
    ASSERT_TEXT(parts[2], filename, "");
    assert_non_null(parts[2].filename);
    ASSERT_TEXT(parts[2], data, "");
    const void *value;
    size_t len;
    assert_int_equal(wm_part_header(&parts[1], "content-type", &value, &len), 1);
    assert_int_equal(len, 10);
}

static void types__other_ones_have_no_parts(void **state)
{
    (void)state;
    wm_part part;
    char text[64];
    const char *const types[] = {"", "text/plain", "multipart/mixed; boundary=b", "application/x-www-form-urlencoded"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_int_equal(read_parts(types[i], BODY, &part, 1, text, sizeof text), 0);
    assert_int_equal(read_parts("Multipart/Form-Data; charset=x; BOUNDARY=\"b\"", PART("name=a") LAST, &part, 1, text, sizeof text), 1);
}

static void bodies__that_are_refused_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        size_t cap, text_cap;
        int code;
        const char *text;
    } rows[] = {
        {TYPE, "", 3, 64, WM_EPROTOCOL, "the body ends before the last boundary"},
        {TYPE, PART("name=a") "\r\ncut", 3, 64, WM_EPROTOCOL, "the body ends before the last boundary"},
        {TYPE, "--b\r\nX: y\r\n" LAST, 3, 64, WM_EPROTOCOL, "Content-Disposition"},
        {TYPE, BODY, 2, 64, WM_EMSGSIZE, "more parts than max_parts (2)"},
        {TYPE, BODY, 0, 64, WM_EINVAL, "cap is 0"},
        {TYPE, BODY, 3, 8, WM_EMSGSIZE, "longer than text_cap (8)"},
        {"multipart/form-data", BODY, 3, 64, WM_EPROTOCOL, "must have one boundary"},
        {TYPE "; boundary=b", BODY, 3, 64, WM_EPROTOCOL, "must have one boundary"},
        {"multipart/form-data; boundary=\"b;\"", BODY, 3, 64, WM_EPROTOCOL, "must have one boundary"},
        {"multipart", BODY, 3, 64, WM_EPROTOCOL, "a media type must be type/subtype"},
        {TYPE "; =", BODY, 3, 64, WM_EPROTOCOL, "RFC 9110"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wm_part parts[3];
        char text[64];
        assert_int_equal(read_parts(rows[i].type, rows[i].body, parts, rows[i].cap, text, rows[i].text_cap), rows[i].code);
        if (!strstr(wm_last_error(), rows[i].text))
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, wm_last_error(), rows[i].text);
    }
}

static void boundaries__of_70_octets_and_longer(void **state)
{
    (void)state;
    for (size_t size = 69; size < 200; size++) {
        char boundary[200], type[300], body[600], text[64];
        memset(boundary, 'x', size);
        boundary[size] = '\0';
        snprintf(type, sizeof type, "multipart/form-data; boundary=\"%s\"", boundary);
        snprintf(body, sizeof body, "--%s\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--%s--", boundary, boundary);
        wm_part part;
        assert_int_equal(read_parts(type, body, &part, 1, text, sizeof text), size <= 70 ? 1 : WM_EPROTOCOL);
    }
}

static void arguments__that_are_missing(void **state)
{
    (void)state;
    wm_part part;
    char text[8];
    assert_int_equal(wm_form_parts(NULL, 0, NULL, 0, &part, 1, NULL, 0), 0);
    assert_int_equal(wm_form_parts(NULL, 1, NULL, 0, &part, 1, text, 8), WM_EINVAL);
    assert_int_equal(wm_form_parts("a", 1, NULL, 1, &part, 1, text, 8), WM_EINVAL);
    assert_int_equal(wm_form_parts("a", 1, "", 0, NULL, 1, text, 8), WM_EINVAL);
    assert_string_equal(wm_last_error(), "parts is NULL");
    assert_int_equal(wm_form_parts("a", 1, "", 0, &part, 1, NULL, 8), WM_EINVAL);
    assert_string_equal(wm_last_error(), "text is NULL");
    assert_int_equal(wm_form_parts(TYPE, strlen(TYPE), NULL, 0, &part, 1, text, 8), WM_EPROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts__of_a_body_in_the_hosts_hands), cmocka_unit_test(types__other_ones_have_no_parts),
        cmocka_unit_test(bodies__that_are_refused_say_why),    cmocka_unit_test(boundaries__of_70_octets_and_longer),
        cmocka_unit_test(arguments__that_are_missing),
    };
    return cmocka_run_group_tests_name("form_parts", tests, NULL, NULL);
}
