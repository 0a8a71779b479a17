// Lines of an access log: what they say, what a peer cannot make of them, and where they are cut.
#include "session/http/access_entry.h"
#include "session/http/access_line.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_literals;
using namespace wm;

constexpr AccessAnswer kAnswer = {200, 12, 1234, {784111777, 5'999'999}, "web", 77};

AccessRequest request()
{
    return {"192.0.2.1", "GET", "/a?b=c", "HTTP/1.1", "http://x/", "curl/8", "example.org"};
}

void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

std::string combined(const AccessRequest &of, const AccessAnswer &answer = kAnswer)
{
    char out[kMaxAccessLine];
    return {out, write_combined_line(out, of, answer)};
}

std::string json(const AccessRequest &of, const AccessAnswer &answer = kAnswer)
{
    char out[kMaxAccessLine];
    return {out, write_json_line(out, of, answer)};
}

// What stands between the quotes of a line's target.
std::string target_in(const std::string &line, const std::string &before, const std::string &behind)
{
    size_t begin = line.find(before);
    size_t end = line.find(behind, begin);
    assert_true(begin != std::string::npos && end != std::string::npos);
    return line.substr(begin + before.size(), end - begin - before.size());
}

std::string combined_target(std::string_view target)
{
    AccessRequest of = request();
    of.target = target;
    return target_in(combined(of), "\"GET ", " HTTP/1.1\" 200 12 \"http://x/\" \"curl/8\"\n");
}

std::string json_target(std::string_view target)
{
    AccessRequest of = request();
    of.target = target;
    return target_in(json(of), "\"target\":\"", "\",\"version\":\"HTTP/1.1\",\"status\":200,");
}

void line__of_an_ordinary_request(void **)
{
    set_zone("UTC0");
    assert_string_equal(combined(request()).c_str(),
                        "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 12 \"http://x/\" \"curl/8\"\n");
    assert_string_equal(json(request()).c_str(),
                        "{\"time\":\"1994-11-06T08:49:37.005+00:00\",\"ip\":\"192.0.2.1\",\"method\":\"GET\",\"target\":\"/a?b=c\","
                        "\"version\":\"HTTP/1.1\",\"status\":200,\"bytes\":12,\"duration_ms\":1.234,\"referer\":\"http://x/\","
                        "\"user_agent\":\"curl/8\",\"host\":\"example.org\",\"worker\":\"web\",\"conn\":77}\n");
}

void line__has_the_time_of_the_zone(void **)
{
    set_zone("XXX3:30"); // west
    assert_non_null(strstr(combined(request()).c_str(), "[06/Nov/1994:05:19:37 -0330]"));
    assert_non_null(strstr(json(request()).c_str(), "\"1994-11-06T05:19:37.005-03:30\""));
    set_zone("XXX-5:45"); // east
    assert_non_null(strstr(combined(request()).c_str(), "[06/Nov/1994:14:34:37 +0545]"));
    assert_non_null(strstr(json(request()).c_str(), "\"1994-11-06T14:34:37.005+05:45\""));
    set_zone("UTC0");
}

void line__without_what_the_request_has_not(void **)
{
    AccessRequest bare = {"", "GET", "/", "HTTP/1.0", "", "", ""};
    assert_non_null(strstr(combined(bare).c_str(), "- - - ["));
    assert_non_null(strstr(combined(bare).c_str(), "\"GET / HTTP/1.0\" 200 12 \"-\" \"-\"\n"));
    assert_non_null(strstr(json(bare).c_str(), "\"referer\":\"\",\"user_agent\":\"\",\"host\":\"\""));
    assert_non_null(strstr(combined({}).c_str(), "\"-\" 200 12 \"-\" \"-\"\n"));
}

void text__that_could_end_a_field_or_a_line_is_escaped(void **)
{
    assert_string_equal(combined_target("/\n\r\t\"\\\x7f\x1b["s).c_str(), "/\\x0A\\x0D\\x09\\x22\\x5C\\x7F\\x1B[");
    assert_string_equal(json_target("/\n\r\t\"\\\x7f\x1b["s).c_str(), "/\\u000A\\u000D\\u0009\\u0022\\u005C\\u007F\\u001B[");
    assert_string_equal(combined_target("a\0b"s).c_str(), "a\\x00b");
    assert_string_equal(json_target("a\0b"s).c_str(), "a\\u0000b");
    // A whole line of a forger is part of the field that it came in.
    std::string forged = "/ HTTP/1.1\" 200 1 \"-\" \"-\"\n10.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /admin";
    for (const std::string &line : {combined_target(forged), json_target(forged)})
        assert_true(line.find('\n') == std::string::npos && line.find('"') == std::string::npos);
}

void octets__outside_of_ascii(void **)
{
    assert_string_equal(combined_target("/\xc3\xa9\xff"s).c_str(), "/\\xC3\\xA9\\xFF");
    assert_string_equal(json_target("/\xc3\xa9"s).c_str(), "/\xc3\xa9");                                             // a letter
    assert_string_equal(json_target("\xff\xc3(\xe2\x82"s).c_str(), "\\u00FF\\u00C3(\\u00E2\\u0082");                 // no UTF-8
    assert_string_equal(json_target("\xc2\x9b\xc2\x85\xc2\xa0"s).c_str(), "\\u009B\\u0085\xc2\xa0");                 // C1, and none
    assert_string_equal(json_target("\xe2\x80\xa8\xe2\x80\xa9\xef\xbf\xbd"s).c_str(), "\\u2028\\u2029\xef\xbf\xbd"); // separators
    assert_string_equal(json_target("\xed\xa0\x80\xc0\xaf"s).c_str(), "\\u00ED\\u00A0\\u0080\\u00C0\\u00AF");        // surrogate, overlong
}

void field__over_its_limit_ends_in_dots(void **)
{
    std::string fits(kMaxAccessTarget - 3, 'a');
    assert_string_equal(combined_target(fits).c_str(), fits.c_str());
    assert_string_equal(combined_target(fits + "b").c_str(), (fits + "...").c_str());
    std::string escaped = json_target(std::string(kMaxAccessTarget, '"')); // never within an escape
    assert_true(escaped.size() <= kMaxAccessTarget && escaped.ends_with("\\u0022..."));
    std::string letters;
    for (size_t i = 0; i < kMaxAccessTarget; i++)
        letters += "\xe2\x82\xac";
    std::string cut = json_target(letters); // nor within a character
    assert_true(cut.size() <= kMaxAccessTarget && cut.ends_with("\xe2\x82\xac..."));
}

void line__of_the_longest_of_all_has_room(void **)
{
    set_zone("XXX3:30");
    for (char c : {'a', '"', '\xff'}) {
        std::string text(10000, c);
        AccessRequest of = {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", text, text, text, text, text, text};
        AccessAnswer answer = {599, UINT64_MAX, INT64_MAX, {253'402'300'799, 999'999'999}, text, (uint64_t{1} << 53) - 1};
        for (const std::string &line : {combined(of, answer), json(of, answer)})
            assert_true(line.size() <= kMaxAccessLine && line.ends_with("\n") && line.find('\n') == line.size() - 1);
    }
    set_zone("UTC0");
}

void entry__keeps_what_a_line_has_room_for(void **)
{
    std::string text(100000, 'x');
    AccessRequest of = {"::1", "GET", text, "HTTP/1.1", text, text, text};
    AccessEntry::Owned entry = AccessEntry::make(of, 5);
    assert_true(entry->size() <= kMaxAccessLine);
    assert_int_equal(entry->began_us, 5);
    assert_string_equal(json(entry->request()).c_str(), json(of).c_str());
    assert_string_equal(combined(entry->request()).c_str(), combined(of).c_str());
}

void invalid_head__is_taken_apart_as_far_as_it_can_be(void **)
{
    AccessRequest of = read_invalid_head("\r\nGET /a b HTTP/1.1\r\nHOST:  h \r\nno colon\r\nuser-agent: u\r\n\r\nReferer: r");
    assert_true(of.method == "GET" && of.target == "/a b" && of.version == "HTTP/1.1");
    assert_true(of.host == "h" && of.user_agent == "u" && of.referer.empty());
    for (std::string_view none : {"GET /", "GET / FTP/1", " / HTTP/1.1", "\x16\x03\x01", "HTTP/1.1", "GET HTTP/1.1"}) {
        of = read_invalid_head(none);
        assert_true(of.method.empty() && of.version.empty() && of.target == none);
    }
    for (std::string_view nothing : {"", "\r\n", "\n\n"})
        assert_true(read_invalid_head(nothing).target.empty());
    assert_non_null(strstr(combined(read_invalid_head("GET /\"\x01")).c_str(), "\"GET /\\x22\\x01\" 200"));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line__of_an_ordinary_request),
        cmocka_unit_test(line__has_the_time_of_the_zone),
        cmocka_unit_test(line__without_what_the_request_has_not),
        cmocka_unit_test(text__that_could_end_a_field_or_a_line_is_escaped),
        cmocka_unit_test(octets__outside_of_ascii),
        cmocka_unit_test(field__over_its_limit_ends_in_dots),
        cmocka_unit_test(line__of_the_longest_of_all_has_room),
        cmocka_unit_test(entry__keeps_what_a_line_has_room_for),
        cmocka_unit_test(invalid_head__is_taken_apart_as_far_as_it_can_be),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
