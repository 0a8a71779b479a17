/**
 * @file
 * What a client says to a proxy: CONNECT (RFC 9110 §9.3.6), SOCKS5 (RFC 1928) with a login (RFC 1929). Pure.
 */
#ifndef WM_PROTO_PROXY_PROXY_REQUEST_H
#define WM_PROTO_PROXY_PROXY_REQUEST_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::proxy {

enum class Kind : uint8_t { kHttp, kSocks5 };

/// What a proxy wants to know of a client; nothing: empty.
struct Login {
    std::string user;
    std::string password;

    bool given() const { return !user.empty(); }
};

/// The messages for one target, in their order.
struct Request {
    Kind kind;
    std::string first;   ///< http: the only one; socks5: the methods
    std::string login;   ///< socks5: the answer to a proxy that wants user and password; empty: there is none
    std::string connect; ///< socks5
};

/// Where the proxy is to connect to.
struct Target {
    std::string_view host;   ///< a name, or an IP address without brackets
    std::string_view octets; ///< those of an IP address, 4 or 16; empty: the host is a name, which the proxy resolves
    uint16_t port;
};

/// User, password and name have at most kMaxText bytes.
Request make_request(Kind kind, const Target &target, const Login &login);

inline constexpr size_t kMaxText = 255; ///< of SOCKS5, which has one octet for each length

} // namespace wm::proxy

#endif
