/**
 * @file
 * Datagrams of one socket, many with one system call: UDP over IPv4 and IPv6, and unix datagrams. Pure but for the system calls.
 */
#ifndef WM_NET_DATAGRAM_SOCKET_H
#define WM_NET_DATAGRAM_SOCKET_H

#include "net/address.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

namespace wm {

/// An address of this machine: what a datagram came to, and what the answer leaves from. AF_UNSPEC: the socket's own.
struct LocalIp {
    sa_family_t family = AF_UNSPEC;
    struct in6_addr ip = {}; ///< of AF_INET its first four bytes
};

/// One that was received. What it points to is the batch's.
struct Datagram {
    char *data;
    size_t len;
    bool truncated; ///< it was longer
    SocketAddress from;
    LocalIp to;
};

/// What sendmmsg(2) needs of one. to nullptr: the socket is connected.
struct OutgoingDatagram {
    const struct sockaddr *to;
    socklen_t to_len;
    const LocalIp *from;
    std::string_view bytes;
};

/// The memory of receives: pages that no datagram has reached are not touched.
class DatagramBatch {
public:
    static constexpr size_t kMost = 32;                ///< datagrams of one system call
    static constexpr size_t kLongestIp = 64 * 1024;    ///< bytes; no UDP datagram is as long
    static constexpr size_t kLongestUnix = 256 * 1024; ///< bytes; longer unix datagrams are truncated
    static constexpr size_t kUnixMost = kMost * kLongestIp / kLongestUnix;

    DatagramBatch();
    ~DatagramBatch();

    /// False when out of memory.
    bool reserve();
    /// Receives up to `count` datagrams, of each up to max_size bytes: how many, or -1 with errno.
    int receive(int fd, bool is_unix, size_t count, size_t max_size);
    /// One of them, once.
    Datagram take(size_t index) const;

private:
    struct Headers;

    std::unique_ptr<char[]> bytes_;
    std::unique_ptr<Headers> headers_;
};

/// Sends up to kSendMost datagrams: how many the kernel has taken, or -1 with the errno of the first.
inline constexpr size_t kSendMost = 64;
int send_datagrams(int fd, const OutgoingDatagram *datagrams, size_t count);

/// The longest payload that such a socket sends, in bytes.
size_t longest_datagram(int fd, sa_family_t family);

/// Has each datagram tell its local address, where the socket is bound to all of them.
void ask_for_local_ip(int fd, const SocketAddress &bound);

/// Whether the kernel has room for what a unix socket sends: if it refuses, the queue of the receiver is full. POLLOUT says no as soon as a
/// quarter of the room is taken, which receivers that do not read can take for ever.
bool has_send_room(int fd);

/// A socket that is connected to that address: a descriptor, or -1 with errno. source len 0: the kernel chooses. A unix socket gets an
/// abstract name of its own, so that it can be answered.
int connect_datagrams(const SocketAddress &to, const SocketAddress &source);

/// SO_RCVBUF and SO_SNDBUF, in bytes; 0: the system's.
void set_buffers(int fd, int64_t receive, int64_t send);

/// "IP:PORT", "[IPv6]:PORT", "[IPv6%SCOPE]:PORT", or the path or '@' name of a unix socket, as format_address() writes them, for a socket
/// of that family: 0, or WM_EADDRESS with the right form.
int parse_peer(const char *text, sa_family_t family, SocketAddress &out);

} // namespace wm

#endif
