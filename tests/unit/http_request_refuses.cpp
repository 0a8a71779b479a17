// What RequestParser refuses, with which status and for which rule: each row whole, one byte at a time, and cut in two at every place.
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

using namespace std::string_literals;

#define HOST "Host: a\r\n"

struct Row {
    std::string name;
    std::string bytes;
    int status;
    const char *rule; // part of the text
};

// A whole request of HTTP/1.1 with one more header line.
std::string with(const std::string &line)
{
    return "POST / HTTP/1.1\r\n" HOST + line + "\r\n\r\n";
}

std::string host(const std::string &value)
{
    return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n";
}

const std::vector<Row> kRows = {
    {"line__fifth_empty_line", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n", 400, "empty lines"},
    {"line__bare_lf_before", "\nGET / HTTP/1.0\r\n\r\n", 400, "LF without CR"},
    {"line__bare_cr_before", "\rGET / HTTP/1.0\r\n\r\n", 400, "CR without LF"},
    {"line__leading_space", " GET / HTTP/1.0\r\n\r\n", 400, "§3.1"},
    {"line__tab_separator", "GET\t/ HTTP/1.0\r\n\r\n", 400, "§3.1"},
    {"line__tab_before_version", "GET /\tHTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"line__two_spaces", "GET  / HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"line__two_spaces_before_version", "GET /  HTTP/1.0\r\n\r\n", 400, "§2.3"},
    {"line__trailing_space", "GET / HTTP/1.0 \r\n\r\n", 400, "§2.3"},
    {"line__bare_lf", "GET / HTTP/1.0\n\r\n", 400, "§2.3"},
    {"line__bare_cr", "GET / HTTP/1.0\rX\r\n", 400, "§2.3"},
    {"line__http_0_9", "GET /\r\n", 400, "§3.2"},
    {"line__http_0_9_lf", "GET /\n", 400, "LF without CR"},
    {"line__method_only", "GET\r\n", 400, "§3.1"},
    {"line__tls_client_hello", "\x16\x03\x01\x02"s, 400, "§3.1"},
    {"line__nul", "\0"s, 400, "§3.1"},
    {"method__lower_case", "get / HTTP/1.0\r\n\r\n", 501, "§9.1"},
    {"method__longer_than_known", "POSTS / HTTP/1.0\r\n\r\n", 501, "§9.1"},
    {"method__unknown", "BREW / HTTP/1.0\r\n\r\n", 501, "§9.1"},
    {"method__longer_than_any", std::string(300, 'M') + " / HTTP/1.0\r\n\r\n", 501, "§9.1"},
    {"connect__no_port", "CONNECT a HTTP/1.0\r\n\r\n", 400, "§3.2.3"},
    {"connect__empty_port", "CONNECT a: HTTP/1.0\r\n\r\n", 400, "§3.2.3"},
    {"connect__ipv6_without_port", "CONNECT [::1] HTTP/1.0\r\n\r\n", 400, "§3.2.3"},
    {"connect__path", "CONNECT a:80/ HTTP/1.0\r\n\r\n", 400, "§3.2.3"},
    {"connect__absolute", "CONNECT http://a:80 HTTP/1.0\r\n\r\n", 400, "§3.2.3"},
    {"connect__asterisk", "CONNECT * HTTP/1.0\r\n\r\n", 400, "§3.2.3"},
    {"method__http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/2, which is not spoken here"},
    {"method__no_token", "G(T / HTTP/1.0\r\n\r\n", 400, "§3.1"},
    {"method__obs_text", "G\x80T / HTTP/1.0\r\n\r\n", 400, "§3.1"},
    {"target__fragment", "GET /#x HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"target__fragment_in_query", "GET /?a#x HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"target__space", "GET /a b HTTP/1.0\r\n\r\n", 400, "§2.3"},
    {"target__nul", "GET /\0 HTTP/1.0\r\n\r\n"s, 400, "§3.2"},
    {"target__control", "GET /\x01 HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"target__del", "GET /\x7f HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"target__del_in_query", "GET /?\x7f HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"target__crlf", "GET /a\r\nb HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"target__utf8", "GET /\xe4\xb8\xad HTTP/1.0\r\n\r\n", 400, "RFC 3986"},
    {"target__percent_alone", "GET /% HTTP/1.0\r\n\r\n", 400, "§2.1"},
    {"target__percent_and_one_digit", "GET /%4 HTTP/1.0\r\n\r\n", 400, "§2.1"},
    {"target__percent_and_letter", "GET /?%4g HTTP/1.0\r\n\r\n", 400, "§2.1"},
    {"target__brackets_in_path", "GET /a[] HTTP/1.0\r\n\r\n", 400, "RFC 3986"},
    {"target__relative", "GET a/b HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"target__query_only", "GET ?a HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"target__authority_form", "GET a:80 HTTP/1.0\r\n\r\n", 400, "§3.2.2"},
    {"target__asterisk_with_get", "GET * HTTP/1.0\r\n\r\n", 400, "§3.2.4"},
    {"target__asterisk_and_more", "OPTIONS */a HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"absolute__https", "GET https://a/ HTTP/1.0\r\n\r\n", 421, "§7.4"},
    {"absolute__other_scheme", "GET ftp://a/ HTTP/1.0\r\n\r\n", 400, "§3.2.2"},
    {"absolute__one_slash", "GET http:/a HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"absolute__no_authority", "GET http:///x HTTP/1.0\r\n\r\n", 400, "§4.2"},
    {"absolute__nothing_behind", "GET http:// HTTP/1.0\r\n\r\n", 400, "§4.2"},
    {"absolute__port_only", "GET http://:80/ HTTP/1.0\r\n\r\n", 400, "§4.2"},
    {"absolute__user", "GET http://u@a/ HTTP/1.0\r\n\r\n", 400, "§4.2"},
    {"absolute__fragment", "GET http://a#x HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"absolute__without_host_in_1_1", "GET http://a/ HTTP/1.1\r\n\r\n", 400, "without Host"},
    {"absolute__bad_host_behind", "GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n", 400, "§7.2"},
    {"version__2_0", "GET / HTTP/2.0\r\n\r\n", 505, "§15.6.6"},
    {"version__1_2_without_host", "GET / HTTP/1.2\r\n\r\n", 400, "without Host"},
    {"version__0_9", "GET / HTTP/0.9\r\n\r\n", 505, "§15.6.6"},
    {"version__lower_case", "GET / http/1.1\r\n" HOST "\r\n", 400, "§2.3"},
    {"version__two_digits", "GET / HTTP/1.10\r\n" HOST "\r\n", 400, "§2.3"},
    {"version__two_digits_major", "GET / HTTP/11.1\r\n" HOST "\r\n", 400, "§2.3"},
    {"version__no_minor", "GET / HTTP/1\r\n" HOST "\r\n", 400, "§2.3"},
    {"version__other_protocol", "GET / RTSP/1.0\r\n" HOST "\r\n", 400, "§2.3"},
    {"version__letter", "GET / HTTP/1.x\r\n" HOST "\r\n", 400, "§2.3"},
    {"field__space_in_name", with("X Y: z"), 400, "§5.1"},
    {"field__space_before_colon", with("X : z"), 400, "§5.1"},
    {"field__tab_before_colon", with("X\t: z"), 400, "§5.1"},
    {"field__tab_in_name", with("X\tY: z"), 400, "§5.1"},
    {"field__leading_space", with(" X: z"), 400, "obs-fold"},
    {"field__leading_tab", with("\tX: z"), 400, "obs-fold"},
    {"field__space_before_the_first", "GET / HTTP/1.0\r\n X: z\r\n\r\n", 400, "obs-fold"},
    {"field__folded_value", with("X: y\r\n z"), 400, "obs-fold"},
    {"field__empty_name", with(": z"), 400, "§5.1"},
    {"field__at_sign", with("X@: z"), 400, "§5.1"},
    {"field__bracket", with("[X: z"), 400, "§5.1"},
    {"field__no_colon", with("X"), 400, "§5.1"},
    {"field__obs_text_in_name", with("X\xc3\xa4: z"), 400, "§5.1"},
    {"field__nul_in_name", with("X\0: z"s), 400, "§5.1"},
    {"field__bare_lf_line", "GET / HTTP/1.0\r\nA: b\n\r\n", 400, "LF without CR"},
    {"field__bare_lf_in_value", with("X: y\nContent-Length: 5"), 400, "LF without CR"},
    {"field__bare_lf_in_name", with("X\n: y"), 400, "LF without CR"},
    {"field__bare_cr_in_value", with("X: y\rz"), 400, "CR without LF"},
    {"field__two_cr", with("X: y\r"), 400, "CR without LF"},
    {"field__nul_in_value", with("X: y\0z"s), 400, "§5.5"},
    {"field__control_in_value", with("X: y\x1fz"), 400, "§5.5"},
    {"field__del_in_value", with("X: y\x7fz"), 400, "§5.5"},
    {"field__vertical_tab", with("X: \vy"), 400, "§5.5"},
    {"field__blank_line_by_lf", "GET / HTTP/1.0\r\nA: b\r\n\n", 400, "LF without CR"},
    {"field__blank_line_by_cr", "GET / HTTP/1.0\r\nA: b\r\n\rX", 400, "CR without LF"},
    {"host__missing", "GET / HTTP/1.1\r\n\r\n", 400, "without Host"},
    {"host__twice", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, "more than one Host"},
    {"host__twice_in_1_0", "GET / HTTP/1.0\r\n" HOST "hOST: b\r\n\r\n", 400, "more than one Host"},
    {"host__user", host("u@a"), 400, "§7.2"},
    {"host__port_not_a_number", host("a:b"), 400, "§7.2"},
    {"host__port_and_letter", host("a:80a"), 400, "§7.2"},
    {"host__port_only", host(":80"), 400, "§7.2"},
    {"host__two_ports", host("a:80:80"), 400, "§7.2"},
    {"host__space", host("a b"), 400, "§7.2"},
    {"host__list", host("a, b"), 400, "§7.2"},
    {"host__path", host("a/b"), 400, "§7.2"},
    {"host__ipv6_without_brackets", host("::1"), 400, "§7.2"},
    {"host__bad_in_1_0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400, "§7.2"},
    {"length__letters", with("Content-Length: abc"), 400, "§8.6"},
    {"length__digits_and_letters", with("Content-Length: 12abc"), 400, "§8.6"},
    {"length__empty", with("Content-Length: "), 400, "§8.6"},
    {"length__list", with("Content-Length: 1,2"), 400, "§8.6"},
    {"length__list_of_equals", with("Content-Length: 5, 5"), 400, "§8.6"},
    {"length__plus", with("Content-Length: +1"), 400, "§8.6"},
    {"length__minus", with("Content-Length: -1"), 400, "§8.6"},
    {"length__hexadecimal", with("Content-Length: 0x1"), 400, "§8.6"},
    {"length__inner_space", with("Content-Length: 1 2"), 400, "§8.6"},
    {"length__twice_equal", with("Content-Length: 0\r\nContent-Length: 0"), 400, "more than one Content-Length"},
    {"length__twice_apart", with("Content-Length: 0\r\nX: y\r\ncontent-length: 1"), 400, "more than one Content-Length"},
    {"length__36_digits", with("Content-Length: 123456789012345678901234567890123456"), 413, "§15.5.14"},
    {"length__one_beyond_64_bits", with("Content-Length: 18446744073709551616"), 413, "§15.5.14"},
    {"length__64_bits", with("Content-Length: 18446744073709551615"), 413, "§15.5.14"},
    {"length__over_the_limit", with("Content-Length: 1048577"), 413, "§15.5.14"},
    {"coding__with_length", with("Transfer-Encoding: chunked\r\nContent-Length: 5"), 400, "together"},
    {"coding__with_length_before", with("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400, "together"},
    {"coding__in_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0"},
    {"coding__gzip", with("Transfer-Encoding: gzip"), 501, "§6.1"},
    {"coding__identity", with("Transfer-Encoding: identity"), 501, "§6.1"},
    {"coding__gzip_then_chunked", with("Transfer-Encoding: gzip, chunked"), 501, "§6.1"},
    {"coding__parameter", with("Transfer-Encoding: x;q=1"), 501, "§6.1"},
    {"coding__xchunked", with("Transfer-Encoding: xchunked"), 501, "§6.1"},
    {"coding__chunked_not_last", with("Transfer-Encoding: chunked, gzip"), 400, "last"},
    {"coding__chunked_twice", with("Transfer-Encoding: chunked, chunked"), 400, "last"},
    {"coding__two_fields", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400, "last"},
    {"coding__two_fields_identity", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), 400, "last"},
    {"coding__empty", with("Transfer-Encoding:"), 400, "empty element"},
    {"coding__empty_member", with("Transfer-Encoding: , chunked"), 400, "empty element"},
    {"coding__trailing_comma", with("Transfer-Encoding: chunked,"), 400, "empty element"},
    {"coding__quoted", with("Transfer-Encoding: \"chunked\""), 400, "malformed"},
    {"coding__two_words", with("Transfer-Encoding: chunked x"), 400, "malformed"},
    {"coding__chunked_with_parameter", with("Transfer-Encoding: chunked;a=b"), 400, "malformed"},
    {"connection__no_token", with("Connection: keep alive"), 400, "§7.6.1"},
    {"connection__quoted", with("Connection: \"close\""), 400, "§7.6.1"},
    {"expect__other", with("Expect: 200-ok"), 417, "§10.1.1"},
    {"expect__list_with_other", with("Expect: 100-continue, x"), 417, "§10.1.1"},
    {"expect__other_in_1_0", "GET / HTTP/1.0\r\nExpect: x\r\n\r\n", 417, "§10.1.1"},
    {"pipeline__second_is_bad", "GET / HTTP/1.0\r\n\r\nGET /\x01 HTTP/1.0\r\n\r\n", 400, "§3.2"},
    {"pipeline__body_longer_than_said", "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nabc / HTTP/1.0\r\n\r\n", 501, "§9.1"},
};

void check_row(void **state)
{
    const Row &row = *static_cast<const Row *>(*state);
    http_feed::Outcome outcome = http_feed::play_all_cuts(row.bytes);
    if (outcome.broken)
        fail_msg("%s", outcome.log.c_str());
    assert_int_equal(outcome.status, row.status);
    if (std::strstr(outcome.text, row.rule) == nullptr)
        fail_msg("%s does not name %s", outcome.text, row.rule);
}

// The octet at each place of a run that is longer than a block of the scanner and no multiple of it.
constexpr size_t kRun = 21;

std::string run_with(int octet, size_t place, char filler)
{
    std::string run(kRun, filler);
    run[place] = static_cast<char>(octet);
    return run;
}

// No octet may end a line but CR LF, and none hides in a value: all 256 are tried.
void values_have_no_control_characters(void **)
{
    for (int octet = 0; octet < 256; octet++)
        for (size_t place = 0; place < kRun; place++) {
            bool allowed = octet == '\t' || (octet >= 0x20 && octet != 0x7f);
            assert_int_equal(http_feed::play(with("X: " + run_with(octet, place, 'v'))).status, allowed ? 0 : 400);
        }
}

void targets_have_the_octets_of_rfc_3986(void **)
{
    const std::string others = "-._~!$&'()*+,;=:@/";
    for (int octet = 0; octet < 256; octet++) {
        char c = static_cast<char>(octet);
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool in_path = alnum || (c != '\0' && others.find(c) != std::string::npos) || c == '?';
        for (size_t place = 0; place < kRun; place++) {
            std::string run = run_with(octet, place, 't');
            assert_int_equal(http_feed::play("GET /" + run + " HTTP/1.0\r\n\r\n").status, in_path ? 0 : 400);
            bool in_query = in_path || c == '[' || c == ']';
            assert_int_equal(http_feed::play("GET /?" + run + " HTTP/1.0\r\n\r\n").status, in_query ? 0 : 400);
        }
    }
}

int status_with(const wm::http::Limits &limits, const std::string &bytes)
{
    http_feed::Outcome outcome = http_feed::play_all_cuts(bytes, limits);
    assert_false(outcome.broken);
    return outcome.status;
}

void methods_of_the_list_are_taken(void **)
{
    wm::http::Limits limits = http_feed::kLimits;
    limits.methods = "GET,PROPFIND , HEAD";
    assert_int_equal(status_with(limits, "GET / HTTP/1.0\r\n\r\n"), 0);
    assert_int_equal(status_with(limits, "HEAD / HTTP/1.0\r\n\r\n"), 0);
    assert_int_equal(status_with(limits, "PROPFIND / HTTP/1.0\r\n\r\n"), 0);
    assert_int_equal(status_with(limits, "POST / HTTP/1.0\r\n\r\n"), 405);
    assert_int_equal(status_with(limits, "CONNECT a:1 HTTP/1.0\r\n\r\n"), 405);
    assert_int_equal(status_with(limits, "PROP / HTTP/1.0\r\n\r\n"), 501);
    assert_int_equal(status_with(limits, "get / HTTP/1.0\r\n\r\n"), 501);
    limits.methods = wm::http::kAnyMethod;
    assert_int_equal(status_with(limits, "! / HTTP/1.0\r\n\r\n"), 0);
    assert_int_equal(status_with(limits, std::string(255, 'M') + " / HTTP/1.0\r\n\r\n"), 0);
    assert_int_equal(status_with(limits, std::string(256, 'M') + " / HTTP/1.0\r\n\r\n"), 501);
    assert_int_equal(status_with(limits, "HEADS * HTTP/1.0\r\n\r\n"), 400);
    assert_int_equal(status_with(limits, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

void lists_of_methods(void **)
{
    for (const char *list : {"any", "GET", "GET, POST", "GET,POST", "M-SEARCH", "GET ,\tX", "X2", "ANYTHING"})
        assert_true(wm::http::valid_methods(list));
    for (const char *list : {"", ",", "GET,", ", GET", "GET POST", "GET;POST", "GET\r\nX: y", "1", "get, post", "GET, Post", "GET, any",
                             "any, GET", "ANY", "*", "GET, -"})
        assert_false(wm::http::valid_methods(list));
    assert_true(wm::http::valid_methods(wm::http::kKnownMethods));
}

void https_targets_are_taken_where_they_may_be(void **)
{
    wm::http::Limits limits = http_feed::kLimits;
    limits.https_targets = true;
    assert_int_equal(status_with(limits, "GET https://a/ HTTP/1.0\r\n\r\n"), 0);
    assert_int_equal(status_with(limits, "GET ftp://a/ HTTP/1.0\r\n\r\n"), 400);
}

void names_are_tokens(void **)
{
    std::string others = "!#$%&'*+-.^_`|~";
    for (int octet = 0; octet < 256; octet++) {
        char c = static_cast<char>(octet);
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool token = alnum || others.find(c) != std::string::npos;
        for (size_t place = 0; place < kRun; place++) {
            bool allowed = token || (c == ':' && place != 0);
            assert_int_equal(http_feed::play(with(run_with(octet, place, 'n') + ": z")).status, allowed ? 0 : 400);
        }
    }
}

} // namespace

int main()
{
    std::vector<CMUnitTest> tests = {
        cmocka_unit_test(values_have_no_control_characters),
        cmocka_unit_test(targets_have_the_octets_of_rfc_3986),
        cmocka_unit_test(methods_of_the_list_are_taken),
        cmocka_unit_test(lists_of_methods),
        cmocka_unit_test(https_targets_are_taken_where_they_may_be),
        cmocka_unit_test(names_are_tokens),
    };
    for (const Row &row : kRows)
        tests.push_back({row.name.c_str(), check_row, nullptr, nullptr, const_cast<Row *>(&row)});
    return _cmocka_run_group_tests("http_request_refuses", tests.data(), tests.size(), nullptr, nullptr);
}
