/**
 * @file
 * The address of a proxy: http://[USER:PASSWORD@]HOST:PORT, or socks5:// and socks5h:// likewise.
 */
#ifndef WM_SESSION_PROXY_PROXY_ADDRESS_H
#define WM_SESSION_PROXY_PROXY_ADDRESS_H

#include "net/address.h"
#include "proto/proxy/proxy_request.h"

#include <string>

namespace wm {

struct ProxyAddress {
    Address address;
    proxy::Kind kind = proxy::Kind::kHttp;
    proxy::Login login;
    std::string shown; ///< the address with "***" in place of the password

    /// 0, or WM_EINVAL; the detail leaves the login out.
    int parse(const std::string &text);
    /// What is said to it for that target.
    proxy::Request request_for(const Address &target) const;
};

} // namespace wm

#endif
