#include "net/datagram_socket.h"

#include "core/error.h"
#include "core/fd.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <linux/sockios.h>
#include <new>
#include <sys/ioctl.h>
#include <sys/un.h>

namespace wm {

namespace {

// A line more than the longest datagram, so that the beginnings of a batch do not share the sets of the cache.
constexpr size_t kSlot = DatagramBatch::kLongestIp + 64;
constexpr size_t kUnixSlot = DatagramBatch::kLongestUnix + 64;
constexpr size_t kSize = std::max(DatagramBatch::kMost * kSlot, DatagramBatch::kUnixMost *kUnixSlot);
constexpr size_t kControl = CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo));
constexpr size_t kUdpHeader = 8, kIpHeader = 20, kMaxPacket = 65535; // of IPv6 the header does not count (RFC 8200 §3)

struct alignas(struct cmsghdr) Control {
    char bytes[kControl];
};

bool is_any(const SocketAddress &address)
{
    if (address.storage.ss_family == AF_INET)
        return reinterpret_cast<const struct sockaddr_in &>(address.storage).sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const struct sockaddr_in6 &>(address.storage).sin6_addr);
}

LocalIp local_ip(struct msghdr &header)
{
    LocalIp out;
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&header); each; each = CMSG_NXTHDR(&header, each)) {
        if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(each), sizeof info);
            bool mapped = out.family == AF_INET6; // of a socket of IPv6, this one is behind the other
            out.family = mapped ? AF_INET6 : AF_INET;
            const struct in_addr &own = info.ipi_spec_dst; // of a broadcast or a multicast, the interface's own address
            memcpy(out.ip.s6_addr + (mapped ? 12 : 0), &own, sizeof own);
        } else if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(each), sizeof info);
            out.family = IN6_IS_ADDR_MULTICAST(&info.ipi6_addr) ? AF_UNSPEC : AF_INET6; // nothing can leave from that
            out.ip = info.ipi6_addr;
        }
    }
    return out;
}

/// Has the datagram leave from that address.
void set_source(struct msghdr &header, Control &control, const LocalIp &from)
{
    if (from.family == AF_UNSPEC)
        return;
    bool v4 = from.family == AF_INET;
    size_t size = v4 ? sizeof(struct in_pktinfo) : sizeof(struct in6_pktinfo);
    header.msg_control = control.bytes;
    header.msg_controllen = CMSG_SPACE(size);
    memset(control.bytes, 0, sizeof control.bytes);
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    first->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
    first->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
    first->cmsg_len = CMSG_LEN(size);
    struct in_pktinfo info4 = {};
    struct in6_pktinfo info6 = {};
    memcpy(&info4.ipi_spec_dst, &from.ip, sizeof info4.ipi_spec_dst);
    info6.ipi6_addr = from.ip;
    memcpy(CMSG_DATA(first), v4 ? static_cast<void *>(&info4) : &info6, size);
}

} // namespace

struct DatagramBatch::Headers {
    struct mmsghdr messages[kMost] = {};
    struct iovec vectors[kMost] = {};
    struct sockaddr_storage names[kMost] = {};
    Control controls[kMost] = {};
};

DatagramBatch::DatagramBatch() = default;
DatagramBatch::~DatagramBatch() = default;

bool DatagramBatch::reserve()
{
    if (!bytes_)
        bytes_.reset(new (std::nothrow) char[kSize]);
    if (!headers_)
        headers_.reset(new (std::nothrow) Headers);
    return bytes_ && headers_;
}

int DatagramBatch::receive(int fd, bool is_unix, size_t count, size_t max_size)
{
    Headers &all = *headers_;
    size_t slot = is_unix ? kUnixSlot : kSlot;
    count = std::min(count, is_unix ? kUnixMost : kMost);
    for (size_t i = 0; i < count; i++) {
        all.vectors[i] = {bytes_.get() + i * slot, std::min(max_size, is_unix ? kLongestUnix : kLongestIp)};
        struct msghdr &header = all.messages[i].msg_hdr;
        header.msg_name = &all.names[i];
        header.msg_namelen = sizeof all.names[i];
        header.msg_iov = &all.vectors[i];
        header.msg_iovlen = 1;
        header.msg_control = all.controls[i].bytes;
        header.msg_controllen = sizeof all.controls[i].bytes;
        header.msg_flags = 0;
    }
    int got;
    do
        got = recvmmsg(fd, all.messages, static_cast<unsigned>(count), MSG_DONTWAIT, nullptr);
    while (got < 0 && errno == EINTR);
    return got;
}

Datagram DatagramBatch::take(size_t index) const
{
    struct mmsghdr &message = headers_->messages[index];
    Datagram out;
    out.data = static_cast<char *>(headers_->vectors[index].iov_base);
    out.len = message.msg_len;
    out.truncated = message.msg_hdr.msg_flags & MSG_TRUNC;
    out.from.len = message.msg_hdr.msg_namelen;
    memcpy(&out.from.storage, &headers_->names[index], out.from.len);
    if (out.from.len < sizeof out.from.storage.ss_family) // an unbound unix socket has no address at all
        out.from.storage.ss_family = AF_UNSPEC;
    if (message.msg_hdr.msg_controllen > 0)
        out.to = local_ip(message.msg_hdr);
    return out;
}

int send_datagrams(int fd, const OutgoingDatagram *datagrams, size_t count)
{
    struct mmsghdr messages[kSendMost];
    struct iovec vectors[kSendMost];
    Control controls[kSendMost];
    count = std::min(count, kSendMost);
    for (size_t i = 0; i < count; i++) {
        const OutgoingDatagram &each = datagrams[i];
        vectors[i] = {const_cast<char *>(each.bytes.data()), each.bytes.size()};
        messages[i] = {};
        struct msghdr &header = messages[i].msg_hdr;
        header.msg_name = const_cast<struct sockaddr *>(each.to);
        header.msg_namelen = each.to_len;
        header.msg_iov = &vectors[i];
        header.msg_iovlen = 1;
        set_source(header, controls[i], *each.from);
    }
    int sent;
    do
        sent = sendmmsg(fd, messages, static_cast<unsigned>(count), MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent;
}

size_t longest_datagram(int fd, sa_family_t family)
{
    if (family == AF_INET)
        return kMaxPacket - kIpHeader - kUdpHeader;
    if (family == AF_INET6)
        return kMaxPacket - kUdpHeader;
    int size = 0;
    socklen_t len = sizeof size;
    constexpr int kOverhead = 32; // of sk_sndbuf, net/unix/af_unix.c
    bool known = getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0 && size > kOverhead;
    return known ? static_cast<size_t>(size - kOverhead) : 0;
}

void ask_for_local_ip(int fd, const SocketAddress &bound)
{
    int on = 1;
    if (bound.storage.ss_family == AF_INET && is_any(bound))
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    else if (bound.storage.ss_family == AF_INET6 && is_any(bound)) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on); // of IPv4, the other is what was written to: a broadcast address, too
    }
}

bool has_send_room(int fd)
{
    int queued = 0, most = 0;
    socklen_t len = sizeof most;
    return ioctl(fd, SIOCOUTQ, &queued) == 0 && getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &most, &len) == 0 && queued < most;
}

int connect_datagrams(const SocketAddress &to, const SocketAddress &source)
{
    Fd fd(socket(to.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd)
        return -1;
    struct sockaddr_un any = {AF_UNIX, {}};
    bool is_unix = to.storage.ss_family == AF_UNIX;
    const void *own = is_unix ? static_cast<const void *>(&any) : &source.storage;
    socklen_t own_len = is_unix ? socklen_t{sizeof any.sun_family} : source.len;
    if (own_len > 0 && bind(fd.get(), static_cast<const struct sockaddr *>(own), own_len) != 0)
        return -1;
    return connect(fd.get(), to.get(), to.len) == 0 ? fd.release() : -1;
}

void set_buffers(int fd, int64_t receive, int64_t send)
{
    auto set = [fd](int option, int64_t bytes) {
        int value = static_cast<int>(bytes);
        if (value > 0)
            setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
    };
    set(SO_RCVBUF, receive);
    set(SO_SNDBUF, send);
}

namespace {

/// An IPv4 address as a socket of IPv6 has it (RFC 4291 §2.5.5.2).
void map_ipv4(SocketAddress &address)
{
    const auto in4 = reinterpret_cast<const struct sockaddr_in &>(address.storage);
    memset(&address, 0, sizeof address);
    auto &in6 = reinterpret_cast<struct sockaddr_in6 &>(address.storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = in4.sin_port;
    in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xFF;
    memcpy(in6.sin6_addr.s6_addr + 12, &in4.sin_addr, sizeof in4.sin_addr);
    address.len = sizeof in6;
}

} // namespace

int parse_peer(const char *text, sa_family_t family, SocketAddress &out)
{
    if (family == AF_UNIX)
        return make_unix_address(text, out);
    bool known = parse_source(text, out) && port_of(out.storage) != 0;
    if (!known)
        return fail(WM_EADDRESS, "'%s' is no address of a peer: the right form is 192.0.2.1:1234 or [2001:db8::1]:1234", text);
    if (family == AF_INET && out.storage.ss_family == AF_INET6)
        return fail(WM_EADDRESS, "%s is an IPv6 address, and the worker's socket has IPv4 alone", text);
    if (family == AF_INET6 && out.storage.ss_family == AF_INET)
        map_ipv4(out);
    return 0;
}

} // namespace wm
