/**
 * @file
 * An address that wm-serve listens at, taken apart: SCHEME://HOST:PORT or SCHEME+unix:///PATH, the scheme in any case. The library has the
 * error of a wrong one; here a part that is not there is empty. Pure.
 */
#ifndef WM_SERVE_LISTEN_ADDRESS_H
#define WM_SERVE_LISTEN_ADDRESS_H

#include <string>
#include <string_view>

namespace wm::serve {

class ListenAddress {
public:
    explicit ListenAddress(std::string_view text);

    const std::string &scheme() const { return scheme_; } ///< in lower case, without "+unix"
    const std::string &host() const { return host_; }     ///< as given: an IPv6 address in brackets
    const std::string &path() const { return path_; }     ///< of a unix socket
    bool is_unix() const { return unix_; }
    /// 0.0.0.0 or [::]: every address of this machine, and none that a client can connect to.
    bool is_any() const;
    /// Whether only this machine can connect: a unix socket or a loopback address (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    bool is_local() const;
    /// Whether both cannot be opened: the same path, or the same port of one host or of every address.
    bool collides(const ListenAddress &other) const;
    /// Whether both are one socket: the same path, or the same port of the same host as given.
    bool is_same(const ListenAddress &other) const;
    /// Whether what connects to `to` would come here. localhost is either loopback address.
    bool meets(const ListenAddress &to) const;
    /// HOST:PORT, with `any` in place of a host that is every address.
    std::string endpoint(std::string_view any) const;
    /// HOST:PORT for a client on this machine.
    std::string reachable() const { return endpoint(host_.starts_with('[') ? "[::1]" : "127.0.0.1"); }

private:
    bool is_localhost() const;

    std::string scheme_;
    std::string host_;
    std::string port_;
    std::string path_;
    bool unix_ = false;
};

} // namespace wm::serve

#endif
