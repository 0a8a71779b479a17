// EngineSettings as text, from the master to the service, also of a neighbouring version.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hub/engine/settings_text.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::EngineSettings;

EngineSettings settings()
{
    EngineSettings out;
    out.url = "redis://a%40b:c@h:1,h:2";
    out.user = "a@b";
    out.password = std::string("p\0\n%=\xff", 6);
    out.cluster = "c-1";
    out.secret = "0123456789abcdef";
    out.tls_ca_file = "/etc/with space/ca.pem";
    out.tls_verify = false;
    out.node = 0xfedcba9876543210;
    return out;
}

void expect_same(const EngineSettings &got, const EngineSettings &wanted)
{
    assert_true(got.url == wanted.url && got.user == wanted.user && got.password == wanted.password && got.cluster == wanted.cluster);
    assert_true(got.secret == wanted.secret && got.tls_ca_file == wanted.tls_ca_file && got.tls_verify == wanted.tls_verify);
    assert_true(got.node == wanted.node);
}

void all_comes_back(void **)
{
    EngineSettings got;
    assert_true(wm::read_settings(wm::write_settings(settings()), got));
    expect_same(got, settings());
    assert_true(wm::read_settings(wm::write_settings({}), got));
    expect_same(got, {});
    assert_true(wm::read_settings("", got));
    expect_same(got, {});
}

void of_a_neighbour__lines_may_be_more_or_missing(void **)
{
    EngineSettings got, wanted;
    assert_true(wm::read_settings("wm-hub-settings 2\nnode=ff\nshards=4\nurl=nats://h\n", got));
    wanted.node = 255;
    wanted.url = "nats://h";
    expect_same(got, wanted);
}

void what_is_cut_or_something_else__is_refused(void **)
{
    EngineSettings got;
    std::string whole = wm::write_settings(settings());
    for (size_t size = 1; size < whole.size(); size++)
        if (whole[size - 1] != '\n')
            assert_false(wm::read_settings(whole.substr(0, size), got));
    for (const char *text : {"\n", "hub 1\n", "wm-hub-settings 1\nurl\n", "wm-hub-settings 1\nurl=%4\n", "wm-hub-settings 1\nurl=%4x\n",
                             "wm-hub-settings 1\nnode=x\n", "wm-hub-settings 1\nnode=11111111111111111\n"})
        assert_false(wm::read_settings(text, got));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_comes_back),
        cmocka_unit_test(of_a_neighbour__lines_may_be_more_or_missing),
        cmocka_unit_test(what_is_cut_or_something_else__is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
