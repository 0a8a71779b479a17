// Reading validated header lines.
#include "proto/http/fields.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using std::string_view;

constexpr string_view kFields =
    "Host: a.b:80\r\nX-Empty:\r\naccept: \t text/html, */*;q=0.1 \t\r\nX: Host: not\r\nx: second\r\nX-Blank:  \t \r\n";

void expect_field(string_view name, string_view expected)
{
    string_view value = "untouched";
    assert_true(wm::http::find_field(kFields, name, value));
    assert_true(value == expected);
}

void find_field__first_of_the_name_trimmed(void **)
{
    expect_field("Host", "a.b:80");
    expect_field("hOST", "a.b:80");
    expect_field("ACCEPT", "text/html, */*;q=0.1");
    expect_field("x", "Host: not");
    expect_field("x-empty", "");
    expect_field("x-blank", "");
}

void find_field__absent(void **)
{
    for (string_view name : {"Hos", "Host: a.b", "Host:", "", "Hostt", "b", "not", "second", "X-", "X-Emp", "X-Empty:", "X: Host"}) {
        string_view value = "untouched";
        assert_false(wm::http::find_field(kFields, name, value));
        assert_true(value == "untouched");
    }
    string_view value;
    assert_false(wm::http::find_field("", "Host", value));
    assert_false(wm::http::find_field("A: b\r\n", "A-name-longer-than-the-lines", value));
}

void field_at__walks_in_order(void **)
{
    const string_view names[] = {"Host", "X-Empty", "accept", "X", "x", "X-Blank"};
    const string_view values[] = {"a.b:80", "", "text/html, */*;q=0.1", "Host: not", "second", ""};
    size_t cursor = 0;
    string_view name;
    string_view value;
    for (size_t i = 0; i < 6; i++) {
        assert_true(wm::http::field_at(kFields, cursor, name, value));
        assert_true(name == names[i]);
        assert_true(value == values[i]);
    }
    assert_int_equal(cursor, kFields.size());
    assert_false(wm::http::field_at(kFields, cursor, name, value));
    cursor = 0;
    assert_false(wm::http::field_at("", cursor, name, value));
}

void list_has_token__members_only(void **)
{
    assert_true(wm::http::list_has_token("keep-alive, Upgrade", "upgrade"));
    assert_true(wm::http::list_has_token("Upgrade", "upgrade"));
    assert_true(wm::http::list_has_token(" ,\tupGrade\t,x", "upgrade"));
    assert_true(wm::http::list_has_token("x,upgrade", "upgrade"));
    for (string_view value : {"", ",", "upgrades", "xupgrade", "up grade", "upgrade;q", "x, y"})
        assert_false(wm::http::list_has_token(value, "upgrade"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(find_field__first_of_the_name_trimmed),
        cmocka_unit_test(find_field__absent),
        cmocka_unit_test(field_at__walks_in_order),
        cmocka_unit_test(list_has_token__members_only),
    };
    return cmocka_run_group_tests_name("http_fields", tests, nullptr, nullptr);
}
