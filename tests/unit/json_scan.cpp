// The strict scan of push lines: what is taken, what is refused, why and where. Lines with "wm" are in push_command.cpp.
#include "unit/scanned_line.h"

using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

void json_scan__takes_string_uids(void **)
{
    assert_push(R"({"uid":"uid1","percent":"88%"})", "uid1");
    assert_push(R"({"percent":"88%","uid":"uid1"})", "uid1");
    assert_push(" \t{ \"a\" : [ 1 , { } ] ,\r\n \"uid\" : \"x\" } \r", "x");
    assert_push(R"({"uid":"中文","a":{"uid":"inner"}})", "中文");
    assert_push(R"({"uid":")" + times("u", 255) + R"("})", times("u", 255));
}

void json_scan__takes_integer_uids_as_written(void **)
{
    assert_push(R"({"uid":7})", "7");
    assert_push(R"({"uid":0})", "0");
    assert_push(R"({"uid":-12,"x":1})", "-12");
    assert_push(R"({"uid":12345678901234567890})", "12345678901234567890");
    assert_push(R"({"uid":)" + times("9", 255) + "}", times("9", 255));
}

void json_scan__refuses_other_uids(void **)
{
    for (auto text : {R"({"uid":1.0})", R"({"uid":1e3})", R"({"uid":true})", R"({"uid":null})", R"({"uid":{}})"})
        assert_refused(text, ScanError::kUidType, 7);
    assert_refused(R"({"uid":-0})", ScanError::kUidMinusZero, 7);
    assert_refused(R"({"uid":""})", ScanError::kUidEmpty, 7);
    assert_refused(R"({"uid":")" + times("u", 256) + R"("})", ScanError::kUidLong, 7);
    assert_refused(R"({"uid":"\n)" + times("u", 255) + R"("})", ScanError::kUidLong, 7);
    assert_refused(R"({"uid":)" + times("9", 256) + "}", ScanError::kUidLong, 7);
    assert_refused(R"({"percent":"88%"})", ScanError::kUidMissing, 0);
    assert_refused(R"({"Uid":"a","a":{"uid":"b"}})", ScanError::kUidMissing, 0);
    assert_refused("{}", ScanError::kUidMissing, 0);
}

void json_scan__decodes_escapes_in_uids(void **)
{
    assert_push(R"({"uid":"\u4e2d\ud83d\ude00\"\\\/\b\f\n\r\tz"})", "中😀\"\\/\b\f\n\r\tz");
    assert_push(R"({"uid":"\u00e9\u07ff\u0800\uFFFF"})", "\xc3\xa9\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
    assert_push(R"({"uid":")" + times("\\u0041", 255) + R"("})", times("A", 255));
}

void json_scan__keeps_a_nul_escape_in_a_uid(void **)
{
    // Never cut short: uid "a" must not be reached by "a\u0000b".
    assert_push(R"({"uid":"a\u0000b"})", "a\0b"sv);
}

void json_scan__refuses_half_surrogates_in_uids_only(void **)
{
    for (auto uid : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\n")", R"("\ud800\ud800\udc00")", R"("\udc00\ud800")"})
        assert_refused("{\"uid\":"s + uid + "}", ScanError::kUidSurrogate, 7);
    assert_push(R"({"uid":"a","b":"\ud800","\udfff":1})", "a");
}

void json_scan__compares_names_decoded(void **)
{
    assert_push(R"({"\u0075id":"a"})", "a");
    assert_push(R"({"\u0075\u0069\u0064":"a"})", "a");
    assert_refused(R"({"uid":"a","\u0075id":"b"})", ScanError::kUidTwice, 11);
    assert_refused(R"({"uid":"a","b":1,"uid":"a"})", ScanError::kUidTwice, 17);
    assert_refused(R"({"uid\u0000":"a"})", ScanError::kUidMissing, 0);
    assert_refused(R"({"uid":"a","\u0077m":1})", ScanError::kWmForm, 21);
    assert_push(R"({"uid":"a","data\u0000":1,"\ud800":2,"a very long name\n":3})", "a");
}

void json_scan__refuses_what_is_no_object(void **)
{
    assert_refused("", ScanError::kEmpty, 0);
    assert_refused("  \r", ScanError::kEmpty, 0);
    for (auto text : {"[]", "garbage", "12", "\"uid\"", "null", "]", "}"})
        assert_refused(text, ScanError::kNotObject, 0);
    assert_refused("\xef\xbb\xbf{\"uid\":\"a\"}", ScanError::kByteOrderMark, 0);
}

void json_scan__refuses_text_behind(void **)
{
    assert_refused(R"({"uid":"a"}x)", ScanError::kTextBehind, 11);
    assert_refused(R"({"uid":"a"} {"uid":"b"})", ScanError::kTextBehind, 12);
    assert_refused(R"({"uid":"a"}})", ScanError::kTextBehind, 11);
    assert_refused("{\"uid\":\"a\"}\0"sv, ScanError::kTextBehind, 11);
}

void json_scan__names_the_place_of_a_broken_rule(void **)
{
    assert_refused(R"({"uid":"a",})", ScanError::kNameExpected, 11);
    assert_refused(R"({,"uid":"a"})", ScanError::kNameExpected, 1);
    assert_refused(R"({uid:"a"})", ScanError::kNameExpected, 1);
    assert_refused(R"({"uid" "a"})", ScanError::kColonExpected, 7);
    assert_refused(R"({"uid":"a" "b":1})", ScanError::kCommaExpected, 11);
    assert_refused(R"({"uid":"a","b":[1 2]})", ScanError::kCommaExpected, 18);
    assert_refused(R"({"uid":"a","b":[1,]})", ScanError::kValueExpected, 18);
    assert_refused(R"({"uid":"a","b":[1}})", ScanError::kCommaExpected, 17);
    assert_refused(R"({"uid":"a","b":{"c":1]})", ScanError::kCommaExpected, 21);
    assert_refused(R"({"uid":"a","b":{1:1}})", ScanError::kNameExpected, 16);
    assert_refused(R"({"uid":"a","b":tru})", ScanError::kValueExpected, 15);
    assert_refused(R"({"uid":"a","b":True})", ScanError::kValueExpected, 15);
    assert_refused(R"({"uid":"a","b":NaN})", ScanError::kValueExpected, 15);
    assert_refused(R"({"uid":"a","b":'c'})", ScanError::kValueExpected, 15);
    assert_refused(R"({"uid":"a",/**/"b":1})", ScanError::kNameExpected, 11);
    assert_refused("{\"uid\":\"a\",\x0b\"b\":1}", ScanError::kNameExpected, 11);
}

void json_scan__is_strict_with_numbers(void **)
{
    for (auto good : {"0", "-0", "1", "-10.05", "1e9", "0E+0", "123456789012345678901234567890.5e-999", "-0.0"})
        assert_push("{\"uid\":\"a\",\"b\":"s + good + "}", "a");
    for (auto bad : {"01", "-", "-x", "1.", "1.e1", "1e", "1e+", "00", "-01", "1.x"})
        assert_refused("{\"uid\":\"a\",\"b\":"s + bad + "}", ScanError::kBadNumber, 15);
    for (auto bad : {"+1", ".5", "Infinity"})
        assert_refused("{\"uid\":\"a\",\"b\":"s + bad + "}", ScanError::kValueExpected, 15);
    assert_refused(R"({"uid":"a","b":0x1})", ScanError::kCommaExpected, 16);
}

void json_scan__is_strict_with_escapes(void **)
{
    for (auto bad : {"\\x41", "\\u12g4", "\\u 123", "\\'", "\\U0041", "\\0", "\\u+123"})
        assert_refused("{\"uid\":\"a\",\"b\":\""s + bad + "\"}", ScanError::kBadEscape, 16);
    assert_refused(R"({"uid":"a","b":"\u12"})", ScanError::kBadEscape, 16);
    for (unsigned c = 0; c < 0x20; c++)
        assert_refused("{\"uid\":\"a\",\"b\":\"x"s + static_cast<char>(c) + "\"}", ScanError::kControlByte, 17);
    assert_push("{\"uid\":\"a\",\"b\":\"\x7f\"}", "a");
}

void json_scan__is_strict_with_utf8_at_every_place_of_a_block(void **)
{
    const std::string_view bad[] = {
        "\x80"sv,
        "\xbf"sv,
        "\xc0\x80"sv,
        "\xc1\xbf"sv,
        "\xc2"sv,
        "\xc2\xc2\x80"sv,
        "\xe0\x80\x80"sv,
        "\xe0\x9f\xbf"sv,
        "\xed\xa0\x80"sv,
        "\xed\xbf\xbf"sv,
        "\xe4\xb8"sv,
        "\xe4"sv,
        "\xf0\x80\x80\x80"sv,
        "\xf0\x8f\xbf\xbf"sv,
        "\xf4\x90\x80\x80"sv,
        "\xf5\x80\x80\x80"sv,
        "\xf0\x9f\x98"sv,
        "\xff"sv,
        "\xfe"sv,
        "\xf8\x88\x80\x80\x80"sv,
    };
    const std::string_view fills[] = {"x"sv, "\xc3\xa9"sv, "\xe4\xb8\xad"sv, "\xf0\x9f\x98\x80"sv, "\xed\x9f\xbf"sv, "\xe0\xa0\x80"sv};
    std::string head = R"({"uid":"a","b":")";
    for (auto fill : fills) {
        for (size_t before = 0; before < 20; before++) {
            std::string run = times(fill, before);
            assert_push(head + run + "\xef\xbf\xbf\xf4\x8f\xbf\xbf\xc2\x80" + run + "\"}", "a");
            for (auto bytes : bad)
                assert_refused(head + run + std::string(bytes) + times(fill, 8) + "\"}", ScanError::kBadUtf8, head.size() + run.size());
        }
    }
    assert_refused("{\"uid\":\"\xff\"}", ScanError::kBadUtf8, 8);
    assert_refused("{\"uid\":\"a\",\"\xff\":1}", ScanError::kBadUtf8, 12);
}

void json_scan__refuses_every_beginning_of_a_line(void **)
{
    std::string line = R"({"uid":"uid1","a":[1,-2.5e3,{"b":"c\u00e9中文字元中文字元"}],"d":{"e":true},"f":null})";
    assert_push(line, "uid1");
    for (size_t len = 0; len < line.size(); len++) {
        Scanned scanned(std::string_view(line).substr(0, len));
        assert_int_equal(scanned.line().kind, PushLine::Kind::kInvalid);
        // Missing bytes are reported at the end; a truncated character or word where it begins.
        assert_true(scanned.line().offset <= len && scanned.line().offset + 4 >= std::min<size_t>(len, 4));
    }
    assert_refused(R"({"uid":"a)", ScanError::kTruncated, 9);
    assert_refused(R"({"uid":"a"})"s.substr(0, 10), ScanError::kTruncated, 10);
    assert_refused(R"({"uid":"a","b":{})", ScanError::kTruncated, 17);
    assert_refused(R"({"uid":"a","b":[[]])", ScanError::kTruncated, 19);
    assert_refused(R"({"uid":"a","b":"}"s)"s.substr(0, 17), ScanError::kTruncated, 17);
}

void json_scan__bounds_the_depth(void **)
{
    auto nested = [](size_t depth) { return "{\"uid\":\"a\",\"b\":" + times("[", depth) + times("]", depth) + "}"; };
    assert_push(nested(wm::kMaxDepth - 1), "a");
    assert_refused(nested(wm::kMaxDepth), ScanError::kTooDeep, 15 + wm::kMaxDepth - 1);
    auto mixed = [](size_t pairs) { return "{\"uid\":\"a\",\"b\":" + times("[{\"k\":", pairs) + "1" + times("}]", pairs) + "}"; };
    assert_push(mixed(255), "a");
    assert_refused(mixed(256), ScanError::kTooDeep, 15 + 255 * 6 + 1);
    std::string wrong = "{\"uid\":\"a\",\"b\":" + times("[{\"k\":", 200) + "1" + times("}]", 100) + "]";
    assert_refused(wrong, ScanError::kCommaExpected, wrong.size() - 1);
    std::string bomb(1 << 20, '[');
    assert_int_equal(wm::scan_text(bomb.data(), bomb.size()).error, ScanError::kTooDeep);
    assert_int_equal(wm::scan_text(bomb.data(), bomb.size()).offset, wm::kMaxDepth);
    assert_refused("{\"uid\":\"a\",\"b\":" + bomb, ScanError::kTooDeep, 15 + wm::kMaxDepth - 1);
    std::string objects = times("{\"a\":", 200000);
    assert_int_equal(wm::scan_text(objects.data(), objects.size()).error, ScanError::kTooDeep);
}

void json_scan__finds_the_uid_of_a_login(void **)
{
    const struct {
        std::string_view text;
        ScanError error;
        std::string_view uid;
    } rows[] = {
        {R"({"type":"login","user":"u1","uid":1.5})", ScanError::kNone, "u1"},
        {R"( {"us\u0065r" : "a\u0000b"} )", ScanError::kNone, "a\0b"sv},
        {R"({"user":42})", ScanError::kNone, "42"},
        {R"({"users":"u1","x":{"user":"u1"}})", ScanError::kUidMissing, ""},
        {R"({"user":"a","user":"a"})", ScanError::kUidTwice, ""},
        {R"({"user":""})", ScanError::kUidEmpty, ""},
        {R"({"user":true})", ScanError::kUidType, ""},
        {R"(["user"])", ScanError::kNotObject, ""},
        {R"({"user":"a"}x)", ScanError::kTextBehind, ""},
        {R"({"user":"a")", ScanError::kTruncated, ""},
        {"", ScanError::kEmpty, ""},
    };
    for (const auto &row : rows) {
        wm::UidScratch scratch;
        std::string_view uid;
        assert_int_equal(wm::scan_uid_member(row.text.data(), row.text.size(), "user", scratch, uid), row.error);
        if (row.error == ScanError::kNone)
            assert_view(uid, row.uid);
    }
    std::string key(64, 'k'), text = "{\"" + key + "\":\"a\",\"" + key + "k\":\"b\"}";
    wm::UidScratch scratch;
    std::string_view uid;
    assert_int_equal(wm::scan_uid_member(text.data(), text.size(), key, scratch, uid), ScanError::kNone);
    assert_view(uid, "a");
}

void json_scan__says_what_a_text_is(void **)
{
    auto shape = [](std::string_view text) { return wm::scan_text(text.data(), text.size()); };
    assert_int_equal(shape(" 12 ").kind, wm::JsonKind::kInteger);
    assert_int_equal(shape(" 12 ").start, 1);
    assert_int_equal(shape(" 12 ").len, 2);
    assert_int_equal(shape("1.5").kind, wm::JsonKind::kNumber);
    assert_int_equal(shape("\"x\"").kind, wm::JsonKind::kString);
    assert_int_equal(shape("[1,{\"uid\":1}]").kind, wm::JsonKind::kArray);
    assert_false(shape("[1,{\"uid\":1}]").has_uid);
    assert_int_equal(shape("true").kind, wm::JsonKind::kLiteral);
    assert_true(shape(" { } ").empty_object);
    assert_false(shape("{\"a\":{}}").empty_object);
    assert_true(shape(R"( {"a":1,"\u0075id":2})").has_uid);
    assert_int_equal(shape(R"( {"a":1,"\u0075id":2})").name_offset, 8);
    assert_true(shape(R"({"wm":2})").has_wm);
    assert_false(shape(R"({"wm":2})").has_uid);
    assert_int_equal(shape("hello").error, ScanError::kValueExpected);
    assert_int_equal(shape("1 2").error, ScanError::kTextBehind);
    assert_int_equal(shape("1 2").offset, 2);
    assert_int_equal(shape("-").error, ScanError::kTruncated);
    assert_int_equal(shape(" \n").error, ScanError::kEmpty);
    assert_int_equal(shape("\xef\xbb\xbf[]").error, ScanError::kByteOrderMark);
}

void json_scan__sentences_hold_the_limits(void **)
{
    assert_non_null(std::strstr(wm::scan_error_text(ScanError::kTooDeep), std::to_string(wm::kMaxDepth).c_str()));
    assert_non_null(std::strstr(wm::scan_error_text(ScanError::kUidLong), std::to_string(wm::kMaxUidBytes).c_str()));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(json_scan__takes_string_uids),
        cmocka_unit_test(json_scan__takes_integer_uids_as_written),
        cmocka_unit_test(json_scan__refuses_other_uids),
        cmocka_unit_test(json_scan__decodes_escapes_in_uids),
        cmocka_unit_test(json_scan__keeps_a_nul_escape_in_a_uid),
        cmocka_unit_test(json_scan__refuses_half_surrogates_in_uids_only),
        cmocka_unit_test(json_scan__compares_names_decoded),
        cmocka_unit_test(json_scan__refuses_what_is_no_object),
        cmocka_unit_test(json_scan__refuses_text_behind),
        cmocka_unit_test(json_scan__names_the_place_of_a_broken_rule),
        cmocka_unit_test(json_scan__is_strict_with_numbers),
        cmocka_unit_test(json_scan__is_strict_with_escapes),
        cmocka_unit_test(json_scan__is_strict_with_utf8_at_every_place_of_a_block),
        cmocka_unit_test(json_scan__refuses_every_beginning_of_a_line),
        cmocka_unit_test(json_scan__bounds_the_depth),
        cmocka_unit_test(json_scan__finds_the_uid_of_a_login),
        cmocka_unit_test(json_scan__says_what_a_text_is),
        cmocka_unit_test(json_scan__sentences_hold_the_limits),
    };
    return cmocka_run_group_tests_name("json_scan", tests, nullptr, nullptr);
}
