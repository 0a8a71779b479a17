/**
 * @file
 * Resolves a host name within a deadline, which getaddrinfo does not support. Any thread.
 */
#ifndef WM_PUSH_NAME_LOOKUP_H
#define WM_PUSH_NAME_LOOKUP_H

#include <chrono>
#include <memory>
#include <netdb.h>
#include <string>

namespace wm {

struct FreeAddresses {
    void operator()(addrinfo *list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

/// Resolves a host and a decimal port to stream socket addresses. Returns 0 or a code for gai_strerror; EAI_AGAIN also means that the
/// deadline has passed.
int resolve_host(const std::string &host, const std::string &port, std::chrono::steady_clock::time_point deadline, AddressList &out);

} // namespace wm

#endif
