/**
 * @file
 * wm_worker_check: what a listen would need, without one. The files of certificates are in tests/process/test_tls.py.
 */
#include "support/client.h"

static void expect_wrong(wm_worker *worker, int code, const char *text)
{
    assert_int_equal(wm_worker_check(worker), code);
    if (!strstr(wm_last_error(), text))
        fail_msg("\"%s\" does not say \"%s\"", wm_last_error(), text);
}

static void address__that_can_be_listened_at_is_0_and_stays_free(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    assert_int_equal(wm_worker_check(worker), 0);
    assert_string_equal(wm_worker_address(worker), "text://127.0.0.1:0");
    assert_int_equal(wm_worker_listen(worker), 0);
    assert_int_equal(wm_worker_check(worker), 0);
    expect_wrong(wm_worker_new(app, NULL), WM_ESTATE, "without an address");
    expect_wrong(wm_worker_new(app, "text://no-such-host.invalid:1"), WM_EDNS, "no-such-host.invalid");
    assert_int_equal(wm_worker_check(NULL), WM_EINVAL);
    wm_app_free(app);
}

static void certificate__that_is_not_there_is_named(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    assert_int_equal(wm_worker_set_str(worker, "tls_cert", "/nowhere/cert.pem"), 0);
    assert_int_equal(wm_worker_check(worker), 0); /* it does not listen with TLS */
    assert_int_equal(wm_worker_set_str(worker, "transport", "ssl"), 0);
    assert_true(wm_worker_check(worker) < 0);
    expect_wrong(worker, wm_worker_check(worker), "certificate /nowhere/cert.pem: No such file or directory");
    assert_int_equal(wm_worker_set_str(worker, "tls_cert", ""), 0);
    expect_wrong(worker, WM_ETLS, "set tls_cert and tls_key");
    wm_app_free(app);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(address__that_can_be_listened_at_is_0_and_stays_free),
        cmocka_unit_test(certificate__that_is_not_there_is_named),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
