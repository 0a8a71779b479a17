// Bodies of requests: Content-Length, chunks, trailers, 100-continue, and the limits over all of them.
#include "http_feed.h"

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

using namespace std::string_literals;
using http_feed::Outcome;
using wm::http::Limits;

const std::string kHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr Limits kSmall{128, 4, 20};

struct Row {
    const char *name;
    std::string chunks; // behind kHead
    int status;         // 0: taken
    std::string expect; // the body, or a part of the refusal's text
    Limits limits = http_feed::kLimits;
};

const std::vector<Row> kRows = {
    {"chunk__one", "3\r\nabc\r\n0\r\n\r\n", 0, "abc"},
    {"chunk__several", "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", 0, "abcdef"},
    {"chunk__none", "0\r\n\r\n", 0, ""},
    {"chunk__leading_zeros", "0003\r\nabc\r\n0000\r\n\r\n", 0, "abc"},
    {"chunk__sixteen_digits", "0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", 0, "abc"},
    {"chunk__hexadecimal_both_cases", "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", 0, "01234567890123456789a"},
    {"chunk__data_looks_like_framing", "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", 0, "0\r\n\r\n\r\n"},
    {"chunk__followed_by_a_request", "1\r\na\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n", 0, "a"},
    {"extension__name", "3;x\r\nabc\r\n0;y\r\n\r\n", 0, "abc"},
    {"extension__name_and_value", "3;x=y\r\nabc\r\n0\r\n\r\n", 0, "abc"},
    {"extension__quoted", "3;x=\"a;b=\\\"c\\\\ \t\"\r\nabc\r\n0\r\n\r\n", 0, "abc"},
    {"extension__several_and_spaces", "3 ; x ;\ty = \"q\" ; z\t=\tw;v\r\nabc\r\n0\r\n\r\n", 0, "abc"},
    {"extension__empty_quoted", "3;x=\"\";y\r\nabc\r\n0\r\n\r\n", 0, "abc"},
    {"trailer__one", "3\r\nabc\r\n0\r\nX: y\r\n\r\n", 0, "abc"},
    {"trailer__two_padded", "3\r\nabc\r\n0\r\nX:  y \t\r\nZ:\r\n\r\n", 0, "abc"},
    {"trailer__framing_fields_mean_nothing", "0\r\nContent-Length: 5\r\nHost: b\r\nTransfer-Encoding: gzip\r\n\r\n", 0, ""},
    {"size__missing", "\r\nabc\r\n0\r\n\r\n", 400, "chunk size"},
    {"size__no_digit", "x\r\n", 400, "chunk size"},
    {"size__plus", "+3\r\nabc\r\n", 400, "chunk size"},
    {"size__minus", "-3\r\nabc\r\n", 400, "chunk size"},
    {"size__0x", "0x3\r\nabc\r\n", 400, "chunk size"},
    {"size__leading_space", " 3\r\nabc\r\n", 400, "chunk size"},
    {"size__trailing_space", "3 \r\nabc\r\n", 400, "chunk extension"},
    {"size__seventeen_digits", "00000000000000003\r\nabc\r\n", 400, "chunk size"},
    {"size__bare_lf", "3\nabc\r\n0\r\n\r\n", 400, "LF without CR"},
    {"size__bare_cr", "3\rabc\r\n", 400, "CR without LF"},
    {"size__underscore", "1_0\r\n", 400, "chunk size"},
    {"size__beyond_63_bits", "8000000000000000\r\n", 413, "max_message"},
    {"size__beyond_64_bits", "fffffffffffffffff\r\n", 413, "max_message"},
    {"size__two_gigabytes_fail_before_the_line_ends", "80000000", 413, "max_message"},
    {"size__sum_over_the_limit", "8\r\n01234567\r\nd", 413, "max_message", kSmall},
    {"size__sum_at_the_limit", "8\r\n01234567\r\nc\r\n0123456789ab\r\n0\r\n\r\n", 0, "012345670123456789ab", kSmall},
    {"size__one_when_no_body_is_allowed", "1", 413, "max_message", {128, 4, 0}},
    {"size__zero_when_no_body_is_allowed", "0\r\n\r\n", 0, "", {128, 4, 0}},
    {"data__lf_only_behind", "3\r\nabc\n0\r\n\r\n", 400, "without CRLF behind"},
    {"data__cr_only_behind", "3\r\nabc\r0\r\n\r\n", 400, "without CRLF behind"},
    {"data__longer_than_said", "3\r\nabcd\r\n0\r\n\r\n", 400, "without CRLF behind"},
    {"data__shorter_than_said", "3\r\nab\r\n0\r\n\r\n", 400, "without CRLF behind"},
    {"extension__no_name", "3;\r\nabc\r\n", 400, "chunk extension"},
    {"extension__no_value", "3;x=\r\nabc\r\n", 400, "chunk extension"},
    {"extension__bare_lf", "3;x\nabc\r\n", 400, "LF without CR"},
    {"extension__bare_lf_in_value", "3;x=y\nabc\r\n", 400, "LF without CR"},
    {"extension__line_break_in_quotes", "3;x=\"\r\n\"\r\nabc\r\n", 400, "chunk extension"},
    {"extension__lf_in_quotes", "3;x=\"\n\"\r\nabc\r\n", 400, "LF without CR"},
    {"extension__nul_in_quotes", "3;x=\"\0\"\r\nabc\r\n"s, 400, "chunk extension"},
    {"extension__escaped_line_break", "3;x=\"\\\r\n\"\r\nabc\r\n", 400, "chunk extension"},
    {"extension__space_at_the_end", "3;x \r\nabc\r\n", 400, "chunk extension"},
    {"extension__space_behind_quotes_at_the_end", "3;x=\"y\" \r\nabc\r\n", 400, "chunk extension"},
    {"extension__two_equals", "3;x==y\r\nabc\r\n", 400, "chunk extension"},
    {"extension__no_semicolon", "3 x\r\nabc\r\n", 400, "chunk extension"},
    {"extension__text_behind_quotes", "3;x=\"y\"z\r\nabc\r\n", 400, "chunk extension"},
    {"extension__cr_in_the_middle", "3;x\ry\r\n", 400, "CR without LF"},
    {"extension__endless", "3;" + std::string(200, 'x'), 413, "chunk extensions longer", kSmall},
    {"extension__endless_over_many_chunks",
     "1;" + std::string(60, 'x') + "\r\na\r\n1;" + std::string(60, 'x') + "\r\na\r\n1;" + std::string(60, 'x') + "\r\n", 413,
     "chunk extensions longer", kSmall},
    {"trailer__no_colon", "0\r\nX\r\n\r\n", 400, "field name"},
    {"trailer__empty_name", "0\r\n: y\r\n\r\n", 400, "field name"},
    {"trailer__space_before_colon", "0\r\nX : y\r\n\r\n", 400, "white space between"},
    {"trailer__folded", "0\r\nX: y\r\n z\r\n\r\n", 400, "obs-fold"},
    {"trailer__bare_lf", "0\r\nX: y\n\r\n", 400, "LF without CR"},
    {"trailer__bare_lf_as_blank_line", "0\r\n\n", 400, "LF without CR"},
    {"trailer__bare_cr", "0\r\nX: y\rz\r\n\r\n", 400, "CR without LF"},
    {"trailer__cr_as_blank_line", "0\r\n\rX", 400, "CR without LF"},
    {"trailer__nul", "0\r\nX: \0\r\n\r\n"s, 400, "control character"},
    {"trailer__long_name", "0\r\n" + std::string(200, 'x'), 431, "trailers longer", kSmall},
    {"trailer__endless", "0\r\nX:" + std::string(200, ' '), 431, "trailers longer", kSmall},
    {"trailer__too_many", "0\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\n\r\n", 431, "more trailer lines", kSmall},
    {"trailer__as_many_as_allowed", "0\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n", 0, "", kSmall},
};

void check_row(void **state)
{
    const Row &row = *static_cast<const Row *>(*state);
    Outcome outcome = http_feed::play_all_cuts(kHead + row.chunks, row.limits);
    if (outcome.broken)
        fail_msg("%s", outcome.log.c_str());
    assert_int_equal(outcome.status, row.status);
    if (row.status == 0) {
        assert_true(!outcome.bodies.empty() && outcome.left == 0);
        assert_string_equal(outcome.bodies[0].c_str(), row.expect.c_str());
    } else if (std::strstr(outcome.text, row.expect.c_str()) == nullptr) {
        fail_msg("%s is not about: %s", outcome.text, row.expect.c_str());
    }
}

void chunk__incomplete_waits(void **)
{
    for (std::string chunks :
         {"", "3", "3\r", "3\r\n", "3\r\nab", "3\r\nabc", "3\r\nabc\r\n", "0", "0\r\n", "0\r\n\r", "0\r\nX", "0\r\nX: y\r\n"}) {
        Outcome outcome = http_feed::play_all_cuts(kHead + chunks);
        assert_string_equal(outcome.log.c_str(), "in body");
    }
}

// Between two calls nothing but the head, joined data and trailers is kept, whatever framing came: so nothing can pile up or be moved
// twice.
void chunk__framing_is_never_kept(void **)
{
    std::string stream = kHead + "2;ext=\"q\"\r\nab\r\n1\r\nc\r\n0\r\nTrailer: t\r\n\r\n";
    std::string joined = "abcTrailer: t\r\n";
    std::string kept;
    wm::http::RequestParser parser;
    wm::http::Request request{};
    for (size_t i = 0; i + 1 < stream.size(); i++) {
        kept += stream[i];
        wm::Step step = parser.step(kept.data(), kept.size(), http_feed::kLimits, request);
        assert_int_equal(step.kind, wm::StepKind::kMore);
        kept.resize(step.size);
        if (i + 1 < kHead.size())
            continue;
        assert_true(kept.size() >= kHead.size() && kept.size() <= kHead.size() + joined.size());
        assert_int_equal(kept.compare(0, kHead.size(), kHead), 0);
        assert_int_equal(joined.compare(0, kept.size() - kHead.size(), kept, kHead.size()), 0);
    }
    kept += stream.back();
    assert_int_equal(parser.step(kept.data(), kept.size(), http_feed::kLimits, request).kind, wm::StepKind::kMessage);
    assert_true(request.body == "abc");
    assert_true(request.trailers() == "Trailer: t\r\n");
}

void chunk__two_hundred_thousand_of_one_byte(void **)
{
    constexpr size_t kCount = 200000;
    std::string stream = kHead;
    for (size_t i = 0; i < kCount; i++)
        stream.append("1\r\n").append(1, static_cast<char>('a' + i % 26)).append("\r\n");
    std::string whole = stream + "0\r\n\r\nGET";
    wm::http::RequestParser parser;
    wm::http::Request request{};
    wm::Step step = parser.step(whole.data(), whole.size(), http_feed::kLimits, request);
    assert_int_equal(step.kind, wm::StepKind::kMessage);
    assert_int_equal(step.size, whole.size() - 3);
    assert_int_equal(request.body.size(), kCount);
    for (size_t i = 0; i < kCount; i++)
        assert_true(request.body[i] == static_cast<char>('a' + i % 26));
    assert_string_equal(whole.c_str() + step.size, "GET");

    // And one octet a call: each call keeps what the last one left, plus that octet.
    std::string kept;
    kept.reserve(stream.size());
    size_t most = 0;
    for (char c : stream) {
        kept += c;
        step = parser.step(kept.data(), kept.size(), http_feed::kLimits, request);
        assert_int_equal(step.kind, wm::StepKind::kMore);
        kept.resize(step.size);
        most = std::max(most, kept.size());
    }
    assert_int_equal(most, kHead.size() + kCount);
}

/// A step over the bytes of a request that have come so far.
wm::Step step_over(const std::string &bytes)
{
    wm::http::RequestParser parser;
    wm::http::Request request;
    std::string held = bytes;
    return parser.step(held.data(), held.size(), http_feed::kLimits, request);
}

void need__is_the_end_of_a_body_with_content_length(void **)
{
    std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
    std::string bytes = head + std::string(1000, 'x');
    for (size_t cut = 0; cut < bytes.size(); cut++) {
        wm::Step step = step_over(bytes.substr(0, cut));
        assert_int_equal(step.kind, wm::StepKind::kMore);
        assert_int_equal(step.size, cut);
        assert_int_equal(step.need, cut < head.size() ? 0 : bytes.size());
    }
}

void need__is_the_end_of_the_chunk_once_its_size_is_known(void **)
{
    struct {
        const char *framing; // before the data
        size_t data;
    } chunks[] = {{"3;x=y\r\n", 3}, {"100\r\n", 256}, {"1\r\n", 1}};
    std::string before = kHead;
    size_t joined = 0;
    for (const auto &chunk : chunks) {
        std::string framing = chunk.framing;
        for (size_t cut = 0; cut < framing.size() + chunk.data + 2; cut++) {
            wm::Step step = step_over(before + (framing + std::string(chunk.data, 'x') + "\r\n").substr(0, cut));
            size_t data = cut < framing.size() ? 0 : std::min(cut - framing.size(), chunk.data);
            assert_int_equal(step.kind, wm::StepKind::kMore);
            assert_int_equal(step.size, kHead.size() + joined + data);
            assert_int_equal(step.need, cut < framing.size() ? 0 : step.size + framing.size() + chunk.data + 2 - cut);
        }
        before += framing + std::string(chunk.data, 'x') + "\r\n";
        joined += chunk.data;
    }
    std::string last = "0\r\nX: y\r\n\r\n";
    for (size_t cut = 0; cut < last.size(); cut++)
        assert_int_equal(step_over(before + last.substr(0, cut)).need, 0);
}

void length__a_body_over_the_limit_fails_with_the_head(void **)
{
    std::string head = "POST / HTTP/1.0\r\nContent-Length: 21\r\n\r\n";
    assert_int_equal(http_feed::play_all_cuts(head, kSmall).status, 413);
    assert_int_equal(http_feed::play_all_cuts("POST / HTTP/1.0\r\nContent-Length: 20\r\n\r\n", kSmall).status, 0);
    assert_int_equal(http_feed::play_all_cuts("POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\n", {128, 4, 0}).status, 413);
    assert_int_equal(http_feed::play_all_cuts("POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", {128, 4, 0}).bodies.size(), 1);
}

// No limit at all must not overflow anything either.
void length__largest_limits(void **)
{
    Limits none{SIZE_MAX, SIZE_MAX, SIZE_MAX};
    Outcome fixed = http_feed::play_all_cuts("POST / HTTP/1.0\r\nContent-Length: 9223372036854775807\r\n\r\nab", none);
    assert_string_equal(fixed.log.c_str(), "in body");
    assert_string_equal(http_feed::play_all_cuts(kHead + "fffffffffffffff\r\nab", none).log.c_str(), "in body");
    assert_int_equal(http_feed::play_all_cuts("POST / HTTP/1.0\r\nContent-Length: 18446744073709551615\r\n\r\nab", none).status, 413);
    assert_int_equal(http_feed::play_all_cuts(kHead + "1\r\na\r\nffffffffffffffff\r\nab", none).status, 413);
    assert_int_equal(http_feed::play_all_cuts("POST / HTTP/1.0\r\nContent-Length: 18446744073709551616\r\n\r\nab", none).status, 413);
}

void expect__is_answered_once_and_only_while_the_body_is_missing(void **)
{
    std::string head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n";
    assert_int_equal(http_feed::play(head).continues, 1);
    assert_int_equal(http_feed::play(head + "abc").continues, 0);
    assert_int_equal(http_feed::play(head + "ab").continues, 1);
    assert_int_equal(http_feed::dribble(head + "abc").continues, 1);
    assert_int_equal(http_feed::dribble(head + "abc" + head + "abc").continues, 2);
    assert_string_equal(http_feed::dribble(head + "abc").bodies.at(0).c_str(), "abc");

    std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_int_equal(http_feed::play(chunked).continues, 1);
    Outcome dribbled = http_feed::dribble(chunked + "3\r\nabc\r\n0\r\n\r\n");
    assert_int_equal(dribbled.continues, 1);
    assert_string_equal(dribbled.bodies.at(0).c_str(), "abc");
}

void expect__without_body_or_in_1_0_is_not_answered(void **)
{
    for (std::string head : {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
                             "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"}) {
        Outcome outcome = http_feed::dribble(head);
        assert_int_equal(outcome.continues, 0);
        assert_int_equal(outcome.bodies.size(), 1);
    }
    Outcome old = http_feed::dribble("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(old.continues, 0);
    assert_string_equal(old.bodies.at(0).c_str(), "abc");
}

// A refused request is not invited to send its body.
void expect__is_not_answered_when_the_body_is_too_long(void **)
{
    Outcome outcome = http_feed::play("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 21\r\n\r\n", {}, kSmall);
    assert_int_equal(outcome.continues, 0);
    assert_int_equal(outcome.status, 413);
}

// A head of exactly size bytes.
std::string head_of(size_t size)
{
    std::string front = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    return front + std::string(size - front.size() - 4, 'x') + "\r\n\r\n";
}

void limit__head_bytes(void **)
{
    Limits limits{16384, 100, 0};
    assert_int_equal(http_feed::play(head_of(16384), {}, limits).bodies.size(), 1);
    assert_int_equal(http_feed::play(head_of(16384) + head_of(16384), {}, limits).bodies.size(), 2);
    assert_int_equal(http_feed::play(head_of(16385), {}, limits).status, 431);
    assert_int_equal(http_feed::play_all_cuts(head_of(128), kSmall).bodies.size(), 1);
    assert_int_equal(http_feed::play_all_cuts(head_of(129), kSmall).status, 431);
    // With no end in sight it stops at the limit, not one byte later.
    std::string endless = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'x');
    assert_int_equal(http_feed::play(endless.substr(0, 127), {}, kSmall).status, 0);
    assert_int_equal(http_feed::play(endless.substr(0, 128), {}, kSmall).status, 431);
    assert_int_equal(http_feed::play_all_cuts(endless, kSmall).status, 431);
}

void limit__target_and_method(void **)
{
    assert_int_equal(http_feed::play_all_cuts("GET /" + std::string(200, 'x') + " HTTP/1.1\r\n", kSmall).status, 414);
    assert_int_equal(http_feed::play_all_cuts("GET /?" + std::string(200, 'x'), kSmall).status, 414);
    assert_int_equal(http_feed::play_all_cuts("GET http://" + std::string(200, 'x'), kSmall).status, 414);
    assert_int_equal(http_feed::play_all_cuts("GET /" + std::string(117, 'x') + " HTTP/1.1\r\n", kSmall).status, 431);
    assert_int_equal(http_feed::play_all_cuts(std::string(200, 'G'), kSmall).status, 501);
    // Bytes beyond the limit are not looked at: they cannot turn 414 into 400.
    assert_int_equal(http_feed::play_all_cuts("GET /" + std::string(123, 'x') + "\n", kSmall).status, 414);
}

void limit__header_lines(void **)
{
    std::string four = "GET / HTTP/1.0\r\na:\r\nb:\r\nc:\r\nd:\r\n";
    assert_int_equal(http_feed::play_all_cuts(four + "\r\n", kSmall).bodies.size(), 1);
    assert_int_equal(http_feed::play_all_cuts(four + "e:\r\n\r\n", kSmall).status, 431);
    assert_int_equal(http_feed::play_all_cuts("GET / HTTP/1.0\r\n\r\n", {128, 0, 0}).bodies.size(), 1);
    assert_int_equal(http_feed::play_all_cuts("GET / HTTP/1.0\r\na:\r\n\r\n", {128, 0, 0}).status, 431);
}

} // namespace

int main()
{
    std::vector<CMUnitTest> tests = {
        cmocka_unit_test(chunk__incomplete_waits),
        cmocka_unit_test(chunk__framing_is_never_kept),
        cmocka_unit_test(chunk__two_hundred_thousand_of_one_byte),
        cmocka_unit_test(need__is_the_end_of_a_body_with_content_length),
        cmocka_unit_test(need__is_the_end_of_the_chunk_once_its_size_is_known),
        cmocka_unit_test(length__a_body_over_the_limit_fails_with_the_head),
        cmocka_unit_test(length__largest_limits),
        cmocka_unit_test(expect__is_answered_once_and_only_while_the_body_is_missing),
        cmocka_unit_test(expect__without_body_or_in_1_0_is_not_answered),
        cmocka_unit_test(expect__is_not_answered_when_the_body_is_too_long),
        cmocka_unit_test(limit__head_bytes),
        cmocka_unit_test(limit__target_and_method),
        cmocka_unit_test(limit__header_lines),
    };
    for (const Row &row : kRows)
        tests.push_back({row.name, check_row, nullptr, nullptr, const_cast<Row *>(&row)});
    return _cmocka_run_group_tests("http_request_body", tests.data(), tests.size(), nullptr, nullptr);
}
