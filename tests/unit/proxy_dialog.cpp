// What is said to a proxy, and what its answers mean: cut anywhere, and wrong in every way.
#include "proto/proxy/proxy_dialog.h"

#include "wm/error.h"

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
using proxy::Kind;

const proxy::Login kLogin = {"user", "pa:ss"};

void connect_names_the_target(void **)
{
    assert_string_equal(proxy::make_request(Kind::kHttp, {"example.com", {}, 443}, {}).first.c_str(),
                        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    std::string octets(16, '\0');
    assert_string_equal(proxy::make_request(Kind::kHttp, {"::1", octets, 80}, kLogin).first.c_str(),
                        "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\nProxy-Authorization: Basic dXNlcjpwYTpzcw==\r\n\r\n");
}

void socks5_names_the_target(void **)
{
    proxy::Request by_name = proxy::make_request(Kind::kSocks5, {"a.b", {}, 443}, {});
    assert_true(by_name.first == "\x05\x01\x00"s && by_name.login.empty());
    assert_true(by_name.connect == "\x05\x01\x00\x03\x03"s + "a.b\x01\xbb");
    proxy::Request by_address = proxy::make_request(Kind::kSocks5, {"127.0.0.1", "\x7f\0\0\x01"s, 80}, kLogin);
    assert_true(by_address.first == "\x05\x02\x00\x02"s);
    assert_true(by_address.login == "\x01\x04user\x05pa:ss"s);
    assert_true(by_address.connect == "\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50"s);
    assert_int_equal(proxy::make_request(Kind::kSocks5, {"::1", std::string(16, 'x'), 80}, {}).connect.size(), 4 + 16 + 2);
}

struct Outcome {
    std::string sent; ///< behind the first message
    std::string rest;
    std::string text; ///< of the failure
    int error = 0;
    bool done = false;
};

/// Each step sees a copy of exactly the bytes that it may touch.
Outcome play(const proxy::Request &request, const std::vector<std::string> &pieces)
{
    proxy::Dialog dialog(request);
    Outcome out;
    for (const std::string &piece : pieces) {
        out.rest += piece;
        while (!out.rest.empty()) {
            std::unique_ptr<char[]> exact(new char[out.rest.size()]);
            memcpy(exact.get(), out.rest.data(), out.rest.size());
            Step step = dialog.step(exact.get(), out.rest.size(), 200, 5);
            if (step.kind == StepKind::kMore)
                break;
            if (step.kind == StepKind::kFail) {
                out.text = dialog.text();
                out.error = dialog.error();
                return out;
            }
            out.rest.erase(0, step.size);
            if (step.kind == StepKind::kMessage) {
                out.done = true;
                return out;
            }
            out.sent += dialog.next();
        }
    }
    return out;
}

void check_everywhere(const proxy::Request &request, const std::string &answer, const std::string &sent)
{
    for (size_t cut = 0; cut < answer.size(); cut++) {
        Outcome out = play(request, {answer.substr(0, cut), answer.substr(cut) + "target"});
        assert_true(out.done);
        assert_true(out.sent == sent);
        assert_true(out.rest == "target");
        assert_false(play(request, {answer.substr(0, cut)}).done);
    }
    std::vector<std::string> single;
    for (char c : answer)
        single.push_back(std::string(1, c));
    assert_true(play(request, single).done);
}

void a_tunnel_stands_wherever_the_answer_is_cut(void **)
{
    proxy::Request http = proxy::make_request(Kind::kHttp, {"a", {}, 1}, {});
    check_everywhere(http, "HTTP/1.0 200 Connection established\r\n\r\n", "");
    check_everywhere(http, "HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 204 \r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "");
    proxy::Request plain = proxy::make_request(Kind::kSocks5, {"a", {}, 1}, {});
    check_everywhere(plain, "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s, plain.connect);
    check_everywhere(plain, "\x05\x00\x05\x00\x00\x03\x02zz\x00\x00"s, plain.connect);
    check_everywhere(plain, "\x05\x00\x05\x00\x00\x03\x00\x00\x00"s, plain.connect);
    check_everywhere(plain, "\x05\x00\x05\x00\x00\x04"s + std::string(18, '\0'), plain.connect);
    proxy::Request login = proxy::make_request(Kind::kSocks5, {"a", {}, 1}, kLogin);
    check_everywhere(login, "\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s, login.login + login.connect);
    check_everywhere(login, "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s, login.connect);
}

void what_a_proxy_refuses_has_its_words(void **)
{
    proxy::Request http = proxy::make_request(Kind::kHttp, {"a", {}, 1}, {});
    proxy::Request plain = proxy::make_request(Kind::kSocks5, {"a", {}, 1}, {});
    proxy::Request login = proxy::make_request(Kind::kSocks5, {"a", {}, 1}, kLogin);
    const struct {
        const proxy::Request &request;
        std::string answer;
        int error;
        const char *part;
    } rows[] = {
        {http, "HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n", WM_EACCES,
         "407 Auth, it wants Basic realm=\"x\": proxy=http:"},
        {http, "HTTP/1.1 403 Filtered\r\n\r\n", WM_EACCES, "the proxy answered 403 Filtered"},
        {http, "HTTP/1.1 502 Bad Gateway\r\n\r\n", WM_ECONNREFUSED, "502 Bad Gateway"},
        {http, "HTTP/1.1 504 \r\n\r\n", WM_ETIMEDOUT, "504"},
        {http, "HTTP/1.1 301 Moved\r\nLocation: x\r\n\r\n", WM_ECONNREFUSED, "301"},
        {http, "HTTP/1.1 101 Switching\r\n\r\n", WM_ECONNREFUSED, "101"},
        {http, "<html>", WM_EPROTOCOL, "no HTTP"},
        {http, "HTTP/1.1 200 OK\r\nA: " + std::string(300, 'a'), WM_EPROTOCOL, "max_header_bytes"},
        {http, "HTTP/1.1 200 OK\r\n" + "A: b\r\n"s + "A: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n", WM_EPROTOCOL, "max_headers"},
        {http, "\x05\x00"s, WM_EPROTOCOL, "no HTTP"},
        {plain, "HTTP/1.1 400 Bad Request\r\n\r\n", WM_EPROTOCOL, "does not speak SOCKS5"},
        {plain, "\x04"s, WM_EPROTOCOL, "does not speak SOCKS5"},
        {plain, "\x05\xff"s, WM_EACCES, "wants a login"},
        {plain, "\x05\x02"s, WM_EPROTOCOL, "not offered"},
        {plain, "\x05\x01"s, WM_EPROTOCOL, "not offered"},
        {login, "\x05\xff"s, WM_EACCES, "neither"},
        {login, "\x05\x03"s, WM_EPROTOCOL, "not offered"},
        {login, "\x05\x02\x01\x01"s, WM_EACCES, "refused user and password"},
        {login, "\x05\x02\x05\x00"s, WM_EPROTOCOL, "login is malformed"},
        {plain, "\x05\x00\x05\x01"s, WM_ESYS, "general SOCKS server failure"},
        {plain, "\x05\x00\x05\x02"s, WM_EACCES, "not allowed"},
        {plain, "\x05\x00\x05\x03"s, WM_ESYS, "network unreachable"},
        {plain, "\x05\x00\x05\x04\x00\x01"s, WM_ESYS, "host unreachable"},
        {plain, "\x05\x00\x05\x05\x00\x01"s, WM_ECONNREFUSED, "connection refused"},
        {plain, "\x05\x00\x05\x06"s, WM_ETIMEDOUT, "TTL expired"},
        {plain, "\x05\x00\x05\x07"s, WM_EPROTOCOL, "command not supported"},
        {plain, "\x05\x00\x05\x08"s, WM_EPROTOCOL, "address type not supported"},
        {plain, "\x05\x00\x05\x09"s, WM_EPROTOCOL, "unknown code 9"},
        {plain, "\x05\x00\x04"s, WM_EPROTOCOL, "reply is malformed"},
        {plain, "\x05\x00\x05\x00\x01\x01\x00"s, WM_EPROTOCOL, "reply is malformed"},
        {plain, "\x05\x00\x05\x00\x00\x02\x00"s, WM_EPROTOCOL, "reply is malformed"},
    };
    for (const auto &row : rows)
        for (size_t cut = 0; cut <= row.answer.size(); cut++) {
            Outcome out = play(row.request, {row.answer.substr(0, cut), row.answer.substr(cut)});
            assert_false(out.done);
            assert_int_equal(out.error, row.error);
            if (out.text.find(row.part) == std::string::npos)
                fail_msg("%s", out.text.c_str());
            assert_null(strstr(out.text.c_str(), "pa:ss"));
        }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(connect_names_the_target),
        cmocka_unit_test(socks5_names_the_target),
        cmocka_unit_test(a_tunnel_stands_wherever_the_answer_is_cut),
        cmocka_unit_test(what_a_proxy_refuses_has_its_words),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
