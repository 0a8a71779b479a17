#include "proto/proxy/proxy_request.h"

#include "proto/base64.h"

namespace wm::proxy {

namespace {

constexpr char kVersion = 5, kLoginVersion = 1; // RFC 1928 §3, RFC 1929 §2
constexpr char kNoLogin = 0, kUserAndPassword = 2;
constexpr char kConnect = 1;
constexpr char kIpv4 = 1, kName = 3, kIpv6 = 4;

void append_with_size(std::string &out, std::string_view text)
{
    out += static_cast<char>(text.size());
    out += text;
}

Request connect_request(const Target &target, const Login &login)
{
    std::string host(target.host);
    std::string authority = (target.octets.size() == 16 ? "[" + host + "]" : host) + ":" + std::to_string(target.port);
    std::string first = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (login.given()) // RFC 7617 §2
        first += "Proxy-Authorization: Basic " + base64(login.user + ":" + login.password) + "\r\n";
    return {Kind::kHttp, first + "\r\n", {}, {}};
}

Request socks5_request(const Target &target, const Login &login)
{
    Request out = {Kind::kSocks5, {}, {}, {}};
    if (login.given()) {
        out.first = {kVersion, 2, kNoLogin, kUserAndPassword};
        out.login = {kLoginVersion};
        append_with_size(out.login, login.user);
        append_with_size(out.login, login.password);
    } else {
        out.first = {kVersion, 1, kNoLogin};
    }
    out.connect = {kVersion, kConnect, 0};
    if (target.octets.empty()) {
        out.connect += kName;
        append_with_size(out.connect, target.host);
    } else {
        out.connect += target.octets.size() == 4 ? kIpv4 : kIpv6;
        out.connect += target.octets;
    }
    out.connect += static_cast<char>(target.port >> 8);
    out.connect += static_cast<char>(target.port);
    return out;
}

} // namespace

Request make_request(Kind kind, const Target &target, const Login &login)
{
    return kind == Kind::kHttp ? connect_request(target, login) : socks5_request(target, login);
}

} // namespace wm::proxy
