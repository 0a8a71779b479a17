// Set-Cookie lines byte for byte, and what is refused (RFC 6265bis §4.1, §5.6).
#include "proto/http/set_cookie.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_view_literals;
using wm::http::SameSite;
using wm::http::SetCookie;

std::string written(const SetCookie &cookie)
{
    size_t size = wm::http::cookie_size(cookie);
    std::unique_ptr<char[]> out(new char[size]);
    assert_int_equal(wm::http::write_cookie(out.get(), cookie), size);
    return {out.get(), size};
}

void cookie__as_bytes(void **)
{
    const struct {
        SetCookie cookie;
        const char *line;
    } rows[] = {
        {{.name = "a", .value = "b"}, "a=b"},
        {{.name = "a", .value = ""}, "a="},
        {{.name = "a", .value = "\"b\""}, "a=\"b\""},
        {{.name = "a", .value = "b=c&d/%41"}, "a=b=c&d/%41"},
        {{.name = "a", .value = "\xc3\xa4 ;\"%", .encode = true}, "a=%C3%A4%20%3B%22%25"},
        {{.name = "a", .value = "b\r\nX: y", .encode = true}, "a=b%0D%0AX:%20y"},
        {{.name = "a", .value = "b", .path = "/"}, "a=b; Path=/"},
        {{.name = "a", .value = "b", .domain = "example.com"}, "a=b; Domain=example.com"},
        {{.name = "a", .value = "b", .max_age_s = 0}, "a=b; Max-Age=0"},
        {{.name = "a", .value = "b", .max_age_s = 34560000}, "a=b; Max-Age=34560000"},
        {{.name = "a", .value = "b", .expires_s = 0}, "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT"},
        {{.name = "a", .value = "b", .secure = true, .http_only = true}, "a=b; Secure; HttpOnly"},
        {{.name = "a", .value = "b", .same_site = SameSite::kLax}, "a=b; SameSite=Lax"},
        {{.name = "a", .value = "b", .same_site = SameSite::kStrict}, "a=b; SameSite=Strict"},
        {{.name = "a", .value = "b", .secure = true, .partitioned = true, .same_site = SameSite::kNone},
         "a=b; Secure; SameSite=None; Partitioned"},
        {{.name = "__Host-a", .value = "b", .path = "/", .secure = true}, "__Host-a=b; Path=/; Secure"},
        {{.name = "__Secure-a", .value = "b", .secure = true}, "__Secure-a=b; Secure"},
    };
    for (const auto &row : rows) {
        const char *wrong = wm::http::check_cookie(row.cookie);
        if (wrong)
            fail_msg("%s: %s", row.line, wrong);
        assert_string_equal(written(row.cookie).c_str(), ("Set-Cookie: " + std::string(row.line) + "\r\n").c_str());
    }
}

void cookie__that_would_inject_or_be_ignored(void **)
{
    const std::string longest(4096, 'x'), attribute(1025, 'x'), path = "/" + attribute;
    const SetCookie rows[] = {
        {.name = "", .value = "b"},
        {.name = "a b", .value = "b"},
        {.name = "a=b", .value = "b"},
        {.name = "a;", .value = "b"},
        {.name = "a\r\n", .value = "b"},
        {.name = "a", .value = "b c"},
        {.name = "a", .value = "b;c"},
        {.name = "a", .value = "b,c"},
        {.name = "a", .value = "b\\c"},
        {.name = "a", .value = "\"b"},
        {.name = "a", .value = "\""},
        {.name = "a", .value = "b\r\nX: y"},
        {.name = "a", .value = "b\0"sv},
        {.name = "a", .value = "\x7f"},
        {.name = "a", .value = "\xc3\xa4"},
        {.name = "a", .value = longest},
        {.name = "a", .value = std::string_view(longest).substr(0, 4095), .domain = attribute},
        {.name = "a", .value = "b", .domain = "a;b"},
        {.name = "a", .value = "b", .domain = "a b"},
        {.name = "a", .value = "b", .domain = "a\r\nb"},
        {.name = "a", .value = "b", .path = "x"},
        {.name = "a", .value = "b", .path = "/;Secure"},
        {.name = "a", .value = "b", .path = "/\n"},
        {.name = "a", .value = "b", .path = path},
        {.name = "a", .value = "b", .same_site = SameSite::kNone},
        {.name = "a", .value = "b", .partitioned = true},
        {.name = "__Host-a", .value = "b", .secure = true},
        {.name = "__Host-a", .value = "b", .path = "/"},
        {.name = "__host-a", .value = "b", .path = "/x", .secure = true},
        {.name = "__Host-a", .value = "b", .domain = "example.com", .path = "/", .secure = true},
        {.name = "__Secure-a", .value = "b"},
        {.name = "__SECURE-a", .value = "b"},
    };
    for (const SetCookie &row : rows)
        if (!wm::http::check_cookie(row))
            fail_msg("taken: %s", written(row).c_str());
    assert_null(wm::http::check_cookie({.name = "a", .value = std::string_view(longest).substr(0, 4095)}));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(cookie__as_bytes),
        cmocka_unit_test(cookie__that_would_inject_or_be_ignored),
    };
    return cmocka_run_group_tests_name("http_set_cookie", tests, nullptr, nullptr);
}
