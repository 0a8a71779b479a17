#include "wm-push/connection.h"

#include "shared/printable.h"
#include "wm-push/name_lookup.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace wm {

namespace {

using std::chrono::milliseconds;

int milliseconds_until(Connection::Clock::time_point deadline)
{
    auto left = std::chrono::ceil<milliseconds>(deadline - Connection::Clock::now());
    return static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
}

} // namespace

bool Connection::connect(const ServerAddress &address, milliseconds timeout, Failure &failure)
{
    Clock::time_point deadline = Clock::now() + timeout;
    failure = Failure();
    if (address.is_unix() ? connect_unix(address, deadline) : connect_tcp(address, deadline, failure))
        return true;
    if (failure.code != kExitOk)
        return false;
    if (error_ == ETIMEDOUT && Clock::now() >= deadline)
        failure = {kExitTimeout, "no connection to " + address.text + " within " + std::to_string(timeout.count()) + " ms"};
    else
        failure = {kExitUnreachable, "cannot reach " + address.text + ": " + std::strerror(error_)};
    failure.text += "; is wm-serve push running there? Use --server for another address";
    return false;
}

void Connection::close()
{
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

bool Connection::close_with(int error)
{
    error_ = error;
    close();
    return false;
}

bool Connection::connect_unix(const ServerAddress &address, Clock::time_point deadline)
{
    sockaddr_un socket_address;
    unsigned len = make_unix_address(address, socket_address);
    // With a full backlog, connect on a unix socket fails with EAGAIN, and there is nothing to poll for (connect(2)).
    while (!connect_socket(reinterpret_cast<const sockaddr *>(&socket_address), len, deadline)) {
        if (error_ != EAGAIN)
            return false;
        if (Clock::now() >= deadline)
            return close_with(ETIMEDOUT);
        std::this_thread::sleep_for(milliseconds(10));
    }
    return true;
}

bool Connection::connect_tcp(const ServerAddress &address, Clock::time_point deadline, Failure &failure)
{
    AddressList list;
    int code = resolve_host(address.host, address.port, deadline, list);
    if (code != 0) {
        bool late = code == EAI_AGAIN && Clock::now() >= deadline;
        failure = {late ? kExitTimeout : kExitUnreachable, "cannot look up " + printable_as_typed(address.host) + ": " +
                                                               gai_strerror(code) + "; is that the host of --server HOST:PORT?"};
        return false;
    }
    int left = 0;
    for (const addrinfo *entry = list.get(); entry != nullptr; entry = entry->ai_next)
        left++;
    // An address that does not answer must not use up the time of the others.
    for (const addrinfo *entry = list.get(); entry != nullptr; entry = entry->ai_next, left--) {
        auto share = (deadline - Clock::now()) / left;
        if (connect_socket(entry->ai_addr, entry->ai_addrlen, Clock::now() + share)) {
            int on = 1;
            setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return true;
        }
    }
    return false;
}

bool Connection::connect_socket(const sockaddr *address, unsigned len, Clock::time_point deadline)
{
    fd_ = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0)
        return close_with(errno);
    if (::connect(fd_, address, len) == 0)
        return true;
    // After EINTR the connection continues asynchronously (POSIX connect).
    return errno == EINPROGRESS || errno == EINTR ? wait_connected(deadline) : close_with(errno);
}

bool Connection::wait_connected(Clock::time_point deadline)
{
    pollfd ready{fd_, POLLOUT, 0};
    int count = 0;
    do {
        count = ::poll(&ready, 1, milliseconds_until(deadline));
    } while (count < 0 && errno == EINTR);
    if (count <= 0)
        return close_with(count == 0 ? ETIMEDOUT : errno);
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return error == 0 || close_with(error);
}

bool Connection::is_local() const
{
    sockaddr_storage peer{};
    socklen_t len = sizeof peer;
    if (getpeername(fd_, reinterpret_cast<sockaddr *>(&peer), &len) != 0)
        return false;
    if (peer.ss_family == AF_INET)
        return ntohl(reinterpret_cast<const sockaddr_in &>(peer).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return peer.ss_family == AF_UNIX || IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6 &>(peer).sin6_addr);
}

Connection::Result Connection::send(const char *data, size_t len, size_t &sent)
{
    sent = 0;
    ssize_t count = 0;
    do {
        count = ::send(fd_, data, len, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count >= 0) {
        sent = static_cast<size_t>(count);
        return Result::kDone;
    }
    if (errno == EAGAIN)
        return Result::kWouldBlock;
    error_ = errno;
    return Result::kClosed;
}

Connection::Result Connection::receive(char *data, size_t cap, size_t &received)
{
    received = 0;
    ssize_t count = 0;
    do {
        count = ::recv(fd_, data, cap, 0);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        received = static_cast<size_t>(count);
        return Result::kDone;
    }
    if (count < 0 && errno == EAGAIN)
        return Result::kWouldBlock;
    error_ = count < 0 ? errno : 0;
    return Result::kClosed;
}

} // namespace wm
