// What RequestParser takes, and what it makes of it: each row whole, one byte at a time, and cut in two at every place.
#include "http_feed.h"

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

#define HOST "Host: a\r\n"

struct Row {
    const char *name;
    std::string bytes;
    std::vector<std::string> first_lines; // of each request: method|target|path|query|authority|minor and so on
    const char *end = "idle";
};

const std::vector<Row> kRows = {
    {"line__minimal_1_1", "GET / HTTP/1.1\r\n" HOST "\r\n", {"GET|/|/||a|1 keep head_size=27"}},
    {"line__minimal_1_0", "GET / HTTP/1.0\r\n\r\n", {"GET|/|/|||0 close head_size=18"}},
    {"line__put", "PUT /x HTTP/1.1\r\n" HOST "\r\n", {"PUT|/x|/x||a|1 keep head_size=28"}},
    {"line__post", "POST /x HTTP/1.1\r\n" HOST "\r\n", {"POST|/x|/x||a|1 keep head_size=29"}},
    {"line__delete", "DELETE /x HTTP/1.1\r\n" HOST "\r\n", {"DELETE|/x|/x||a|1 keep head_size=31"}},
    {"line__head", "HEAD /x HTTP/1.1\r\n" HOST "\r\n", {"HEAD|/x|/x||a|1 keep head head_size=29"}},
    {"line__patch_1_0", "PATCH / HTTP/1.0\r\n\r\n", {"PATCH|/|/|||0 close head_size=20"}},
    {"line__options_asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", {"OPTIONS|*|*||a|1 keep head_size=31"}},
    {"line__options_path", "OPTIONS /p HTTP/1.1\r\n" HOST "\r\n", {"OPTIONS|/p|/p||a|1 keep head_size=32"}},
    {"line__empty_lines_before", "\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", {"GET|/|/||a|1 keep head_size=35"}},
    {"line__empty_lines_between",
     "GET / HTTP/1.1\r\n" HOST "\r\n\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n\r\n",
     {"GET|/|/||a|1 keep head_size=27", "GET|/2|/2||a|1 keep head_size=30"}},
    {"target__query", "GET /a?b=1&c HTTP/1.1\r\n" HOST "\r\n", {"GET|/a?b=1&c|/a|b=1&c|a|1 keep head_size=34"}},
    {"target__empty_query", "GET /a? HTTP/1.1\r\n" HOST "\r\n", {"GET|/a?|/a||a|1 keep head_size=29"}},
    {"target__question_mark_in_query", "GET /a?b?c??d HTTP/1.1\r\n" HOST "\r\n", {"GET|/a?b?c??d|/a|b?c??d|a|1 keep head_size=35"}},
    {"target__slash_in_query", "GET /?/x HTTP/1.1\r\n" HOST "\r\n", {"GET|/?/x|/|/x|a|1 keep head_size=30"}},
    {"target__two_slashes", "GET //a:b HTTP/1.1\r\n" HOST "\r\n", {"GET|//a:b|//a:b||a|1 keep head_size=31"}},
    {"target__brackets_in_query", "GET /?a[]=1 HTTP/1.1\r\n" HOST "\r\n", {"GET|/?a[]=1|/|a[]=1|a|1 keep head_size=33"}},
    {"line__trace", "TRACE / HTTP/1.1\r\n" HOST "\r\n", {"TRACE|/|/||a|1 keep head_size=29"}},
    {"line__connect", "CONNECT b:80 HTTP/1.1\r\n" HOST "\r\n", {"CONNECT|b:80|||b:80|1 close connect head_size=34"}},
    {"line__connect_ipv6", "CONNECT [::1]:80 HTTP/1.1\r\n" HOST "\r\n", {"CONNECT|[::1]:80|||[::1]:80|1 close connect head_size=38"}},
    {"line__1_2_is_1_1", "GET / HTTP/1.2\r\n" HOST "\r\n", {"GET|/|/||a|1 keep head_size=27"}},
    {"line__1_9_is_1_1", "GET / HTTP/1.9\r\n" HOST "\r\n", {"GET|/|/||a|1 keep head_size=27"}},
    {"target__percent_is_left_alone", "GET /%2e%00 HTTP/1.1\r\n" HOST "\r\n", {"GET|/%2e%00|/%2e%00||a|1 keep head_size=33"}},
    {"absolute__path_and_query",
     "GET http://b.c:8080/x?y HTTP/1.1\r\nHost: b.c:8080\r\n\r\n",
     {"GET|http://b.c:8080/x?y|/x|y|b.c:8080|1 keep head_size=52"}},
    {"absolute__no_path", "GET http://b HTTP/1.1\r\nHost: b\r\n\r\n", {"GET|http://b|/||b|1 keep head_size=34"}},
    {"absolute__no_path_but_query", "GET http://b?q HTTP/1.1\r\nHost: b\r\n\r\n", {"GET|http://b?q|/|q|b|1 keep head_size=36"}},
    {"absolute__scheme_in_any_case", "GET HtTp://b/ HTTP/1.1\r\nHost: b\r\n\r\n", {"GET|HtTp://b/|/||b|1 keep head_size=35"}},
    {"absolute__ipv6", "GET http://[::1]:80/ HTTP/1.1\r\nHost: b\r\n\r\n", {"GET|http://[::1]:80/|/||[::1]:80|1 keep head_size=42"}},
    {"absolute__wins_over_host", "GET http://b/ HTTP/1.1\r\nHost: other\r\n\r\n", {"GET|http://b/|/||b|1 keep head_size=39"}},
    {"absolute__1_0_without_host", "GET http://b/ HTTP/1.0\r\n\r\n", {"GET|http://b/|/||b|0 close head_size=26"}},
    {"field__names_with_every_tchar", "GET / HTTP/1.1\r\n" HOST "!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n", {"GET|/|/||a|1 keep head_size=53"}},
    {"field__empty_value", "GET / HTTP/1.1\r\n" HOST "X:\r\nY: \t \r\n\r\n", {"GET|/|/||a|1 keep head_size=38"}},
    {"field__tab_and_obs_text_in_value", "GET / HTTP/1.1\r\n" HOST "X: a\tb\t\tc \x80\xff d:e\r\n\r\n", {"GET|/|/||a|1 keep head_size=45"}},
    {"field__lookalikes_are_nothing",
     "GET / HTTP/1.1\r\n" HOST "X-Transfer-Encoding: gzip\r\nContent-Lengthy: x\r\nHosts: ,\r\n\r\n",
     {"GET|/|/||a|1 keep head_size=84"}},
    {"field__lookalikes_of_same_size",
     "GET / HTTP/1.1\r\n" HOST "hosT-: x\r\nGost: ,\r\nExpert: x\r\nConnectiom: @\r\nContent-Lengti: -\r\n"
     "Transfer-Encodinh: x\r\n\r\n",
     {"GET|/|/||a|1 keep head_size=113"}},
    {"host__any_case_and_space", "GET / HTTP/1.1\r\nhOsT:\t a.b:80 \t\r\n\r\n", {"GET|/|/||a.b:80|1 keep head_size=35"}},
    {"host__comma", "GET / HTTP/1.1\r\nHost: a,b:80\r\n\r\n", {"GET|/|/||a,b:80|1 keep head_size=32"}},
    {"host__empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", {"GET|/|/|||1 keep head_size=25"}},
    {"host__none_in_1_0", "GET / HTTP/1.0\r\nA: b\r\n\r\n", {"GET|/|/|||0 close head_size=24"}},
    {"host__one_in_1_0", "GET / HTTP/1.0\r\nHost: b\r\n\r\n", {"GET|/|/||b|0 close head_size=27"}},
    {"alive__close", "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", {"GET|/|/||a|1 close head_size=46"}},
    {"alive__close_in_a_list_any_case",
     "GET / HTTP/1.1\r\n" HOST "Connection: Upgrade ,\tCLOSE\r\n\r\n",
     {"GET|/|/||a|1 close head_size=56"}},
    {"alive__close_in_the_second_field",
     "GET / HTTP/1.1\r\n" HOST "Connection: x\r\nconnection: close\r\n\r\n",
     {"GET|/|/||a|1 close head_size=61"}},
    {"alive__close_beats_keep_alive",
     "GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, close\r\n\r\n",
     {"GET|/|/||a|1 close head_size=58"}},
    {"alive__closed_is_not_close", "GET / HTTP/1.1\r\n" HOST "Connection: closed, clos\r\n\r\n", {"GET|/|/||a|1 keep head_size=53"}},
    {"alive__empty_list", "GET / HTTP/1.1\r\n" HOST "Connection: ,, \r\n\r\n", {"GET|/|/||a|1 keep head_size=44"}},
    {"alive__1_0_keep_alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", {"GET|/|/|||0 keep head_size=42"}},
    {"alive__1_0_close", "GET / HTTP/1.0\r\nConnection: close\r\n\r\n", {"GET|/|/|||0 close head_size=37"}},
    {"alive__1_0_both", "GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", {"GET|/|/|||0 close head_size=61"}},
    {"length__body", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", {"POST|/|/||a|1 keep head_size=47"}},
    {"length__zero", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", {"POST|/|/||a|1 keep head_size=47"}},
    {"length__leading_zeros",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 0000000000000000000000003\r\n\r\nabc",
     {"POST|/|/||a|1 keep head_size=71"}},
    {"length__body_of_a_get", "GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n\r\n\r", {"GET|/|/||a|1 keep head_size=46"}},
    {"length__1_0_body", "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", {"POST|/|/|||0 close head_size=38"}},
    {"length__post_without_is_empty", "POST / HTTP/1.1\r\n" HOST "\r\n", {"POST|/|/||a|1 keep head_size=28"}},
    {"pipeline__three",
     "GET /1 HTTP/1.1\r\n" HOST "\r\nPOST /2 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhiHEAD /3 HTTP/1.0\r\n\r\n",
     {"GET|/1|/1||a|1 keep head_size=28", "POST|/2|/2||a|1 keep head_size=48", "HEAD|/3|/3|||0 close head head_size=20"}},
    {"pipeline__state_does_not_leak",
     "GET http://z/?q HTTP/1.1\r\n" HOST "Connection: close\r\nExpect: 100-continue\r\n\r\nGET / HTTP/1.0\r\n\r\n",
     {"GET|http://z/?q|/|q|z|1 close head_size=78", "GET|/|/|||0 close head_size=18"}},
    {"wait__nothing_yet", "\r\n", {}, "idle"},
    {"wait__in_the_method", "GE", {}, "in head"},
    {"wait__in_the_second_head", "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n", {"GET|/|/|||0 close head_size=18"}, "in head"},
    {"wait__for_the_last_lf", "GET / HTTP/1.0\r\n\r", {}, "in head"},
    {"wait__for_the_body", "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nab", {}, "in body"},
};

// Of each request in log its first line, then how it ended.
std::string summary(const std::string &log)
{
    std::string lines;
    size_t from = 0;
    while (from < log.size()) {
        size_t fields = log.find("\nfields:", from);
        if (fields == std::string::npos)
            break;
        lines += log.substr(from, fields - from) + "\n";
        size_t body = log.find("\nbody:", fields);
        from = log.find('\n', body + 1) + 1;
        // A body of the table may have line breaks; the next request or the end begins with a letter.
        while (from < log.size() && (log[from] == '\n' || log[from] == '\r'))
            from++;
    }
    return lines + log.substr(from);
}

void check_row(void **state)
{
    const Row &row = *static_cast<const Row *>(*state);
    http_feed::Outcome outcome = http_feed::play_all_cuts(row.bytes);
    if (outcome.broken)
        fail_msg("%s", outcome.log.c_str());
    std::string expected;
    for (const std::string &line : row.first_lines)
        expected += line + "\n";
    expected += row.end;
    assert_string_equal(summary(outcome.log).c_str(), expected.c_str());
}

// The fields that a host gets are the lines as they came, without request line and blank line.
void fields_are_the_lines_as_sent(void **)
{
    std::string lines = "Host: a\r\nX:  y \r\nx:z\r\n";
    http_feed::Outcome outcome = http_feed::play_all_cuts("GET / HTTP/1.1\r\n" + lines + "\r\n");
    assert_false(outcome.broken);
    assert_non_null(std::strstr(outcome.log.c_str(), ("\nfields:" + lines + "\nbody:\n").c_str()));
    http_feed::Outcome none = http_feed::play_all_cuts("GET / HTTP/1.0\r\n\r\n");
    assert_non_null(std::strstr(none.log.c_str(), "\nfields:\nbody:\n"));
}

// What was looked at once is never looked at again: here it is spoiled behind the parser's back, and nothing happens.
void seen_bytes_are_not_scanned_again(void **)
{
    std::string value(10000, 'v');
    std::string bytes =
        "GET /" + std::string(2000, 'p') + "?" + std::string(2000, 'q') + " HTTP/1.1\r\nHost: a\r\nX-Long: " + value + "\r\n\r\n";
    wm::http::RequestParser parser;
    wm::http::Request request{};
    for (size_t len = 1; len < bytes.size(); len++) {
        wm::Step step = parser.step(bytes.data(), len, http_feed::kLimits, request);
        assert_int_equal(step.kind, wm::StepKind::kMore);
        assert_int_equal(step.size, len);
        if (bytes[len - 1] == 'v' || bytes[len - 1] == 'p' || bytes[len - 1] == 'q')
            bytes[len - 1] = '\n';
    }
    assert_int_equal(parser.step(bytes.data(), bytes.size(), http_feed::kLimits, request).kind, wm::StepKind::kMessage);
    assert_int_equal(request.query.size(), 2000);
}

void a_call_without_new_bytes_changes_nothing(void **)
{
    wm::http::RequestParser parser;
    wm::http::Request request{};
    assert_int_equal(parser.step(nullptr, 0, http_feed::kLimits, request).kind, wm::StepKind::kMore);
    assert_false(parser.in_message());
    char bytes[] = "GET / HTTP/1.0\r\n\r\n";
    for (size_t len = 1; len < sizeof bytes - 1; len++)
        for (int again = 0; again < 3; again++)
            assert_int_equal(parser.step(bytes, len, http_feed::kLimits, request).kind, wm::StepKind::kMore);
    assert_true(parser.in_message());
    assert_false(parser.in_body());
    assert_int_equal(parser.step(bytes, sizeof bytes - 1, http_feed::kLimits, request).kind, wm::StepKind::kMessage);
    assert_false(parser.in_message());
}

} // namespace

int main()
{
    std::vector<CMUnitTest> tests = {
        cmocka_unit_test(fields_are_the_lines_as_sent),
        cmocka_unit_test(seen_bytes_are_not_scanned_again),
        cmocka_unit_test(a_call_without_new_bytes_changes_nothing),
    };
    for (const Row &row : kRows)
        tests.push_back({row.name, check_row, nullptr, nullptr, const_cast<Row *>(&row)});
    return _cmocka_run_group_tests("http_request_accepts", tests.data(), tests.size(), nullptr, nullptr);
}
