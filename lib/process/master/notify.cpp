#include "process/master/notify.h"

#include "core/fd.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>

namespace wm {

void Notify::begin()
{
    const char *path = getenv("NOTIFY_SOCKET");
    path_ = path ? path : "";
    unsetenv("NOTIFY_SOCKET");
}

void Notify::send(const std::string &state) const
{
    struct sockaddr_un address = {};
    if (path_.empty() || path_.size() >= sizeof address.sun_path)
        return;
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path_.data(), path_.size());
    if (address.sun_path[0] == '@') // an abstract name
        address.sun_path[0] = '\0';
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket)
        return;
    auto len = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + path_.size());
    ssize_t sent = sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                          reinterpret_cast<const struct sockaddr *>(&address), len);
    (void)sent; // a manager that does not listen is none of the service's business
}

void Notify::reloading() const
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000));
}

} // namespace wm
