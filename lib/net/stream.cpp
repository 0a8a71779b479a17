#include "net/stream.h"

namespace wm::stream {

ssize_t receive(int fd, void *out, size_t len)
{
    return recv(fd, out, len, 0);
}

ssize_t send(int fd, const struct iovec *vectors, int count)
{
    if (count == 1)
        return ::send(fd, vectors->iov_base, vectors->iov_len, MSG_NOSIGNAL);
    struct msghdr message = {};
    message.msg_iov = const_cast<struct iovec *>(vectors);
    message.msg_iovlen = static_cast<size_t>(count);
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

bool has_input(int fd)
{
    char one;
    return recv(fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void shutdown_write(int fd)
{
    shutdown(fd, SHUT_WR);
}

void reset_on_close(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool remote_address(int fd, SocketAddress &out)
{
    out.len = sizeof out.storage;
    return getpeername(fd, reinterpret_cast<struct sockaddr *>(&out.storage), &out.len) == 0;
}

bool local_address(int fd, SocketAddress &out)
{
    out.len = sizeof out.storage;
    return getsockname(fd, reinterpret_cast<struct sockaddr *>(&out.storage), &out.len) == 0;
}

} // namespace wm::stream
