// The head of a response (RFC 9112 §4, §5): the same however it is cut, strict, and within its limits.
#include "proto/http/response_parser.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;
using namespace std::string_literals;

struct Outcome {
    std::string log; ///< "101 1 Switching Protocols|fields|" for each response, or "fail TEXT"
    std::string rest;
    bool more = false;

    bool operator==(const Outcome &) const = default;
};

/// Each step sees a copy of exactly the bytes that it may touch.
Outcome feed(const std::vector<std::string> &pieces, size_t max_bytes = 16384, size_t max_headers = 100)
{
    http::ResponseParser parser;
    Outcome out;
    for (const std::string &piece : pieces) {
        out.rest += piece;
        for (out.more = false; !out.more;) {
            std::unique_ptr<char[]> exact(new char[out.rest.size() + 1]);
            memcpy(exact.get(), out.rest.data(), out.rest.size());
            http::Response response = {};
            Step step = parser.step(exact.get(), out.rest.size(), max_bytes, max_headers, response);
            if (step.kind == StepKind::kFail) {
                out.log += "fail "s + parser.failure().text;
                out.rest.clear();
                return out;
            }
            out.more = step.kind == StepKind::kMore;
            if (out.more)
                continue;
            out.log += std::to_string(response.status) + " " + std::to_string(response.minor) + " " + std::string(response.reason) + "|" +
                       std::string(response.fields) + "|";
            out.rest.erase(0, step.size);
            if (step.kind == StepKind::kMessage)
                break;
        }
        if (!out.more)
            return out;
    }
    return out;
}

void a_head_is_the_same_wherever_it_is_cut(void **)
{
    const std::string heads =
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 101 Switching\tProtocols\r\nUpgrade: "
        "websocket\r\nX-Empty:\r\n\r\n";
    const std::string expected = "103 1 Early Hints|Link: </x>\r\n|100 1 ||101 1 Switching\tProtocols|Upgrade: websocket\r\nX-Empty:\r\n|";
    for (size_t cut = 0; cut <= heads.size(); cut++) {
        Outcome out = feed({heads.substr(0, cut), heads.substr(cut) + "\x81\x01x"});
        assert_string_equal(out.log.c_str(), expected.c_str());
    }
    std::vector<std::string> single;
    for (char c : heads)
        single.push_back(std::string(1, c));
    assert_string_equal(feed(single).log.c_str(), expected.c_str());
}

void what_follows_the_head_is_left(void **)
{
    Outcome out = feed({"HTTP/1.0 200 OK\r\n\r\nbytes of the tunnel"});
    assert_string_equal(out.log.c_str(), "200 0 OK||");
    assert_string_equal(out.rest.c_str(), "bytes of the tunnel");
}

void what_breaks_the_grammar_is_refused(void **)
{
    const std::string rows[] = {
        "http/1.1 200 OK\r\n\r\n"s,
        "HTTP/2.0 200 OK\r\n\r\n"s,
        "HTTP/1.1 99 OK\r\n\r\n"s,
        "HTTP/1.1 600 OK\r\n\r\n"s,
        "HTTP/1.1 099 OK\r\n\r\n"s,
        "HTTP/1.1 200OK\r\n\r\n"s,
        "HTTP/1.1 200\r\n\r\n"s, // RFC 9112 §4: a space stands also before an empty reason
        "HTTP/1.1  200 OK\r\n\r\n"s,
        "\r\nHTTP/1.1 200 OK\r\n\r\n"s,
        "HTTP/1.1 200 O\x01K\r\n\r\n"s,
        "HTTP/1.1 200 OK\n\r\n"s,
        "HTTP/1.1 200 OK\r\r\n"s,
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nA: x\r\n more\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nA : x\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\n: x\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nA: x\ny\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nA: x\0y\r\n\r\n"s,
        "HTTP/1.1 200 OK\r\nA: x\r\n\rx"s,
        "SSH-2.0-OpenSSH_9.2\r\n"s,
        "\x15\x03\x01\0\x02\x02\x28"s,
    };
    for (const std::string &row : rows)
        for (size_t cut : {size_t{0}, row.size() / 2, row.size() - 1}) {
            Outcome out = feed({row.substr(0, cut), row.substr(cut)});
            assert_int_equal(out.log.compare(0, 5, "fail "), 0);
        }
}

void limits_hold_for_all_heads_of_a_request(void **)
{
    const std::string head = "HTTP/1.1 200 OK\r\nA: 12345\r\n\r\n", interim = "HTTP/1.1 100 \r\n\r\n";
    assert_int_equal(feed({head}, head.size()).log.compare(0, 5, "200 1"), 0);
    assert_non_null(strstr(feed({head}, head.size() - 1).log.c_str(), "max_header_bytes"));
    assert_non_null(strstr(feed({head.substr(0, 10)}, 10).log.c_str(), "max_header_bytes"));
    assert_int_equal(feed({interim, head}, interim.size() + head.size()).more, false);
    assert_non_null(strstr(feed({interim, head}, interim.size() + head.size() - 1).log.c_str(), "max_header_bytes"));
    assert_non_null(strstr(feed({interim, interim, interim}, interim.size() * 3 - 1).log.c_str(), "max_header_bytes"));
    assert_int_equal(feed({"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n"}, 16384, 2).more, false);
    assert_non_null(strstr(feed({"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n"}, 16384, 1).log.c_str(), "max_headers"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_the_same_wherever_it_is_cut),
        cmocka_unit_test(what_follows_the_head_is_left),
        cmocka_unit_test(what_breaks_the_grammar_is_refused),
        cmocka_unit_test(limits_hold_for_all_heads_of_a_request),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
