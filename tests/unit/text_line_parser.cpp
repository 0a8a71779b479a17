// Lines: cut at every byte, CR before LF, and the limit to the byte; and which lines are of another protocol.
#include "proto/text/foreign_line.h"
#include "proto/text/line_parser.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::Step;
using wm::StepKind;

/// Feeds text in two pieces cut at `cut`, as a connection would: the rest is kept and fed again with more behind.
std::vector<std::string> feed(const std::string &text, size_t cut, size_t max, bool &failed)
{
    wm::text::LineParser parser;
    std::vector<std::string> lines;
    std::string held;
    failed = false;
    for (const std::string &piece : {text.substr(0, cut), text.substr(cut)}) {
        held += piece;
        for (;;) {
            size_t len = 0;
            Step step = held.empty() ? Step{StepKind::kMore, 0, 0} : parser.step(held.data(), held.size(), max, len);
            if (step.kind == StepKind::kMore)
                break;
            if (step.kind == StepKind::kFail) {
                failed = true;
                return lines;
            }
            lines.push_back(held.substr(0, len));
            held.erase(0, step.size);
        }
    }
    return lines;
}

void lines_are_the_same_wherever_they_are_cut(void **)
{
    std::string text = "one\ntwo\r\n\n\r\nth\rree\r\r\nlast";
    std::vector<std::string> expected = {"one", "two", "", "", "th\rree\r"};
    for (size_t cut = 0; cut <= text.size(); cut++) {
        bool failed;
        assert_true(feed(text, cut, 100, failed) == expected);
        assert_false(failed);
    }
}

void need__is_not_known_before_the_line_ends(void **)
{
    std::string text = "a line of some length\r";
    for (size_t cut = 0; cut <= text.size(); cut++) {
        wm::text::LineParser parser;
        size_t len = 0;
        Step step = parser.step(text.data(), cut, 100, len);
        assert_int_equal(step.kind, StepKind::kMore);
        assert_int_equal(step.size, cut);
        assert_int_equal(step.need, 0);
    }
}

void the_limit_counts_without_the_line_end(void **)
{
    for (size_t cut = 0; cut <= 7; cut++) {
        bool failed;
        assert_true(feed("12345\n", std::min<size_t>(cut, 6), 5, failed).size() == 1 && !failed);
        assert_true(feed("12345\r\n", cut, 5, failed).size() == 1 && !failed);
        assert_true(feed("123456\n", cut, 5, failed).empty() && failed);
        assert_true(feed("12345\rx", cut, 5, failed).empty() && failed);
        assert_true(feed("\n", 0, 0, failed).size() == 1 && !failed);
    }
}

void a_line_without_end_fails_as_soon_as_it_is_too_long(void **)
{
    wm::text::LineParser parser;
    std::string data = "12345";
    size_t len = 0;
    assert_true(parser.step(data.data(), 5, 5, len).kind == StepKind::kMore);
    data += "6";
    assert_true(parser.step(data.data(), 6, 5, len).kind == StepKind::kFail);
}

void foreign_protocol__is_named(void **)
{
    const std::string http[] = {"GET / HTTP/1.1",
                                "POST /a?b HTTP/1.0",
                                "get * HTTP/",
                                "PRI * HTTP/2.0",
                                "X / HTTP/9 and more",
                                "M-SEARCH * HTTP/1.1\r",
                                "CONNECT a:1 HTTP/1.1",
                                "GET http://[::1]:80/ HTTP/1.1",
                                "M! \xff HTTP/1.1",
                                "Host: a",
                                "host:",
                                "HoSt:b",
                                "GET /" + std::string(100000, 'a') + " HTTP/1.1"};
    for (const std::string &line : http)
        assert_string_equal(wm::text::foreign_protocol(line), "HTTP");
    assert_string_equal(wm::text::foreign_protocol("\x16\x03"), "TLS");
    assert_string_equal(wm::text::foreign_protocol("\x16\x03\x01\x02"), "TLS");

    using namespace std::string_literals;
    const std::string own[] = {"",
                               "a",
                               "GET",
                               "GET /",
                               "GET / ",
                               "GET / HTTP",
                               "GET / http/1.1",
                               "GET  HTTP/1.1",
                               "! / HTTP/1.1",
                               "M{ / HTTP/1.1",
                               "GET /",
                               " GET / HTTP/1.1",
                               "GET\t/ HTTP/1.1",
                               "GET / a HTTP/1.1",
                               "HTTP/1.1 200 OK",
                               "Hos",
                               "Host",
                               "Hostname: a",
                               "Host : a",
                               " Host: a",
                               "{\"a\":\"GET / HTTP/1.1\"}",
                               "\"GET / HTTP/1.1\"",
                               "\x16",
                               "\x16\x02",
                               "\x03\x16",
                               "\0\x16\x03"s,
                               "G\0T / HTTP/1.1"s};
    for (const std::string &line : own)
        assert_null(wm::text::foreign_protocol(line));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_same_wherever_they_are_cut),
        cmocka_unit_test(need__is_not_known_before_the_line_ends),
        cmocka_unit_test(the_limit_counts_without_the_line_end),
        cmocka_unit_test(a_line_without_end_fails_as_soon_as_it_is_too_long),
        cmocka_unit_test(foreign_protocol__is_named),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
