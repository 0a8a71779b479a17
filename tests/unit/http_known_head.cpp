// KnownHead: what is equal to the head before is not parsed again, and the limits of the day still apply. That the outcome of each row of
// http_request_*.cpp is the same behind a known head is checked there, by play_all_cuts().
#include "http_feed.h"

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

using http_feed::play;
using wm::http::KnownHead;
using wm::http::Limits;

const std::string kLines = " HTTP/1.1\r\nHost: example.org:80\r\nContent-Length: 3\r\nX: y\r\n\r\n";
const std::string kPost = "POST /a?b" + kLines + "abc";

KnownHead known_after(const std::string &bytes)
{
    KnownHead known = {};
    play(bytes, {}, http_feed::kLimits, &known);
    return known;
}

void known_head__holds_the_last_head(void **)
{
    KnownHead known = known_after("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + kPost);
    std::string head = kPost.substr(0, kPost.size() - 3);
    assert_int_equal(known.size, head.size());
    assert_memory_equal(known.bytes, head.data(), head.size());
    assert_int_equal(known.lines, head.find("Host"));
}

void known_head__is_not_an_old_or_absolute_or_long_one(void **)
{
    assert_int_equal(known_after("GET / HTTP/1.0\r\nHost: a\r\n\r\n").size, 0);
    assert_int_equal(known_after("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n").size, 0);
    std::string around = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
    std::string most(KnownHead::kRoom - around.size(), 'x');
    assert_int_equal(known_after("GET / HTTP/1.1\r\nHost: a\r\nX: " + most + "\r\n\r\n").size, KnownHead::kRoom);
    assert_int_equal(known_after("GET / HTTP/1.1\r\nHost: a\r\nX: " + most + "x\r\n\r\n").size, 0);
}

// For the same head, and for one with the same lines.
void assert_as_if_unknown(const std::string &request, const Limits &limits, int status)
{
    for (const std::string &earlier : {request, "PUT /other" + kLines + "abc"}) {
        KnownHead known = known_after(earlier);
        http_feed::Outcome outcome = play(request, {}, limits, &known);
        assert_string_equal(outcome.log.c_str(), play(request, {}, limits).log.c_str());
        assert_int_equal(outcome.status, status);
    }
}

void known_head__limits_still_apply(void **)
{
    size_t head = kPost.size() - 3;
    assert_as_if_unknown(kPost, {head, 3, 3}, 0);
    assert_as_if_unknown(kPost, {head - 1, 3, 3}, 431);
    assert_as_if_unknown(kPost, {head, 2, 3}, 431);
    assert_as_if_unknown(kPost, {head, 3, 2}, 413);
    assert_as_if_unknown(kPost, {.max_header_bytes = head, .max_headers = 3, .max_message = 3, .methods = "GET, PUT"}, 405);
    assert_as_if_unknown(kPost, {.max_header_bytes = head, .max_headers = 3, .max_message = 3, .methods = "any"}, 0);
}

void known_head__lines_mean_nothing_to_another_version(void **)
{
    KnownHead known = known_after("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_int_equal(play("GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", {}, http_feed::kLimits, &known).status, 400);
    known = known_after("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    http_feed::Outcome outcome = play("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", {}, http_feed::kLimits, &known);
    assert_non_null(strstr(outcome.log.c_str(), "GET|http://b/|/||b|1"));
}

// Of 62 heads with lines of their own few are remembered; those that are equal then soon hit.
void known_head__is_compared_more_rarely_after_misses(void **)
{
    KnownHead known = {};
    wm::http::RequestParser parser;
    auto feed = [&](char line) {
        std::string bytes = std::string("GET / HTTP/1.1\r\nHost: a\r\nX: ") + line + "\r\n\r\n";
        wm::http::Request request{};
        assert_int_equal(parser.step(bytes.data(), bytes.size(), http_feed::kLimits, request, &known).kind, wm::StepKind::kMessage);
        assert_int_equal(request.fields[request.fields.size() - 3], line);
    };
    int remembered = 0;
    for (char line = '@'; line < '@' + 62; line++) {
        feed(line);
        remembered += known.bytes[known.size - 5] == line;
    }
    assert_int_equal(known.misses, KnownHead::kMaxPause);
    assert_int_equal(remembered, 7); // 1st, 2nd, 4th, 8th, 16th, 32nd, 48th
    for (int i = 0; i < 2 * (KnownHead::kMaxPause + 1); i++)
        feed('=');
    assert_int_equal(known.misses, 0);
    assert_int_equal(known.pause, 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(known_head__holds_the_last_head),
        cmocka_unit_test(known_head__is_not_an_old_or_absolute_or_long_one),
        cmocka_unit_test(known_head__limits_still_apply),
        cmocka_unit_test(known_head__is_compared_more_rarely_after_misses),
        cmocka_unit_test(known_head__lines_mean_nothing_to_another_version),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
