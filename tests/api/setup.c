/**
 * @file
 * Setting up: the first call that has failed is an error of the start, unless the host has read its detail.
 */
#include "support/client.h"

static int run_once(wm_app *app)
{
    return wm_app_run_once(app, 0);
}

static int poll_once(wm_app *app)
{
    wm_event event;
    return wm_app_poll(app, &event, 1, 0);
}

static int (*const STARTS[])(wm_app *app) = {wm_app_run, run_once, poll_once};

/* Every start fails with that code and text, and opens nothing. */
static void expect_no_start(wm_app *app, wm_worker *worker, int code, const char *text)
{
    for (size_t i = 0; i < sizeof STARTS / sizeof *STARTS; i++)
        assert_int_equal(STARTS[i](app), code);
    if (worker)
        assert_non_null(strstr(wm_worker_address(worker), ":0"));
    assert_string_equal(wm_last_error(), text);
}

static void address__that_is_wrong_is_the_error_of_the_start(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "htp://127.0.0.1:0");
    wm_worker_set_int(worker, "count", 4); /* what a host that checks nothing does with NULL */
    wm_worker_on_message(worker, NULL, NULL, NULL);
    wm_worker *other = wm_worker_new(app, "text://127.0.0.1:0");
    assert_non_null(other);
    expect_no_start(app, other, WM_EADDRESS, "wm_worker_new has failed: unknown scheme 'htp' in htp://127.0.0.1:0: did you mean http://?");
    wm_app_free(app);
}

static void option__that_is_wrong_is_the_error_of_the_start(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *text;
    } ROWS[] = {
        {WM_EOPTION, "wm_worker_set_int has failed: unknown option 'cuont': did you mean 'count'?"},
        {WM_EOPTION, "wm_worker_set_int has failed: option 'drain_ms' belongs elsewhere: wm_app_set_... sets it"},
        {WM_EOPTION, "wm_worker_set_str has failed: option 'count' is a number, set it with ..._set_int"},
        {WM_EOPTION, "wm_app_set_int has failed: unknown option 'colour': wm_option_next lists those that there are"},
        {WM_EOPTION, "wm_app_set_str has failed: unknown option 'nmae': did you mean 'name'?"},
        {WM_EOPTION, "wm_hub_set_int has failed: unknown option 'max_uids': did you mean 'max_uid'?"},
        {WM_EINVAL, "wm_hub_set_str has failed: value is NULL"},
        {WM_EINVAL, "wm_timer_add has failed: a timer's times are from 0 to 1099511627776 ms"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        wm_app *app = wm_app_new();
        wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
        wm_hub *hub = wm_hub_new(app);
        switch (i) {
        case 0:
            wm_worker_set_int(worker, "cuont", 4);
            break;
        case 1:
            wm_worker_set_int(worker, "drain_ms", 4);
            break;
        case 2:
            wm_worker_set_str(worker, "count", "4");
            break;
        case 3:
            wm_app_set_int(app, "colour", 4);
            break;
        case 4:
            wm_app_set_str(app, "nmae", "x");
            break;
        case 5:
            wm_hub_set_int(hub, "max_uids", 4);
            break;
        case 6:
            wm_hub_set_str(hub, "name", NULL);
            break;
        default:
            wm_timer_add(app, -1, 0, NULL, NULL, NULL);
            break;
        }
        expect_no_start(app, worker, ROWS[i].code, ROWS[i].text);
        wm_app_free(app);
    }
}

static void first_error__counts(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    wm_worker_set_int(worker, "backlog", 0);
    wm_worker_set_int(worker, "cuont", 4);
    expect_no_start(app, worker, WM_EINVAL, "wm_worker_set_int has failed: option 'backlog' is from 1 to 65535, not 0");
    wm_app_free(app);
}

static void error__that_the_host_has_read_is_its_own_affair(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    if (wm_worker_set_int(worker, "not_yet", 1) != 0)
        assert_non_null(strstr(wm_last_error(), "not_yet"));
    assert_null(wm_worker_new(app, "mqtt://127.0.0.1:0"));
    assert_non_null(strstr(wm_last_error(), "unknown scheme"));
    assert_int_equal(run_once(app), 0);
    wm_worker_set_int(worker, "cuont", 4); /* the app runs: not of its setup */
    assert_int_equal(run_once(app), 0);
    wm_app_free(app);
}

static void option__that_is_right_later_is_right(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0"), *other = wm_worker_new(app, "text://127.0.0.1:0");
    if (wm_worker_set_int(worker, "backlog", INT64_C(1) << 40) == WM_EINVAL)
        assert_int_equal(wm_worker_set_int(worker, "backlog", 65535), 0);
    assert_int_equal(run_once(app), 0);
    wm_app_free(app);
    app = wm_app_new();
    worker = wm_worker_new(app, "text://127.0.0.1:0"), other = wm_worker_new(app, "text://127.0.0.1:0");
    wm_worker_set_int(worker, "backlog", 0);
    assert_int_equal(wm_worker_set_int(other, "backlog", 100), 0);
    assert_int_equal(wm_worker_set_int(worker, "count", 1), 0);
    expect_no_start(app, worker, WM_EINVAL, "wm_worker_set_int has failed: option 'backlog' is from 1 to 65535, not 0");
    wm_app_free(app);
}

/* What is read is the last error, not one before it. */
static void error__that_another_has_hidden_was_not_read(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    wm_worker_set_int(worker, "cuont", 4);
    int64_t value;
    assert_int_equal(wm_worker_get_int(worker, "nothing", &value), WM_EOPTION);
    assert_non_null(strstr(wm_last_error(), "nothing"));
    expect_no_start(app, worker, WM_EOPTION, "wm_worker_set_int has failed: unknown option 'cuont': did you mean 'count'?");
    /* Now it was read, as the error of the start. */
    assert_int_equal(run_once(app), 0);
    wm_app_free(app);
}

static void error_of_another_app__does_not_count(void **state)
{
    (void)state;
    wm_app *app = wm_app_new(), *other = wm_app_new();
    wm_app_set_int(other, "colour", 4);
    assert_non_null(wm_worker_new(app, "text://127.0.0.1:0"));
    assert_int_equal(run_once(app), 0);
    assert_int_equal(run_once(other), WM_EOPTION);
    wm_app_free(app);
    wm_app_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address__that_is_wrong_is_the_error_of_the_start),
        cmocka_unit_test(option__that_is_wrong_is_the_error_of_the_start),
        cmocka_unit_test(first_error__counts),
        cmocka_unit_test(error__that_the_host_has_read_is_its_own_affair),
        cmocka_unit_test(option__that_is_right_later_is_right),
        cmocka_unit_test(error__that_another_has_hidden_was_not_read),
        cmocka_unit_test(error_of_another_app__does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
