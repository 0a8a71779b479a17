// The client's side of the opening handshake (RFC 6455 §4.1).
#include "core/escape.h"
#include "proto/websocket/client_handshake.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;
using namespace std::string_literals;

constexpr unsigned char kNonce[websocket::kNonceSize] = {'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'};
// RFC 6455 §1.3.
constexpr char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr char kAccept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

void the_request_has_every_line_once(void **)
{
    websocket::ClientRequest request("/chat?x=1", "example.com:8080", "chat, superchat", "Origin: http://a\r\nCookie: k=v\r\n");
    assert_string_equal(std::string(request.write(kNonce)).c_str(),
                        "GET /chat?x=1 HTTP/1.1\r\nHost: example.com:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Protocol: chat, superchat\r\nOrigin: http://a\r\nCookie: k=v\r\n\r\n");
    assert_string_equal(std::string(request.key()).c_str(), kKey);
    // The next connection has another key, and the host may name another Host.
    websocket::ClientRequest plain("/", "127.0.0.1", "", "host: other\r\n");
    plain.write(kNonce);
    const unsigned char zero[websocket::kNonceSize] = {};
    assert_string_equal(std::string(plain.write(zero)).c_str(),
                        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                        "Sec-WebSocket-Version: 13\r\nhost: other\r\n\r\n");
}

void what_the_host_gives_is_checked(void **)
{
    for (const char *fine : {"/", "/a/b?c=d&e", "/%20", "/a?b?c/d", "/;:@!$'()*+,="})
        assert_null(websocket::check_target(fine));
    for (const std::string &wrong : {""s, "a"s, "/a b"s, "/a\r\nX: y"s, "/%2"s, "/%zz"s, "/a#b"s, "/\xc3\xa9"s, "/a\0b"s, "/\""s})
        assert_non_null(websocket::check_target(wrong));
    for (const char *fine : {"", "A: b\r\n", "Host: x\r\n", "Cookie: a=b; c=d\r\nAuthorization: Basic eA==\r\n", "X:\r\n"})
        assert_null(websocket::check_request_fields(fine));
    for (const std::string &wrong :
         {"A: b"s, "A: b\n"s, "A: b\r\n\r\n"s, "A: b\r\nB"s, "A: b\rX: y\r\n"s, "A: b\nX: y\r\n"s, "A b: c\r\n"s, ": c\r\n"s, " A: b\r\n"s,
          "A: \0\r\n"s, "Upgrade: x\r\n"s, "connection: close\r\n"s, "Sec-WebSocket-Key: x\r\n"s, "Sec-WebSocket-Version: 8\r\n"s,
          "Sec-WebSocket-Extensions: x\r\n"s, "Sec-WebSocket-Protocol: x\r\n"s, "Content-Length: 1\r\n"s, "Transfer-Encoding: chunked\r\n"s,
          "Host: a\r\nhost: b\r\n"s})
        assert_non_null(websocket::check_request_fields(wrong));
    for (const char *fine : {"", "chat", "chat, superchat", "a,b , c"})
        assert_null(websocket::check_protocols(fine));
    for (const char *wrong : {",", "a,", "a,,b", "a b", "a\r\nX: y", "a, a", " ", "\"a\""})
        assert_non_null(websocket::check_protocols(wrong));
}

/// The error of a response to the sample's key; empty: none, and chosen is set.
std::string check(const std::string &head, const char *protocols, std::string *chosen = nullptr)
{
    http::ResponseParser parser;
    http::Response response = {};
    assert_int_equal(parser.step(head.data(), head.size(), 4096, 20, response).kind, StepKind::kMessage);
    std::string_view name;
    const char *error = websocket::check_response(response, kKey, protocols, name);
    if (chosen)
        *chosen = name;
    return error ? error : "";
}

std::string response(const std::string &fields, const char *start = "HTTP/1.1 101 Switching Protocols")
{
    return start + "\r\n"s + fields + "\r\n";
}

const std::string kUpgrade = "Upgrade: websocket\r\n", kConnection = "Connection: Upgrade\r\n",
                  kAccepted = "Sec-WebSocket-Accept: "s + kAccept + "\r\n";

void a_response_is_taken(void **)
{
    std::string chosen = "x";
    assert_string_equal(check(response(kUpgrade + kConnection + kAccepted), "", &chosen).c_str(), "");
    assert_string_equal(chosen.c_str(), "");
    assert_string_equal(check(response(kUpgrade + kConnection + kAccepted), "chat").c_str(), ""); // the server chose none
    std::string loose = "upgrade: WebSocket\r\nconnection: keep-alive, UPGRADE\r\nsec-websocket-accept:\t"s + kAccept + " \r\n";
    assert_string_equal(check(response(loose + "Sec-WebSocket-Protocol: b\r\n"), "a, b", &chosen).c_str(), "");
    assert_string_equal(chosen.c_str(), "b");
}

void a_response_that_breaks_a_rule_is_refused(void **)
{
    const std::string all = kUpgrade + kConnection + kAccepted;
    const struct {
        std::string head;
        const char *part; ///< of the text
    } rows[] = {
        {response(all, "HTTP/1.0 101 OK"), "HTTP/1.0"},
        {response(kConnection + kAccepted), "Upgrade: websocket"},
        {response("Upgrade: h2c\r\n" + kConnection + kAccepted), "Upgrade: websocket"},
        {response("Upgrade: websocket, h2c\r\n" + kConnection + kAccepted), "Upgrade: websocket"},
        {response(kUpgrade + all), "Upgrade: websocket"},
        {response(kUpgrade + kAccepted), "Connection: Upgrade"},
        {response(kUpgrade + "Connection: close\r\n" + kAccepted), "Connection: Upgrade"},
        {response(kUpgrade + kConnection), "Sec-WebSocket-Accept"},
        {response(kUpgrade + kConnection + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"), "Sec-WebSocket-Accept"},
        {response(kUpgrade + kConnection + "Sec-WebSocket-Accept: "s + kKey + "\r\n"), "Sec-WebSocket-Accept"},
        {response(kUpgrade + kConnection + "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n"), "Sec-WebSocket-Accept"},
        {response(all + kAccepted), "Sec-WebSocket-Accept"},
        {response(all + "Sec-WebSocket-Protocol: other\r\n"), "subprotocol"},
        {response(all + "Sec-WebSocket-Protocol: CHAT\r\n"), "subprotocol"},
        {response(all + "Sec-WebSocket-Protocol: chat, more\r\n"), "subprotocol"},
        {response(all + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: more\r\n"), "subprotocol"},
        {response(all + "Sec-WebSocket-Protocol:\r\n"), "subprotocol"},
    };
    for (const auto &row : rows) {
        std::string error = check(row.head, "chat, more");
        if (error.find(row.part) == std::string::npos)
            fail_msg("%s: %s", row.head.c_str(), error.c_str());
    }
    assert_non_null(strstr(check(response(all + "Sec-WebSocket-Protocol: chat\r\n"), "").c_str(), "subprotocol"));
}

std::string refusal(const std::string &head, std::string_view body = {})
{
    http::ResponseParser parser;
    http::Response response = {};
    assert_int_equal(parser.step(head.data(), head.size(), 4096, 20, response).kind, StepKind::kMessage);
    return websocket::refusal_text(response, body);
}

void a_refusal_says_what_the_server_answered(void **)
{
    assert_string_equal(refusal(response("", "HTTP/1.1 401 Unauthorized"), "no\r\n\x1b[31mtoken\xff").c_str(),
                        "the server answered 401 Unauthorized instead of 101: no \\x1b[31mtoken\\xff");
    assert_string_equal(refusal(response("", "HTTP/1.1 503 ")).c_str(), "the server answered 503 instead of 101");
    assert_string_equal(refusal(response("Location: https://other/\r\n", "HTTP/1.1 302 Found")).c_str(),
                        "the server answered 302 Found: redirects are not followed; it names https://other/");
    assert_string_equal(refusal(response("Sec-WebSocket-Version: 8\r\n", "HTTP/1.1 426 Upgrade Required")).c_str(),
                        "the server answered 426 Upgrade Required: it speaks websocket version 8, this client 13");
    std::string page = refusal(response("", "HTTP/1.1 200 OK"), std::string(500, 'x'));
    assert_string_equal(page.c_str(), ("the server answered 200 OK instead of 101: " + std::string(64, 'x') + "...").c_str());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_request_has_every_line_once),
        cmocka_unit_test(what_the_host_gives_is_checked),
        cmocka_unit_test(a_response_is_taken),
        cmocka_unit_test(a_response_that_breaks_a_rule_is_refused),
        cmocka_unit_test(a_refusal_says_what_the_server_answered),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
