#include "process/master/notify.h"

#include "core/fd.h"
#include "net/address.h"

#include <cstdlib>
#include <ctime>
#include <sys/socket.h>

namespace wm {

void Notify::begin()
{
    const char *path = getenv("NOTIFY_SOCKET");
    path_ = path ? path : "";
    unsetenv("NOTIFY_SOCKET");
}

void Notify::send(const std::string &state) const
{
    SocketAddress address;
    if (path_.empty() || make_unix_address(path_, address) != 0)
        return;
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket)
        return;
    ssize_t sent = sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, address.get(), address.len);
    (void)sent; // the server runs on without a service manager
}

void Notify::reloading() const
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000));
}

} // namespace wm
