/**
 * @file
 * Looks a host up within a deadline, which getaddrinfo alone does not know. Any
 * thread.
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

/// The stream sockets of a host and a decimal port. Returns 0, or a code for
/// gai_strerror; EAI_AGAIN also when the deadline passes.
int look_up(const std::string &host, const std::string &port, std::chrono::steady_clock::time_point deadline, AddressList &out);

} // namespace wm

#endif
