// Bodies in pieces (Limits::stream_body): the same bytes, trailers and refusals as of a body that is joined, however they are cut; what is
// moved and what is kept; and which trailers are handed out.
#include "http_pieces.h"
#include "proto/http/trailers.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_literals;
using http_pieces::play;
using http_pieces::Result;
using wm::Step;
using wm::StepKind;
using wm::http::Limits;
using wm::http::Request;
using wm::http::RequestParser;

constexpr Limits kJoined{256, 4, 1 << 20};
constexpr Limits kPieces{256, 4, 1 << 20, wm::http::kKnownMethods, false, true};

const std::string kChunked = "POST /u HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string fixed(size_t size)
{
    return "POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'f');
}

const std::vector<std::string> kStreams = {
    fixed(1),
    fixed(9) + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n" + fixed(0) + fixed(3),
    kChunked + "0\r\n\r\n",
    kChunked + "3\r\nabc\r\n0\r\n\r\n" + fixed(2),
    kChunked + "3;x=\"y\"\r\nabc\r\n4\r\n\r\n\r\n\r\n2\r\nde\r\n0;z\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    kChunked + "3\r\nabc\r\n0\r\nX: y\r\n\r\n" + kChunked + "0\r\nDigest: a\r\nB:\r\n\r\n" + kChunked + "1\r\nz\r\n0\r\n\r\n",
    kChunked + "3\r\nabcd\r\n0\r\n\r\n",
    kChunked + "3\r\nabc\r\nx\r\n",
    kChunked + "3\r\nabc\r\n0\r\nX y\r\n\r\n",
    kChunked + "1\r\na\r\n0\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\n\r\n",
    kChunked + "1\r\na\r\n0\r\nX: " + std::string(300, 'x') + "\r\n\r\n",
    kChunked + "1\r\na\r\n200000\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab" + fixed(1),
};

void pieces__are_the_joined_body_however_they_are_cut(void **)
{
    for (const std::string &stream : kStreams) {
        std::string want = play(kJoined, stream).log;
        for (size_t cut = 0; cut <= stream.size(); cut++)
            assert_string_equal(play(kPieces, stream, cut).log.c_str(), want.c_str());
        for (size_t size = 1; size < 9; size++)
            assert_string_equal(play(kPieces, stream, 0, size).log.c_str(), want.c_str());
    }
}

std::string chunk(size_t size)
{
    char line[24];
    snprintf(line, sizeof line, "%zx\r\n", size);
    return line + std::string(size, 'c') + "\r\n";
}

void pieces__join_small_chunks_and_leave_large_ones_in_place(void **)
{
    std::string small = kChunked;
    for (int i = 0; i < 100; i++)
        small += chunk(10);
    assert_int_equal(play(kPieces, small + "0\r\n\r\n").pieces, 1);
    std::string large = kChunked + chunk(5000) + chunk(5000) + chunk(10) + chunk(5000);
    Result result = play(kPieces, large + "0\r\n\r\n");
    assert_int_equal(result.pieces, 3);
    assert_string_equal(result.log.c_str(), play(kJoined, large + "0\r\n\r\n").log.c_str());
}

void pieces__keep_nothing_but_the_trailer_section(void **)
{
    std::string stream = fixed(5000) + kChunked + chunk(5000) + chunk(300) + "0;e=f\r\nX: y\r\n\r\n";
    assert_int_equal(play(kPieces, stream, 0, 1).most_kept, strlen("X: y\r\n\r"));
}

void expects__is_told_with_the_head_and_until_it_is_continued(void **)
{
    std::string head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    RequestParser parser;
    Request request{};
    assert_int_equal(parser.step(head.data(), head.size(), kPieces, request, nullptr).kind, StepKind::kHead);
    assert_true(parser.expects_continue());
    assert_int_equal(parser.left(), 2);
    parser.continued();
    assert_false(parser.expects_continue());
}

/// Whatever was in the memory of the parser before.
void left__is_nothing_outside_of_a_body(void **)
{
    alignas(RequestParser) volatile unsigned char room[sizeof(RequestParser)];
    for (volatile unsigned char &octet : room)
        octet = 2;
    RequestParser *volatile parser = new (const_cast<unsigned char *>(room)) RequestParser;
    assert_int_equal(parser->left(), 0);
}

void limit__of_pieces_has_a_name_of_its_own(void **)
{
    for (std::string stream : {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n"s, kChunked + "100001"}) {
        RequestParser parser;
        Request request{};
        Step step = parser.step(stream.data(), stream.size(), kPieces, request, nullptr);
        for (size_t used = step.size; step.kind != StepKind::kFail; used += step.size)
            step = parser.step(stream.data() + used, stream.size() - used, kPieces, request, nullptr);
        assert_int_equal(parser.failure().status, 413);
        assert_non_null(strstr(parser.failure().text, "max_body"));
    }
}

void trailers__that_belong_in_a_head_are_left_out(void **)
{
    const std::string_view lines =
        "Host: evil\r\nDigest: one\r\ncontent-length: 5\r\nAUTHORIZATION: x\r\nServer-Timing: t;dur=1\r\ndigest: two\r\n";
    std::string_view name, value;
    for (std::string_view of_head : {"host", "Content-Length", "Authorization", "Transfer-Encoding", "Missing"})
        assert_false(wm::http::find_trailer(lines, of_head, value));
    assert_true(wm::http::find_trailer(lines, "DIGEST", value));
    assert_true(value == "one");
    std::string seen;
    for (size_t cursor = 0; wm::http::trailer_at(lines, cursor, name, value);)
        seen.append(name).append("=").append(value).append(" ");
    assert_string_equal(seen.c_str(), "Digest=one Server-Timing=t;dur=1 digest=two ");
    size_t cursor = 0;
    assert_false(wm::http::trailer_at("", cursor, name, value));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(pieces__are_the_joined_body_however_they_are_cut),
        cmocka_unit_test(pieces__join_small_chunks_and_leave_large_ones_in_place),
        cmocka_unit_test(pieces__keep_nothing_but_the_trailer_section),
        cmocka_unit_test(expects__is_told_with_the_head_and_until_it_is_continued),
        cmocka_unit_test(left__is_nothing_outside_of_a_body),
        cmocka_unit_test(limit__of_pieces_has_a_name_of_its_own),
        cmocka_unit_test(trailers__that_belong_in_a_head_are_left_out),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
