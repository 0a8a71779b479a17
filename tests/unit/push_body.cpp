// What wm-push makes of a body: bytes in, the line of the inner port out.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "shared/json_scan.h"
#include "shared/push_body.h"

// Last: its macros (fail, ...) are names in other headers.
extern "C" {
#include <cmocka.h>
}

using namespace std::string_literals;
using namespace std::string_view_literals;
using wm::PushBody;

namespace {

void assert_same(const std::string &line, std::string_view wanted)
{
    if (line != wanted)
        fail_msg("%s\nis not\n%.*s", line.c_str(), static_cast<int>(wanted.size()), wanted.data());
}

// The server must accept every line that is built.
void assert_taken(const std::string &line, wm::PushLine::Kind kind)
{
    wm::PushLine read;
    wm::scan_push_line(line.data(), line.size(), read);
    assert_int_equal(read.kind, kind);
    assert_null(std::memchr(line.data(), '\n', line.size()));
}

void assert_body(std::string_view body, std::string_view wanted)
{
    std::string line;
    std::string error;
    if (!PushBody::to_uid("u").build(body, line, error))
        fail_msg("%.*s: %s", static_cast<int>(body.size()), body.data(), error.c_str());
    assert_same(line, wanted);
    assert_taken(line, wm::PushLine::Kind::kPush);
}

void assert_no_body(std::string_view body, std::string_view part_of_error)
{
    std::string line;
    std::string error;
    if (PushBody::to_uid("u").build(body, line, error))
        fail_msg("%.*s was taken", static_cast<int>(body.size()), body.data());
    if (error.find(part_of_error) == std::string::npos)
        fail_msg("\"%s\" does not say \"%.*s\"", error.c_str(), static_cast<int>(part_of_error.size()), part_of_error.data());
}

void assert_text(std::string_view text, std::string_view wanted)
{
    std::string line;
    std::string error;
    if (!PushBody::to_uid("u").build_from_text(text, line, error))
        fail_msg("%.*s: %s", static_cast<int>(text.size()), text.data(), error.c_str());
    assert_same(line, wanted);
    assert_taken(line, wm::PushLine::Kind::kPush);
}

void push_body__splices_the_uid_into_an_object(void **)
{
    assert_body(R"({"percent":"88%"})", R"({"uid":"u","percent":"88%"})");
    assert_body(" \n {\"a\":1} \n", R"({"uid":"u","a":1})");
    assert_body(R"({ "a" : 1 })", R"({"uid":"u", "a" : 1 })");
    assert_body(R"({"a":{"uid":"inner","wm":1}})", R"({"uid":"u","a":{"uid":"inner","wm":1}})");
}

void push_body__splices_without_a_comma_into_an_empty_object(void **)
{
    assert_body("{}", R"({"uid":"u"})");
    assert_body("{ \n}", R"({"uid":"u"  })");
    assert_body("<>", R"({"uid":"u"})");
}

void push_body__never_reprints_a_value(void **)
{
    assert_body(R"({"id":12345678901234567890,"p":1.50,"e":1E+2,"s":"a\/b\u00e9\ud800"})",
                R"({"uid":"u","id":12345678901234567890,"p":1.50,"e":1E+2,"s":"a\/b\u00e9\ud800"})");
    assert_body(R"({"z":1,"a":2,"z":3,"nul":"\u0000"})", R"({"uid":"u","z":1,"a":2,"z":3,"nul":"\u0000"})");
}

void push_body__puts_other_json_into_data(void **)
{
    assert_body("12345678901234567890", R"({"uid":"u","data":12345678901234567890})");
    assert_body(" 1.50\n", R"({"uid":"u","data":1.50})");
    assert_body("[1,\n2]", R"({"uid":"u","data":[1, 2]})");
    assert_body(R"("88%")", R"({"uid":"u","data":"88%"})");
    assert_body("null", R"({"uid":"u","data":null})");
}

void push_body__makes_one_line_of_many(void **)
{
    assert_body("{\r\n  \"a\": \"x\\ny\",\n\t\"b\":\n[]\n}", "{\"uid\":\"u\",    \"a\": \"x\\ny\", \t\"b\": [] }");
}

void push_body__reads_angle_brackets_as_braces(void **)
{
    assert_body(R"(<"percent":"88%">)", R"({"uid":"u","percent":"88%"})");
    assert_body(R"(<"a":"1 < 2 > 0","b":<"c":1>>)", R"({"uid":"u","a":"1 < 2 > 0","b":{"c":1}})");
    assert_body(" \n<\"a\":[<>,<\"b\":\"<\\\"<\">]>\n ", R"({"uid":"u","a":[{},{"b":"<\"<"}]})");
    assert_body(R"(<"a\\":"<\\",">":1>)", R"({"uid":"u","a\\":"<\\",">":1})");
    assert_body(R"(<"中文":{"b":"<>"}>)", R"({"uid":"u","中文":{"b":"<>"}})");
    // Only when it begins and ends so: elsewhere < and > are what they are.
    assert_body(R"({"a":"<b>"})", R"({"uid":"u","a":"<b>"})");
    assert_body(R"("<b>")", R"({"uid":"u","data":"<b>"})");
    assert_no_body(R"({"a":<"b":1>})", "at byte offset 5 (<\"b\":1>})");
    assert_no_body(R"(<"a":1})", "at byte offset 0");
    assert_no_body("<", "at byte offset 0");
    assert_no_body("<b>bold</b>", "every < and > outside strings means { and }");
    assert_no_body(R"(<"a":"unclosed>)", "at its end (byte offset 15)");
}

void push_body__refuses_names_that_are_not_the_bodys(void **)
{
    assert_no_body(R"({"uid":"x"})", "at byte offset 1");
    assert_no_body(R"({"a":1,"\u0075id":"x"})", "at byte offset 7");
    assert_no_body(R"({"a":1,"uid":null})", "remove it");
    assert_no_body(R"({"wm":{"cmd":"broadcast"},"data":1})", "reserved");
    assert_no_body(R"(<"uid":"x">)", "remove it");
}

void push_body__says_what_is_wrong_and_where(void **)
{
    assert_no_body("", "the body is empty");
    assert_no_body(" \r\n\t", "the body is empty");
    assert_no_body("hello\n", "at byte offset 0 (hello): expected a JSON value");
    assert_no_body(R"({"a":1} x)", "at byte offset 8 (x)");
    assert_no_body(R"({"a":88%})", "at byte offset 7 (%})");
    assert_no_body("{\"a\":\"\xff\"}", "at byte offset 6 (\\xff\"})");
    assert_no_body("{\"a\":\"x\ny\"}", "at byte offset 7 (\\x0ay\"})");
    assert_no_body(std::string(1 << 20, '['), "at byte offset 512");
    assert_no_body("{\"a\":\"\0\"}"sv, "at byte offset 6");
}

void push_body__refuses_what_a_server_would_refuse(void **)
{
    std::string frame = R"({"uid":"u","a":""})";
    std::string most(wm::kMaxPushBytes - frame.size(), 'x');
    assert_body("{\"a\":\"" + most + "\"}", R"({"uid":"u","a":")" + most + "\"}");
    assert_no_body("{\"a\":\"" + most + "y\"}", "1048577 bytes, the server accepts at most 1048576");
    // 512 brackets are JSON enough for a body, but not one level deeper.
    assert_no_body(std::string(512, '[') + std::string(512, ']'), "512 levels");
    std::string line;
    std::string error;
    assert_true(PushBody::to_uid("u").build(std::string(511, '[') + std::string(511, ']'), line, error));
    PushBody latest = PushBody::to_uid("u", PushBody::latest_of("k")); // whose object lies one level deeper
    std::string deepest = R"({"a":)" + std::string(510, '[') + std::string(510, ']') + "}";
    assert_true(latest.build(deepest, line, error));
    assert_int_equal(line.size(),
                     deepest.size() + std::string_view(R"({"wm":{"cmd":"push","uid":"u","key":"k"},"data":"uid":"u",})").size());
    assert_false(latest.build(R"({"a":[)" + deepest + "]}", line, error));
    assert_false(latest.build_from_text(std::string(wm::kMaxPushBytes - 30, 'x'), line, error));
}

void push_body__escapes_the_uid(void **)
{
    std::string line;
    std::string error;
    std::string uid = "a\"b\\c\n\x01\x7f/中😀 a long tail behind the sixteenth byte";
    assert_true(PushBody::to_uid(uid).build("{}", line, error));
    assert_same(line, "{\"uid\":\"a\\\"b\\\\c\\n\\u0001\x7f/中😀 a long tail behind the sixteenth byte\"}");
    wm::PushLine read;
    wm::scan_push_line(line.data(), line.size(), read);
    assert_int_equal(read.kind, wm::PushLine::Kind::kPush);
    assert_same(std::string(read.uid), uid);
}

void push_body__broadcasts_a_value(void **)
{
    std::string line;
    std::string error;
    PushBody all = PushBody::to_all();
    assert_true(all.build(" {\"uid\":1,\n\"wm\":1.50} ", line, error));
    assert_same(line, R"({"wm":{"cmd":"broadcast"},"data":{"uid":1, "wm":1.50}})");
    assert_taken(line, wm::PushLine::Kind::kBroadcast);
    assert_true(all.build("<\"a\":1>", line, error));
    assert_same(line, R"({"wm":{"cmd":"broadcast"},"data":{"a":1}})");
    assert_true(all.build_from_text("50 done", line, error));
    assert_same(line, R"({"wm":{"cmd":"broadcast"},"data":{"line":"50 done"}})");
    assert_taken(line, wm::PushLine::Kind::kBroadcast);
    assert_false(all.build("hello", line, error));
}

void push_body__wraps_a_value_for_a_group(void **)
{
    std::string line;
    std::string error;
    assert_true(PushBody::to_group("g\"", "").build("{\"uid\":1.50}", line, error));
    assert_same(line, R"({"wm":{"cmd":"push","group":"g\""},"data":{"uid":1.50}})");
    assert_taken(line, wm::PushLine::Kind::kGroup);
    assert_true(PushBody::to_group("g", "a\n").build_from_text("50 done", line, error));
    assert_same(line, R"({"wm":{"cmd":"push","group":"g","except":"a\n"},"data":{"line":"50 done"}})");
    assert_taken(line, wm::PushLine::Kind::kGroup);
}

void push_body__takes_any_text_line(void **)
{
    assert_text("make: done", R"({"uid":"u","line":"make: done"})");
    assert_text("12", R"({"uid":"u","line":"12"})");
    assert_text("[1]", R"({"uid":"u","line":"[1]"})");
    assert_text("  ", R"({"uid":"u","line":"  "})");
    assert_text("a\tb\x1b[0m\0c \"q\" \\"sv, "{\"uid\":\"u\",\"line\":\"a\\tb\\u001b[0m\\u0000c \\\"q\\\" \\\\\"}");
    assert_text(R"({"a":1.50})", R"({"uid":"u","a":1.50})");
    assert_text(R"( <"a":1> )", R"({"uid":"u","a":1})");
    assert_text("{broken", R"({"uid":"u","line":"{broken"})");
    assert_text("<b>x</b>", R"({"uid":"u","line":"<b>x</b>"})");
    std::string line;
    std::string error;
    assert_false(PushBody::to_uid("u").build_from_text(R"({"uid":"x"})", line, error));
    assert_non_null(std::strstr(error.c_str(), "remove it"));
    assert_false(PushBody::to_uid("u").build_from_text("caf\xe9", line, error));
    assert_non_null(std::strstr(error.c_str(), "at byte offset 3 (\\xe9)"));
    assert_false(PushBody::to_uid("u").build_from_text(std::string(wm::kMaxPushBytes, 'x'), line, error));
    assert_non_null(std::strstr(error.c_str(), "at most 1048576"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(push_body__splices_the_uid_into_an_object),
        cmocka_unit_test(push_body__splices_without_a_comma_into_an_empty_object),
        cmocka_unit_test(push_body__never_reprints_a_value),
        cmocka_unit_test(push_body__puts_other_json_into_data),
        cmocka_unit_test(push_body__makes_one_line_of_many),
        cmocka_unit_test(push_body__reads_angle_brackets_as_braces),
        cmocka_unit_test(push_body__refuses_names_that_are_not_the_bodys),
        cmocka_unit_test(push_body__says_what_is_wrong_and_where),
        cmocka_unit_test(push_body__refuses_what_a_server_would_refuse),
        cmocka_unit_test(push_body__escapes_the_uid),
        cmocka_unit_test(push_body__broadcasts_a_value),
        cmocka_unit_test(push_body__wraps_a_value_for_a_group),
        cmocka_unit_test(push_body__takes_any_text_line),
    };
    return cmocka_run_group_tests_name("push_body", tests, nullptr, nullptr);
}
