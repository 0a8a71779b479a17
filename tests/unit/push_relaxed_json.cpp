// What an error message of wm-push makes of a body that is nearly JSON.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wm-push/relaxed_json.h"

// Last: its macros (fail, ...) are names in other headers.
extern "C" {
#include <cmocka.h>
}

using wm::read_relaxed_body;
using wm::RelaxedBody;

namespace {

void relaxed_json__writes_what_was_meant(void **)
{
    const struct {
        std::string_view text, json;
    } rows[] = {
        {"{percent:88%}", R"({"percent":"88%"})"},
        {"{percent: 88 %, done: 17, ok: true}", R"({"percent":"88 %","done":17,"ok":true})"},
        {"{a:[1,x],b:{c:null}}", R"({"a":[1,"x"],"b":{"c":null}})"},
        {"{url:http://h:80/a?b=c}", R"({"url":"http://h:80/a?b=c"})"},
        {"{'a':'it said \"no\"','b':True,'c':None}", R"({"a":"it said \"no\"","b":true,"c":null})"},
        {R"({\"a\":\"b\"})", R"({"a":"b"})"},
        {"{\xe2\x80\x9c"
         "a\xe2\x80\x9d:\xe2\x80\x98"
         "b\xe2\x80\x99}",
         R"({"a":"b"})"},
        {R"({"a":"x\"y","b":1.50})", R"({"a":"x\"y","b":1.50})"},
        {R"({"a":1 "b":2,})", R"({"a":1,"b":2})"},
        {R"({"a":[1,{"b":"c")", R"({"a":[1,{"b":"c"}]})"},
        {R"({"a":"b)", R"({"a":"b"})"},
        {R"({"a":"b})", R"({"a":"b"})"},
        {"<a:<b:1>>", R"({"a":{"b":1}})"},
        {"{ }", "{}"},
        {"[a, 1, {b:c", R"(["a",1,{"b":"c"}])"},
    };
    RelaxedBody body;
    for (const auto &row : rows) {
        assert_true(read_relaxed_body(row.text, body));
        assert_string_equal(body.json.c_str(), std::string(row.json).c_str());
        assert_string_equal(body.uid.c_str(), "");
    }
}

void relaxed_json__takes_the_uid_out(void **)
{
    RelaxedBody body;
    assert_true(read_relaxed_body(R"({"a":{"uid":1},"uid":"u1","b":2})", body));
    assert_string_equal(body.json.c_str(), R"({"a":{"uid":1},"b":2})");
    assert_string_equal(body.uid.c_str(), "u1");
    assert_true(read_relaxed_body("{uid:17}", body));
    assert_string_equal(body.json.c_str(), "{}");
    assert_string_equal(body.uid.c_str(), "17");
}

void relaxed_json__gives_up_on_the_rest(void **)
{
    RelaxedBody body;
    for (std::string_view text : {"", "hello", "{}{}", "{} x", "{a}", "{:1}", "{a:}", "{a:{]}", "{\"a", "{a:1}}", "{,}", "{\"a\\\":1}",
                                  "{a:\"\x01\"}", "{a:\xff}", "{\"a\":\"\\q\"}"})
        assert_false(read_relaxed_body(text, body));
    assert_false(read_relaxed_body("{a:" + std::string(300, 'x') + "}", body));
    std::string deep;
    for (int i = 0; i < 60; i++)
        deep += "{a:";
    assert_false(read_relaxed_body(deep, body));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(relaxed_json__writes_what_was_meant),
        cmocka_unit_test(relaxed_json__takes_the_uid_out),
        cmocka_unit_test(relaxed_json__gives_up_on_the_rest),
    };
    return cmocka_run_group_tests_name("push_relaxed_json", tests, nullptr, nullptr);
}
