#include "net/listener.h"

#include "core/error.h"
#include "net/datagram_socket.h"
#include "net/socket_file.h"
#include "net/socket_options.h"
#include "net/transport.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace wm {

namespace {

int fail_with_errno(int number, const Address &address)
{
    int code = code_of_errno(number);
    return fail(code, "%s: %s", code == WM_ESYS ? strerror(number) : wm_strerror(code), address.text.c_str());
}

int privileged_port(const Address &address)
{
    return fail(WM_EACCES, "Permission denied: %s (ports below 1024 need root or CAP_NET_BIND_SERVICE)", address.text.c_str());
}

int bind_failed(int number, const Address &address, const FileAt &file)
{
    struct stat status;
    if (number == EADDRINUSE && file.status(status) && !S_ISSOCK(status.st_mode))
        return fail(WM_EADDRINUSE, "Address already in use: %s (a file or directory that is no socket)", address.text.c_str());
    return fail_with_errno(number, address);
}

int type_of(const ListenOptions &options)
{
    return (options.datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
}

/// Whether nothing listens at the unix socket any more.
bool refuses(const SocketAddress &address, int type)
{
    Fd probe(socket(AF_UNIX, type, 0));
    return probe && connect(probe.get(), address.get(), address.len) != 0 && errno == ECONNREFUSED;
}

} // namespace

int Listener::open(const Address &address, const ListenOptions &options)
{
    if (is_open())
        return 0;
    SocketAddress socket_address;
    int result = resolve(address, socket_address);
    if (result != 0)
        return result;
    fd_ = socket(socket_address.storage.ss_family, type_of(options), 0);
    if (fd_ < 0)
        return fail_with_errno(errno, address);
    set_buffers(fd_, options.receive_buffer, options.send_buffer);
    result = bind_and_listen(address, socket_address, options);
    if (result != 0)
        close();
    return result;
}

void Listener::set_ip_options(const SocketAddress &socket_address, const ListenOptions &options)
{
    // Set on the listener: accepted sockets inherit these on Linux, so no connection needs a system call for
    // them.
    int on = 1, off = 0;
    if (!options.datagrams) { // with SO_REUSEADDR, a second socket of datagrams would take the first one's
        setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        set_stream_options(fd_, options.tcp_nodelay, options.keepalive);
    }
    if (options.reuse_port)
        setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (socket_address.storage.ss_family == AF_INET6) {
        const auto *in6 = reinterpret_cast<const struct sockaddr_in6 *>(&socket_address.storage);
        bool any = IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr); // [::] accepts IPv4 too, whatever the system's default
        setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, any ? &off : &on, sizeof on);
    }
}

int Listener::bind_and_listen(const Address &address, const SocketAddress &socket_address, const ListenOptions &options)
{
    if (!address.unix_socket)
        set_ip_options(socket_address, options);
    if (address.unix_socket && address.path[0] != '@')
        return bind_file(address, socket_address, options);
    if (bind(fd_, socket_address.get(), socket_address.len) != 0) {
        int number = errno;
        if (number == EACCES && !address.unix_socket && address.port != 0 && address.port < 1024)
            return privileged_port(address);
        return fail_with_errno(number, address);
    }
    if (!options.datagrams && ::listen(fd_, options.backlog) != 0)
        return fail_with_errno(errno, address);
    find_port();
    return 0;
}

int Listener::bind_file(const Address &address, const SocketAddress &socket_address, const ListenOptions &options)
{
    FileAt file(address.path);
    if (file && refuses(socket_address, type_of(options)))
        remove_socket(file);
    // The file must never have a wider mode: bind() creates it with that of the unbound socket.
    if (!file || fchmod(fd_, options.unix_mode) != 0 || bind(fd_, socket_address.get(), socket_address.len) != 0)
        return bind_failed(errno, address, file);
    FileIdentity bound = set_socket_mode(file, options.unix_mode);
    if (bound.known())
        own(address.path, bound);
    if (!bound.known() || (!options.datagrams && ::listen(fd_, options.backlog) != 0))
        return fail_with_errno(errno, address);
    return 0;
}

void Listener::adopt(int fd, int backlog)
{
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (backlog > 0)
        ::listen(fd, backlog); // sets the new backlog
    fd_ = fd;
    find_port();
}

void Listener::find_port()
{
    SocketAddress bound;
    if (io::local_address(nullptr, fd_, bound))
        port_ = static_cast<uint16_t>(port_of(bound.storage));
}

void Listener::own_path(const std::string &path)
{
    FileAt file(path);
    struct stat status;
    if (file && file.status(status) && S_ISSOCK(status.st_mode))
        own(path, FileIdentity(status));
}

void Listener::own(const std::string &path, const FileIdentity &file)
{
    path_ = path;
    owner_ = getpid();
    file_ = file;
}

int Listener::give_file(uid_t uid, gid_t gid) const
{
    if (path_.empty() || geteuid() != 0)
        return 0;
    FileAt file(path_);
    if (file && give_socket(file, file_, uid, gid))
        return 0;
    return fail(code_of_errno(errno), "cannot give %s to its user: %s", path_.c_str(), strerror(errno));
}

int Listener::release()
{
    disown_path();
    port_ = 0;
    return std::exchange(fd_, -1);
}

void Listener::leave()
{
    int fd = release();
    if (fd >= 0)
        ::close(fd);
}

void Listener::close()
{
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
    port_ = 0;
    if (!path_.empty() && owner_ == getpid())
        if (FileAt file(path_); file)
            file.remove(file_);
    path_.clear();
}

int Listener::accept(SocketAddress *peer)
{
    if (!peer)
        return accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    peer->len = sizeof peer->storage;
    return accept4(fd_, reinterpret_cast<struct sockaddr *>(&peer->storage), &peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

bool Listener::pending() const
{
    struct pollfd wait = {fd_, POLLIN, 0};
    return poll(&wait, 1, 0) == 1;
}

} // namespace wm
