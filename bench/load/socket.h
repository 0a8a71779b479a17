/**
 * @file
 * The client's sockets: addresses, connecting, and blocking exchanges before a run starts and after it has ended.
 */
#ifndef WM_LOAD_SOCKET_H
#define WM_LOAD_SOCKET_H

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::load {

/// A numeric address; length 0: none.
struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

/// Takes "127.0.0.1:80" and "[::1]:80".
bool parse_address(std::string_view text, Address *out);

/// Raises the soft limit of descriptors to the hard one; exits with 2 when that is below what is needed.
void reserve_descriptors(size_t needed);

/**
 * Connects, over TCP with TCP_NODELAY, or a socket of datagrams. The socket blocks, with timeouts for receiving and sending. `source`
 * spreads clients of 127.0.0.0/8 over source addresses, 4096 to each, because one address has 28 000 ports at most. -1 with errno.
 */
int dial(const Address &address, uint32_t source, uint32_t timeout_seconds, bool datagrams = false);

bool send_all(int fd, std::string_view data);
void make_nonblocking(int fd);

} // namespace wm::load

#endif
