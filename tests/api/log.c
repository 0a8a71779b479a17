/**
 * @file
 * wm_log and the option log_level: lines of the host in the library's log.
 */
#include "support/client.h"

struct lines {
    int count;
    int32_t level;
    char last[2048];
    size_t len;
};

static void take_line(int32_t level, const void *text, size_t len, void *user)
{
    struct lines *lines = user;
    lines->count++;
    lines->level = level;
    lines->len = len;
    snprintf(lines->last, sizeof lines->last, "%.*s", (int)len, (const char *)text);
}

static int setup(void **state)
{
    static struct lines lines;
    memset(&lines, 0, sizeof lines);
    *state = &lines;
    return wm_log_set(take_line, &lines, NULL);
}

static int teardown(void **state)
{
    (void)state;
    return wm_log_set(NULL, NULL, NULL);
}

static void line__goes_where_the_library_logs(void **state)
{
    struct lines *lines = *state;
    assert_int_equal(wm_log(WM_LOG_WARN, "hello there", 5), 0);
    assert_int_equal(lines->count, 1);
    assert_int_equal(lines->level, WM_LOG_WARN);
    assert_string_equal(lines->last, "hello");
}

static void control_characters__become_spaces(void **state)
{
    struct lines *lines = *state;
    assert_int_equal(wm_log(WM_LOG_INFO, "a\nb\rc\033[1m\177d", 12), 0);
    assert_string_equal(lines->last, "a b c [1m d");
    assert_int_equal(lines->count, 1);
}

static void percent_signs__are_text(void **state)
{
    struct lines *lines = *state;
    assert_int_equal(wm_log(WM_LOG_INFO, "100%s %n", 8), 0);
    assert_string_equal(lines->last, "100%s %n");
}

static void long_line__is_cut(void **state)
{
    struct lines *lines = *state;
    char text[5000];
    memset(text, 'x', sizeof text);
    assert_int_equal(wm_log(WM_LOG_ERROR, text, sizeof text), 0);
    assert_int_equal(lines->len, 1023);
}

static void empty__is_a_line(void **state)
{
    struct lines *lines = *state;
    assert_int_equal(wm_log(WM_LOG_INFO, NULL, 0), 0);
    assert_int_equal(lines->count, 1);
    assert_string_equal(lines->last, "");
}

static void bad_arguments__are_refused(void **state)
{
    struct lines *lines = *state;
    assert_int_equal(wm_log(-1, "x", 1), WM_EINVAL);
    assert_int_equal(wm_log(WM_LOG_ERROR + 1, "x", 1), WM_EINVAL);
    assert_int_equal(wm_log(WM_LOG_INFO, NULL, 1), WM_EINVAL);
    assert_int_equal(lines->count, 0);
}

static void log_level__drops_what_is_below(void **state)
{
    struct lines *lines = *state;
    wm_app *app = wm_app_new();
    assert_int_equal(wm_log(WM_LOG_DEBUG, "dropped", 7), 0); /* info is the default */
    assert_int_equal(lines->count, 0);
    assert_int_equal(wm_app_set_str(app, "log_level", "debug"), 0);
    wm_log(WM_LOG_DEBUG, "kept", 4);
    assert_string_equal(lines->last, "kept");
    assert_int_equal(wm_app_set_str(app, "log_level", "error"), 0);
    wm_log(WM_LOG_WARN, "dropped", 7);
    assert_string_equal(lines->last, "kept");
    wm_log(WM_LOG_ERROR, "kept too", 8);
    assert_string_equal(lines->last, "kept too");
    const char *level;
    assert_int_equal(wm_app_get_str(app, "log_level", &level), 0);
    assert_string_equal(level, "error");
    assert_int_equal(wm_app_set_str(app, "log_level", "loud"), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "'debug', 'info', 'warning' or 'error', not 'loud'"));
    assert_int_equal(wm_app_set_str(app, "log_level", "info"), 0);
    wm_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(line__goes_where_the_library_logs, setup, teardown),
        cmocka_unit_test_setup_teardown(control_characters__become_spaces, setup, teardown),
        cmocka_unit_test_setup_teardown(percent_signs__are_text, setup, teardown),
        cmocka_unit_test_setup_teardown(long_line__is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(empty__is_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_arguments__are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(log_level__drops_what_is_below, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
