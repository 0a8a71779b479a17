#include "net/connected.h"

#include "core/error.h"
#include "net/address.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace wm {

namespace {

int option_of(int fd, int name)
{
    int value = 0;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

int is_instead(int fd, const char *what)
{
    return fail(WM_EINVAL, "descriptor %d is %s: a connected stream socket can become a connection", fd, what);
}

} // namespace

int check_connected(int fd, SocketAddress &peer)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return is_instead(fd, "not open");
    if (!S_ISSOCK(status.st_mode))
        return is_instead(fd, S_ISFIFO(status.st_mode) ? "a pipe" : "not a socket");
    if (option_of(fd, SO_TYPE) != SOCK_STREAM)
        return is_instead(fd, option_of(fd, SO_TYPE) == SOCK_DGRAM ? "a datagram socket" : "a socket of another kind");
    if (option_of(fd, SO_ACCEPTCONN) == 1)
        return is_instead(fd, "a listening socket");
    peer.len = sizeof peer.storage;
    if (getpeername(fd, reinterpret_cast<struct sockaddr *>(&peer.storage), &peer.len) != 0)
        return errno == ENOTCONN ? is_instead(fd, "a socket that is not connected, or no longer")
                                 : fail(code_of_errno(errno), "the peer of descriptor %d is not known: %s", fd, strerror(errno));
    return 0;
}

bool make_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

} // namespace wm
