// Lines of an access log: what they say, what a peer cannot make of them, and where they are cut.
#include "session/http/access_entry.h"
#include "session/http/access_line.h"
#include "session/http/access_time.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
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
    AccessTime time;
    return {out, write_combined_line(out, of, answer, time)};
}

std::string json(const AccessRequest &of, const AccessAnswer &answer = kAnswer)
{
    char out[kMaxAccessLine];
    AccessTime time;
    return {out, write_json_line(out, of, answer, time)};
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

// Each line has its own second, whatever the line before it has left in the time.
void time__follows_the_clock_from_line_to_line(void **)
{
    const struct {
        const char *zone;
        time_t second;
        const char *combined, *date, *offset;
    } rows[] = {
        {"UTC0", 0, "01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00", "+00:00"},
        {"UTC0", 784111777, "06/Nov/1994:08:49:37 +0000", "1994-11-06T08:49:37", "+00:00"},
        {"UTC0", 784111777, "06/Nov/1994:08:49:37 +0000", "1994-11-06T08:49:37", "+00:00"},
        {"UTC0", 784111778, "06/Nov/1994:08:49:38 +0000", "1994-11-06T08:49:38", "+00:00"},
        {"UTC0", 784112399, "06/Nov/1994:08:59:59 +0000", "1994-11-06T08:59:59", "+00:00"},
        {"UTC0", 784112400, "06/Nov/1994:09:00:00 +0000", "1994-11-06T09:00:00", "+00:00"},
        {"UTC0", 788918399, "31/Dec/1994:23:59:59 +0000", "1994-12-31T23:59:59", "+00:00"},
        {"UTC0", 788918400, "01/Jan/1995:00:00:00 +0000", "1995-01-01T00:00:00", "+00:00"},
        {"UTC0", 784111777, "06/Nov/1994:08:49:37 +0000", "1994-11-06T08:49:37", "+00:00"}, // the clock is set back
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1774745999, "29/Mar/2026:01:59:59 +0100", "2026-03-29T01:59:59", "+01:00"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1774746000, "29/Mar/2026:03:00:00 +0200", "2026-03-29T03:00:00", "+02:00"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1792889999, "25/Oct/2026:02:59:59 +0200", "2026-10-25T02:59:59", "+02:00"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1792890000, "25/Oct/2026:02:00:00 +0100", "2026-10-25T02:00:00", "+01:00"},
    };
    AccessTime time;
    for (const auto &row : rows) {
        set_zone(row.zone);
        AccessAnswer answer = kAnswer;
        answer.when = {row.second, 999'999'999};
        char out[kMaxAccessLine];
        std::string line(out, write_combined_line(out, request(), answer, time));
        assert_string_equal(target_in(line, "[", "]").c_str(), row.combined);
        line = {out, write_json_line(out, request(), answer, time)};
        assert_string_equal(target_in(line, "{\"time\":\"", "\",\"ip\"").c_str(), (row.date + ".999"s + row.offset).c_str());
    }
    set_zone("UTC0");
}

void numbers__of_any_size(void **)
{
    AccessAnswer answer = {100, UINT64_MAX, INT64_MAX, {784111777, 0}, "web", UINT64_MAX};
    assert_non_null(strstr(combined(request(), answer).c_str(), "\" 100 18446744073709551615 \""));
    std::string line = json(request(), answer);
    assert_non_null(strstr(line.c_str(), "08:49:37.000+00:00\""));
    assert_non_null(strstr(line.c_str(), "\"status\":100,\"bytes\":18446744073709551615,\"duration_ms\":9223372036854775.807,"));
    assert_non_null(strstr(line.c_str(), "\"conn\":18446744073709551615}\n"));
    answer = {599, 0, 60, {784111777, 10'000'000}, "web", 0};
    line = json(request(), answer);
    assert_non_null(strstr(line.c_str(), "08:49:37.010+00:00\""));
    assert_non_null(strstr(line.c_str(), "\"status\":599,\"bytes\":0,\"duration_ms\":0.060,"));
    assert_non_null(strstr(line.c_str(), "\"conn\":0}\n"));
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

// Texts are scanned by blocks: each octet, at each place of texts of up to three blocks.
void text__is_escaped_at_any_place(void **)
{
    for (size_t size = 1; size <= 48; size++)
        for (size_t at = 0; at < size; at++) {
            std::string text(size, '~');
            text[at] = '"';
            std::string before(at, '~'), behind(size - at - 1, '~');
            assert_string_equal(combined_target(text).c_str(), (before + "\\x22" + behind).c_str());
            assert_string_equal(json_target(text).c_str(), (before + "\\u0022" + behind).c_str());
        }
    for (size_t size : {size_t{1}, size_t{20}})
        for (int octet = 0; octet < 256; octet++) {
            bool plain = octet >= ' ' && octet < 0x7f && octet != '"' && octet != '\\';
            char escape[8];
            snprintf(escape, sizeof escape, "\\x%02X", static_cast<unsigned>(octet));
            std::string text(size, static_cast<char>(octet)), expected;
            for (size_t i = 0; i < size; i++)
                expected += plain ? std::string(1, static_cast<char>(octet)) : escape;
            assert_string_equal(combined_target(text).c_str(), expected.c_str());
        }
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
    for (size_t free = 0; free < 20; free++) { // an escape is whole, or is not there
        std::string text(kMaxAccessTarget - 3 - free, 'a');
        assert_string_equal(combined_target(text + "\"").c_str(), (text + (free < 4 ? "..." : "\\x22")).c_str());
        assert_string_equal(json_target(text + "\"").c_str(), (text + (free < 6 ? "..." : "\\u0022")).c_str());
        assert_string_equal(json_target(text + "\xe2\x82\xac").c_str(), (text + (free < 3 ? "..." : "\xe2\x82\xac")).c_str());
    }
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
        cmocka_unit_test(time__follows_the_clock_from_line_to_line),
        cmocka_unit_test(numbers__of_any_size),
        cmocka_unit_test(line__without_what_the_request_has_not),
        cmocka_unit_test(text__that_could_end_a_field_or_a_line_is_escaped),
        cmocka_unit_test(text__is_escaped_at_any_place),
        cmocka_unit_test(octets__outside_of_ascii),
        cmocka_unit_test(field__over_its_limit_ends_in_dots),
        cmocka_unit_test(line__of_the_longest_of_all_has_room),
        cmocka_unit_test(entry__keeps_what_a_line_has_room_for),
        cmocka_unit_test(invalid_head__is_taken_apart_as_far_as_it_can_be),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
