/**
 * @file
 * How an engine is chosen by options of hubs: what they take, what reads back, what is checked, and that all hubs of an app agree. No
 * secret is in a message or reads back.
 */
#include "support/client.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "0123456789abcdef0123"

static void expect(int result, int code, const char *text)
{
    if (result != code || !strstr(wm_last_error(), text))
        fail_msg("%d, \"%s\" is not %d with \"%s\"", result, wm_last_error(), code, text);
    assert_null(strstr(wm_last_error(), "swordfish"));
}

static void expect_text(wm_hub *hub, const char *option, const char *text)
{
    const char *value = NULL;
    assert_int_equal(wm_hub_get_str(hub, option, &value), 0);
    assert_string_equal(value, text);
}

static char paths[32][32];
static size_t made;

static void remove_files(void)
{
    while (made > 0)
        unlink(paths[--made]);
}

/* A file of that mode, not of root, that ends with the process. */
static const char *file(const char *text, mode_t mode)
{
    assert_true(made < sizeof paths / sizeof *paths);
    char *path = paths[made++];
    strcpy(path, "/tmp/wm-hub-engine-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0);
    assert_true(geteuid() != 0 || fchown(fd, 65534, 65534) == 0);
    close(fd);
    if (made == 1)
        assert_int_equal(atexit(remove_files), 0);
    return path;
}

static void options__read_back_without_secrets(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_hub *hub = wm_hub_new(app);
    int64_t verify = 7;
    expect_text(hub, "engine", "");
    expect_text(hub, "cluster", "default");
    assert_int_equal(wm_hub_set_str(hub, "engine", "redis://bob:swordfish@h:6380"), 0);
    expect_text(hub, "engine", "redis://h:6380");
    assert_int_equal(wm_hub_set_str(hub, "engine_password", "swordfish"), 0);
    expect_text(hub, "engine_password", "***");
    assert_int_equal(wm_hub_set_str(hub, "engine_password", ""), 0);
    expect_text(hub, "engine_password", "");
    assert_int_equal(wm_hub_get_int(hub, "engine_tls_verify", &verify), 0);
    assert_int_equal(verify, 1);
    assert_int_equal(wm_hub_set_str(hub, "engine", ""), 0);
    expect_text(hub, "engine", "");
    wm_app_free(app);
}

static void wrong_values__are_refused_at_once(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_hub *hub = wm_hub_new(app);
    expect(wm_hub_set_str(hub, "engine", "h:6379"), WM_EINVAL, "option 'engine': the engine is a URL, as redis://HOST:6379");
    expect(wm_hub_set_str(hub, "engine", "amqp://bob:swordfish@h"), WM_EINVAL, "no engine has that scheme");
    expect(wm_hub_set_str(hub, "engine", "redis://bob:swordfish@h:99999"), WM_EINVAL, "option 'engine': ");
    expect(wm_hub_set_str(hub, "engine_password", "sword\nfish"), WM_EINVAL, "no control characters");
    expect(wm_hub_set_str(hub, "cluster", ""), WM_EINVAL, "1 to 64 letters, digits, - and _");
    expect(wm_hub_set_str(hub, "cluster", "a.b"), WM_EINVAL, "1 to 64 letters, digits, - and _, not 'a.b'");
    expect(wm_hub_set_str(hub, "cluster", "12345678901234567890123456789012345678901234567890123456789012345"), WM_EINVAL, "1 to 64");
    expect(wm_hub_set_int(hub, "engine_tls_verify", 2), WM_EINVAL, "from 0 to 1");
    expect_text(hub, "engine", "");
    expect_text(hub, "cluster", "default");
    wm_app_free(app);
}

static void check__reads_the_files(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_hub *hub = wm_hub_new(app);
    assert_int_equal(wm_hub_check(hub), 0);
    assert_int_equal(wm_hub_set_str(hub, "engine", "redis://h"), 0);
    assert_int_equal(wm_hub_check(hub), 0);
    assert_int_equal(wm_hub_set_str(hub, "secret_file", "/nowhere/secret"), 0);
    expect(wm_hub_check(hub), WM_ESYS, "option 'secret_file': /nowhere/secret: No such file or directory");
    static const struct {
        const char *text;
        mode_t mode;
        const char *wrong;
    } kSecrets[] = {
        {SECRET "\n", 0640, "its group can open it, mode 0640: chmod g= /tmp/"},
        {SECRET "\n", 0604, "every user of this machine can open it, mode 0604: chmod go= /tmp/"},
        {"", 0600, "it is empty"},
        {"\n", 0600, "it is empty"},
        {"swordfish", 0600, "16 to 1024 visible ASCII characters without blanks"},
        {"swordfish swordfish swordfish", 0600, "without blanks"},
        {SECRET "\n" SECRET "\n", 0600, "it is not one line of at most 1024 bytes"},
        {SECRET "\r\n", 0400, NULL},
        {SECRET, 0600, NULL},
    };
    for (size_t i = 0; i < sizeof kSecrets / sizeof *kSecrets; i++) {
        assert_int_equal(wm_hub_set_str(hub, "secret_file", file(kSecrets[i].text, kSecrets[i].mode)), 0);
        if (kSecrets[i].wrong)
            expect(wm_hub_check(hub), WM_EINVAL, kSecrets[i].wrong);
        else
            assert_int_equal(wm_hub_check(hub), 0);
    }
    if (geteuid() == 0) { /* root has chosen its members */
        const char *path = file(SECRET, 0440);
        assert_int_equal(chown(path, 0, 65534), 0);
        assert_int_equal(wm_hub_set_str(hub, "secret_file", path), 0);
        assert_int_equal(wm_hub_check(hub), 0);
    }
    assert_int_equal(wm_hub_set_str(hub, "secret_file", "/tmp"), 0);
    expect(wm_hub_check(hub), WM_EINVAL, "option 'secret_file': /tmp: not a regular file");
    assert_int_equal(wm_hub_set_str(hub, "secret_file", ""), 0);
    assert_int_equal(wm_hub_set_str(hub, "engine_password_file", file("pass word\n", 0600)), 0);
    assert_int_equal(wm_hub_check(hub), 0);
    assert_int_equal(wm_hub_set_str(hub, "engine_password_file", file("", 0600)), 0);
    expect(wm_hub_check(hub), WM_EINVAL, "option 'engine_password_file'");
    assert_int_equal(wm_hub_set_str(hub, "engine_password", "swordfish"), 0);
    expect(wm_hub_check(hub), WM_EINVAL, "'engine_password' and 'engine_password_file' are both set: leave one");
    assert_int_equal(wm_hub_set_str(hub, "engine_password_file", ""), 0);
    assert_int_equal(wm_hub_check(hub), 0);
    assert_int_equal(wm_hub_set_str(hub, "engine", "redis://bob:swordfish@h"), 0);
    expect(wm_hub_check(hub), WM_EINVAL, "option 'engine' has a password, and option 'engine_password' besides: leave one");
    wm_app_free(app);
}

static void check__of_tls_needs_an_engine_with_tls(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_hub *hub = wm_hub_new(app);
    assert_int_equal(wm_hub_set_str(hub, "engine", "redis://h"), 0);
    assert_int_equal(wm_hub_set_int(hub, "engine_tls_verify", 0), 0);
    expect(wm_hub_check(hub), WM_EINVAL,
           "option 'engine_tls_verify' does nothing, as the engine redis://h:6379 is not over TLS: that is rediss://");
    assert_int_equal(wm_hub_set_str(hub, "engine", "rediss://h"), 0);
    assert_int_equal(wm_hub_check(hub), 0);
    assert_int_equal(wm_hub_set_str(hub, "engine_tls_ca_file", "/nowhere/ca.pem"), 0);
    expect(wm_hub_check(hub), WM_ESYS, "option 'engine_tls_ca_file': /nowhere/ca.pem: ");
    wm_app_free(app);
}

static void hubs_of_an_app__share_one_engine(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_hub *one = wm_hub_new(app), *two = wm_hub_new(app);
    assert_int_equal(wm_hub_set_str(two, "name", "second"), 0);
    assert_int_equal(wm_hub_set_str(two, "cluster", "c"), 0);
    expect(wm_hub_check(one), WM_EINVAL, "hub 'second': option 'cluster' does nothing without option 'engine'");
    assert_int_equal(wm_hub_set_str(one, "engine", "redis://:swordfish@h"), 0);
    expect(wm_hub_check(two), WM_EINVAL, "hub 'second': option 'cluster' does nothing without option 'engine'");
    assert_int_equal(wm_hub_set_str(two, "cluster", "default"), 0);
    assert_int_equal(wm_hub_check(two), 0); /* it shares that of the other */
    assert_int_equal(wm_hub_set_str(two, "engine", "redis://:swordfish2@h"), 0);
    expect(wm_hub_check(one), WM_EINVAL, "hubs 'hub' and 'second' differ in option 'engine': all hubs of an app share one engine");
    assert_int_equal(wm_hub_set_str(two, "engine", "redis://:swordfish@h"), 0);
    assert_int_equal(wm_hub_check(one), 0);
    assert_int_equal(wm_hub_set_str(two, "cluster", "c"), 0);
    expect(wm_hub_check(one), WM_EINVAL, "differ in option 'cluster'");
    wm_app_free(app);
}

static void without_a_master__an_engine_is_an_error(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_hub *hub = wm_hub_new(app);
    assert_int_equal(wm_hub_ready(hub), 0);
    assert_int_equal(wm_hub_set_str(hub, "engine", "redis://h"), 0);
    expect(wm_app_run(app), WM_ESTATE, "option 'engine' of a hub needs wm_app_main");
    wm_app_free(app);
}

static int32_t nothing(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user)
{
    (void)hub, (void)topic, (void)topic_len, (void)data, (void)len, (void)user;
    return 0;
}

static void engine__may_be_set_until_the_start(void **state)
{
    (void)state;
    wm_app *app = wm_app_new();
    wm_hub *hub = wm_hub_new(app);
    assert_int_equal(wm_hub_on_message(hub, "t", 1, nothing, NULL, NULL), 0);
    expect(wm_hub_set_str(hub, "name", "x"), WM_ESTATE, "option 'name'");
    assert_int_equal(wm_hub_set_str(hub, "engine", "redis://h"), 0);
    assert_int_equal(wm_hub_set_str(hub, "engine", ""), 0);
    wm_event events[4];
    assert_int_equal(wm_app_poll(app, events, 4, 0), 0);
    expect(wm_hub_set_str(hub, "engine", "redis://h"), WM_ESTATE, "option 'engine' must be set before wm_app_main");
    expect(wm_hub_set_int(hub, "engine_tls_verify", 0), WM_ESTATE, "option 'engine_tls_verify' must be set before wm_app_main");
    assert_int_equal(wm_hub_set_int(hub, "timeout_ms", 100), 0);
    wm_app_free(app);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(options__read_back_without_secrets),
        cmocka_unit_test(wrong_values__are_refused_at_once),
        cmocka_unit_test(check__reads_the_files),
        cmocka_unit_test(check__of_tls_needs_an_engine_with_tls),
        cmocka_unit_test(hubs_of_an_app__share_one_engine),
        cmocka_unit_test(without_a_master__an_engine_is_an_error),
        cmocka_unit_test(engine__may_be_set_until_the_start),
    };
    return cmocka_run_group_tests_name("hub_engine", tests, NULL, NULL);
}
