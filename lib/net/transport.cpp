#include "net/transport.h"

#include <cerrno>
#include <sys/socket.h>

namespace wm {

namespace {

IoResult failure()
{
    bool blocked = errno == EAGAIN || errno == EINTR;
    return {blocked ? IoResult::Kind::kBlocked : IoResult::Kind::kFailed, errno, 0};
}

} // namespace

// ---- the plain socket

bool Transport::has_input(int fd)
{
    char one;
    return recv(fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void Transport::shutdown_write(int fd)
{
    shutdown(fd, SHUT_WR);
}

void Transport::reset_on_close(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool Transport::remote_address(int fd, SocketAddress &out)
{
    out.len = sizeof out.storage;
    return getpeername(fd, reinterpret_cast<struct sockaddr *>(&out.storage), &out.len) == 0;
}

bool Transport::local_address(int fd, SocketAddress &out)
{
    out.len = sizeof out.storage;
    return getsockname(fd, reinterpret_cast<struct sockaddr *>(&out.storage), &out.len) == 0;
}

namespace {

class PlainSocket final : public Transport {
public:
    IoResult secure(int) override { return {IoResult::Kind::kDone, 0, 0}; }
    IoResult receive(int fd, char *out, size_t len) override { return io::receive_plain(fd, out, len); }
    IoResult send(int fd, const struct iovec *vectors, int count) override { return io::send_plain(fd, vectors, count); }
};

Transport &or_plain(Transport *transport)
{
    static PlainSocket plain;
    return transport ? *transport : plain;
}

} // namespace

namespace io {

IoResult receive_plain(int fd, char *out, size_t len)
{
    ssize_t got = recv(fd, out, len, 0);
    if (got < 0)
        return failure();
    return {got > 0 ? IoResult::Kind::kDone : IoResult::Kind::kEnd, 0, static_cast<size_t>(got)};
}

IoResult send_plain(int fd, const struct iovec *vectors, int count)
{
    ssize_t sent;
    if (count == 1) {
        sent = ::send(fd, vectors->iov_base, vectors->iov_len, MSG_NOSIGNAL);
    } else {
        struct msghdr message = {};
        message.msg_iov = const_cast<struct iovec *>(vectors);
        message.msg_iovlen = static_cast<size_t>(count);
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    }
    if (sent < 0)
        return failure();
    return {IoResult::Kind::kDone, 0, static_cast<size_t>(sent)};
}

bool has_input(Transport *transport, int fd)
{
    return or_plain(transport).has_input(fd);
}

void shutdown_write(Transport *transport, int fd)
{
    or_plain(transport).shutdown_write(fd);
}

void reset_on_close(Transport *transport, int fd)
{
    or_plain(transport).reset_on_close(fd);
}

bool remote_address(Transport *transport, int fd, SocketAddress &out)
{
    return or_plain(transport).remote_address(fd, out);
}

bool local_address(Transport *transport, int fd, SocketAddress &out)
{
    return or_plain(transport).local_address(fd, out);
}

} // namespace io

} // namespace wm
