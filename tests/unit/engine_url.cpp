// URLs of engines: what they mean, and what is said of a wrong one.
#include "hub/engine/engine_url.h"

#include "core/error.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

EngineUrl parsed(std::string_view text)
{
    EngineUrl url;
    if (url.parse(text) != 0)
        fail_msg("%.*s: %s", static_cast<int>(text.size()), text.data(), last_error());
    return url;
}

void servers_have_the_port_of_their_kind(void **)
{
    static constexpr struct {
        const char *url;
        EngineKind kind;
        bool tls;
        const char *servers;
    } kRows[] = {
        {"redis://cache", EngineKind::kRedis, false, "cache:6379 "},
        {"REDIS://cache:7000/", EngineKind::kRedis, false, "cache:7000 "},
        {"redis://cache:7000/3", EngineKind::kRedis, false, "cache:7000 "},
        {"rediss://[2001:db8::1]", EngineKind::kRedis, true, "[2001:db8::1]:6379 "},
        {"redis+unix:///run/redis/a,b@c.sock", EngineKind::kRedis, false, "/run/redis/a,b@c.sock "},
        {"redis+sentinel://a,b:1,[::1]:2/mymaster", EngineKind::kSentinel, false, "a:26379 b:1 [::1]:2 "},
        {"rediss+cluster://a,rediss+cluster://b:1", EngineKind::kRedisCluster, true, "a:6379 b:1 "},
        {"nats://a,nats://b:1/", EngineKind::kNats, false, "a:4222 b:1 "},
        {"nats+tls://a", EngineKind::kNats, true, "a:4222 "},
        {"TLS://a,tls://b", EngineKind::kNats, true, "a:4222 b:4222 "},
    };
    for (const auto &row : kRows) {
        EngineUrl url = parsed(row.url);
        std::string servers;
        for (const EngineServer &server : url.servers)
            servers += server.text() + " ";
        assert_int_equal(static_cast<int>(url.kind), static_cast<int>(row.kind));
        assert_int_equal(url.tls, row.tls);
        assert_string_equal(servers.c_str(), row.servers);
    }
    assert_string_equal(parsed("redis+sentinel://a/my-master.1").master.c_str(), "my-master.1");
}

void a_login_is_decoded_and_not_shown(void **)
{
    static constexpr struct {
        const char *url, *user, *password, *shown;
    } kRows[] = {
        {"redis://:pa%3Ass%2C@a", "", "pa:ss,", "redis://a:6379"},
        {"redis://me:p+%25@a:1", "me", "p+%", "redis://a:1"},
        {"nats://to%2Fken@a,b", "to/ken", "", "nats://a:4222,b:4222"},
        {"nats://me:secret@a,nats://me:secret@b", "me", "secret", "nats://a:4222,b:4222"},
        {"redis+sentinel://me:secret@a,b/m", "me", "secret", "redis+sentinel://a:26379,b:26379/m"},
    };
    for (const auto &row : kRows) {
        EngineUrl url = parsed(row.url);
        assert_string_equal(url.user.c_str(), row.user);
        assert_string_equal(url.password.c_str(), row.password);
        assert_string_equal(url.shown.c_str(), row.shown);
    }
}

void a_wrong_url_is_told_apart_without_its_password(void **)
{
    static constexpr struct {
        const char *url, *text;
    } kRows[] = {
        {"", "as redis://HOST:6379"},
        {"localhost:6379", "as redis://HOST:6379"},
        {"amqp://me:secret@a", "there are redis://"},
        {"://me:secret@a", "there are redis://"},
        {"redis://", "not HOST"},
        {"redis://me:secret@", "not HOST"},
        {"redis://me:secret@a:0", "'a:0' is not HOST"},
        {"redis://me:secret@a:70000", "'a:70000' is not HOST"},
        {"redis://a,b", "redis:// has one server"},
        {"redis://me:secret@a/wm", "no /wm"},
        {"redis+cluster://a/0", "no /0"},
        {"redis://me:sec%ret@a", "percent-encoded"},
        {"redis://me:secret%0d@a", "percent-encoded"},
        {"redis://me:secret/x@a", "percent-encoded"},
        {"redis://me:x/secret@a", "percent-encoded"},
        {"redis://me:secret,x@a", "percent-encoded"},
        {"redis+cluster://a,me:secret,x@b", "percent-encoded"},
        {"redis+unix://me:secret@a", "redis+unix:///PATH"},
        {"redis+sentinel://me:secret@a", "the name that the sentinels have"},
        {"redis+sentinel://me:secret@a/my master", "the name that the sentinels have"},
        {"nats://me:secret@a,nats+tls://b", "one scheme: nats"},
        {"nats://me:secret@a,nats://me:secret2@b", "one login"},
        {"nats://a,,b", "not HOST"},
    };
    for (const auto &row : kRows) {
        EngineUrl url;
        assert_int_equal(url.parse(row.url), WM_EINVAL);
        if (!strstr(last_error(), row.text) || strstr(last_error(), "secret"))
            fail_msg("%s: %s", row.url, last_error());
    }
    std::string many = "nats://a";
    for (size_t i = 0; i < EngineUrl::kMaxServers; i++)
        many += ",a";
    EngineUrl url;
    assert_int_equal(url.parse(many), WM_EINVAL);
    assert_non_null(strstr(last_error(), "at most 64 servers"));
    assert_int_equal(url.parse(std::string_view("redis://a\0b", 11)), WM_EINVAL);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_have_the_port_of_their_kind),
        cmocka_unit_test(a_login_is_decoded_and_not_shown),
        cmocka_unit_test(a_wrong_url_is_told_apart_without_its_password),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
