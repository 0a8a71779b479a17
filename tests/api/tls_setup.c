/* What a worker is told whose TLS cannot be. What works is in tests/conformance/test_tls.py, with real clients. */
#include "support/contract.h"

static void expect_no_listen(wm_worker *worker, const char *part)
{
    assert_true(wm_worker_listen(worker) < 0);
    assert_non_null(strstr(wm_last_error(), part));
}

static void certificates_are_checked_at_listen(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "https://127.0.0.1:0");
    expect_no_listen(worker, "set tls_cert and tls_key");
    assert_int_equal(wm_worker_set_str(worker, "tls_cert", "/nonexistent/cert.pem"), 0);
    expect_no_listen(worker, "certificate /nonexistent/cert.pem: No such file or directory");
    assert_int_equal(wm_worker_set_str(worker, "transport", "tcp"), 0);
    expect_no_listen(worker, "https://127.0.0.1:0 is over TLS");
    assert_int_equal(wm_worker_set_str(worker, "transport", "unix"), 0);
    expect_no_listen(worker, "https+unix:///PATH");
    assert_int_equal(wm_worker_set_str(worker, "transport", "udp"), 0);
    expect_no_listen(worker, "option 'transport' is 'udp', and https://127.0.0.1:0 is over TLS");
    assert_int_equal(wm_worker_set_str(worker, "transport", "sctp"), WM_EINVAL);
    assert_int_equal(wm_worker_set_str(worker, "tls_min_version", "1.1"), WM_EINVAL);
    wm_app_free(app);
}

static void a_server_name_has_its_form(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "https://127.0.0.1:0");
    assert_int_equal(wm_worker_add_certificate(worker, "www.example.com", "cert.pem", "key.pem"), 0);
    assert_int_equal(wm_worker_add_certificate(worker, "*.example.com", "cert.pem", NULL), 0);
    assert_int_equal(wm_worker_add_certificate(worker, NULL, "cert.pem", NULL), 0);
    assert_int_equal(wm_worker_add_certificate(worker, NULL, NULL, NULL), WM_EINVAL);
    for (const char *const *name = (const char *const[]){"", "*", "a.*.example", "exa mple", "https://a.example", ".example", NULL}; *name;
         name++) {
        assert_int_equal(wm_worker_add_certificate(worker, *name, "cert.pem", NULL), WM_EINVAL);
        assert_non_null(strstr(wm_last_error(), "the right form is www.example.com or *.example.com"));
    }
    wm_app_free(app);
}

static void a_connection_without_tls_has_no_info(void **state)
{
    (void)state;
    char text[8];
    assert_int_equal(wm_conn_tls_info(0, WM_TLS_VERSION, text, sizeof text), WM_ECLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_checked_at_listen),
        cmocka_unit_test(a_server_name_has_its_form),
        cmocka_unit_test(a_connection_without_tls_has_no_info),
    };
    return cmocka_run_group_tests_name("tls_setup", tests, NULL, NULL);
}
