#include "net/transport.h"

#include "core/error.h"
#include "core/without_signal.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kFileRead = 16 * 1024;
constexpr size_t kFileWrite = 1 << 20; // one call: a file does not keep the loop from others

IoResult failure()
{
    bool blocked = errno == EAGAIN || errno == EINTR;
    return {blocked ? IoResult::Kind::kBlocked : IoResult::Kind::kFailed, errno, 0};
}

} // namespace

// ---- what a transport may leave to the socket

IoResult Transport::send_file(int fd, int file, int64_t offset, size_t len)
{
    char bytes[kFileRead];
    ssize_t got = pread(file, bytes, std::min(len, sizeof bytes), offset);
    if (got < 0)
        return IoResult::failed(errno);
    if (got == 0)
        return {IoResult::Kind::kEnd, 0, 0};
    struct iovec vector = {bytes, static_cast<size_t>(got)};
    return send(fd, &vector, 1);
}

bool Transport::has_input(int fd)
{
    char one;
    return recv(fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void Transport::hold_for_end(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on); // fails on a unix socket
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

int Transport::describe(int32_t, std::string *) const
{
    return fail(WM_ESTATE, "the transport has no security");
}

namespace {

class PlainSocket final : public Transport {
public:
    IoResult secure(int) override { return {IoResult::Kind::kDone, 0, 0}; }
    IoResult receive(int fd, char *out, size_t len) override { return io::receive_plain(fd, out, len); }
    IoResult send(int fd, const struct iovec *vectors, int count) override { return io::send_plain(fd, vectors, count); }
    IoResult send_file(int fd, int file, int64_t offset, size_t len) override
    {
        WithoutSignal quiet(SIGPIPE); // sendfile(2) knows no MSG_NOSIGNAL
        off_t from = offset;
        len = std::min(len, kFileWrite);
        ssize_t sent = sendfile(fd, file, &from, len);
        if (sent != static_cast<ssize_t>(len))
            quiet.take();
        if (sent < 0 && errno == EINVAL)
            return Transport::send_file(fd, file, offset, len); // a file system that has no sendfile(2)
        if (sent < 0)
            return failure();
        return {sent > 0 ? IoResult::Kind::kDone : IoResult::Kind::kEnd, 0, static_cast<size_t>(sent)};
    }
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

IoResult send_plain(int fd, const struct iovec *vectors, int count, int flags)
{
    ssize_t sent;
    if (count == 1) {
        sent = ::send(fd, vectors->iov_base, vectors->iov_len, MSG_NOSIGNAL | flags);
    } else {
        struct msghdr message = {};
        message.msg_iov = const_cast<struct iovec *>(vectors);
        message.msg_iovlen = static_cast<size_t>(count);
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | flags);
    }
    if (sent < 0)
        return failure();
    return {IoResult::Kind::kDone, 0, static_cast<size_t>(sent)};
}

IoResult send_file(Transport *transport, int fd, int file, int64_t offset, size_t len)
{
    return or_plain(transport).send_file(fd, file, offset, len);
}

bool has_input(Transport *transport, int fd)
{
    return or_plain(transport).has_input(fd);
}

void hold_for_end(Transport *transport, int fd)
{
    or_plain(transport).hold_for_end(fd);
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

int describe(const Transport *transport, int32_t what, std::string *out)
{
    return transport ? transport->describe(what, out) : fail(WM_ESTATE, "the connection is not over TLS");
}

} // namespace io

} // namespace wm
