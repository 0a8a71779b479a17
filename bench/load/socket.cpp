#include "socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace wm::load {
namespace {

constexpr uint32_t kClientsPerSource = 4096;

bool is_loopback(const Address &address)
{
    sockaddr_in v4;
    std::memcpy(&v4, &address.storage, sizeof v4);
    return v4.sin_family == AF_INET && (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
}

// The port is chosen by connect, so that the same one serves several destinations (ip(7), IP_BIND_ADDRESS_NO_PORT).
bool bind_source(int fd, uint32_t source)
{
    int on = 1;
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source / kClientsPerSource);
    return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
           bind(fd, reinterpret_cast<const sockaddr *>(&local), sizeof local) == 0;
}

} // namespace

bool parse_address(std::string_view text, Address *out)
{
    size_t colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return false;
    std::string_view digits = text.substr(colon + 1);
    std::string host(text.substr(0, colon));
    uint16_t port = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0)
        return false;
    Address address;
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        host = host.substr(1, host.size() - 2);
        if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1)
            return false;
        std::memcpy(&address.storage, &v6, sizeof v6);
        address.length = sizeof v6;
    } else {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1)
            return false;
        std::memcpy(&address.storage, &v4, sizeof v4);
        address.length = sizeof v4;
    }
    *out = address;
    return true;
}

void reserve_descriptors(size_t needed)
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    // Standard streams, the epoll, files of /proc.
    if (needed + 16 <= limit.rlim_max)
        return;
    std::fprintf(stderr, "wm-load: %zu connections need more descriptors than the hard limit of %llu (ulimit -Hn)\n", needed,
                 static_cast<unsigned long long>(limit.rlim_max));
    std::exit(2);
}

int dial(const Address &address, uint32_t source, uint32_t timeout_seconds, bool datagrams)
{
    int fd = socket(address.storage.ss_family, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    timeval timeout{static_cast<time_t>(timeout_seconds), 0};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if ((is_loopback(address) && !bind_source(fd, source)) ||
        connect(fd, reinterpret_cast<const sockaddr *>(&address.storage), address.length) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

bool send_all(int fd, std::string_view data)
{
    while (!data.empty()) {
        ssize_t sent = send(fd, data.data(), data.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        data.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
}

void make_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

} // namespace wm::load
