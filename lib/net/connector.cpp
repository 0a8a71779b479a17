#include "net/connector.h"

#include "net/socket_options.h"
#include "net/transport.h"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <new>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace wm {

namespace {

/// Whether the socket is its own peer: a port from which nothing listens, and that the kernel has given to this very connection.
bool is_its_own_peer(int fd)
{
    SocketAddress local, peer;
    return io::local_address(nullptr, fd, local) && io::remote_address(nullptr, fd, peer) && local.storage.ss_family != AF_UNIX &&
           local.len == peer.len && memcmp(&local.storage, &peer.storage, local.len) == 0;
}

} // namespace

Connector::Connector(Loop &loop, Changed changed, void *owner) : loop_(loop), changed_(changed), owner_(owner)
{
    for (Attempt &attempt : attempts_)
        attempt.connector = this;
}

void Connector::start(std::vector<SocketAddress> addresses, const ConnectOptions &options)
{
    stop();
    addresses_ = std::move(addresses);
    options_ = options;
    next_ = noted_ = 0;
    number_ = 0;
    causes_.clear();
    next();
}

void Connector::reset_on_close()
{
    for (const Attempt &attempt : attempts_)
        if (attempt.fd >= 0)
            io::reset_on_close(nullptr, attempt.fd);
}

void Connector::stop()
{
    for (Attempt &attempt : attempts_)
        close(attempt);
    if (fd_ >= 0)
        ::close(std::exchange(fd_, -1));
    due_ms_ = Loop::kNever;
    next_ = addresses_.size();
}

void Connector::close(Attempt &attempt)
{
    if (attempt.fd < 0)
        return;
    loop_.unwatch(attempt.watch);
    ::close(std::exchange(attempt.fd, -1));
}

bool Connector::any() const
{
    for (const Attempt &attempt : attempts_)
        if (attempt.fd >= 0)
            return true;
    return false;
}

void Connector::note(size_t address, int number)
{
    number_ = number;
    if (noted_++ >= kCauses)
        return;
    try {
        causes_ += (causes_.empty() ? "" : ", ") + format_address(addresses_[address]) + ": " + strerror(number);
    } catch (const std::bad_alloc &) {
        return; // the text lacks it
    }
}

std::string Connector::waits_for() const
{
    std::string text;
    for (const Attempt &attempt : attempts_)
        if (attempt.fd >= 0)
            text += (text.empty() ? "" : ", ") + format_address(addresses_[attempt.address]);
    return text;
}

/// 0 or the errno.
int Connector::prepare(int fd, const SocketAddress &address) const
{
    if (address.storage.ss_family == AF_UNIX)
        return 0;
    set_stream_options(fd, options_.nodelay, options_.keepalive);
    if (options_.source.len == 0)
        return 0;
    int on = 1;
    if (port_of(options_.source.storage) == 0)
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on); // the kernel chooses one that is free for this peer
    else
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); // its last connection may be in TIME_WAIT
    return bind(fd, options_.source.get(), options_.source.len) == 0 ? 0 : errno;
}

/// False: the address has failed, and errno says why.
bool Connector::begin(Attempt &attempt, size_t at)
{
    const SocketAddress &address = addresses_[at];
    int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    int number = prepare(fd, address);
    if (number == 0 && connect(fd, address.get(), address.len) != 0 && errno != EINPROGRESS && errno != EINTR)
        number = errno;
    attempt.watch.attach<&Connector::ready>(fd, &attempt);
    if (number == 0 && !loop_.watch(attempt.watch, Watch::kWrite))
        number = errno;
    if (number != 0) {
        ::close(fd);
        errno = number;
        return false;
    }
    attempt.fd = fd;
    attempt.address = at;
    return true;
}

/// Begins with the next address that does not fail at once.
void Connector::next()
{
    due_ms_ = Loop::kNever;
    for (Attempt &attempt : attempts_) {
        if (attempt.fd >= 0)
            continue;
        while (next_ < addresses_.size()) {
            size_t at = next_++;
            if (begin(attempt, at)) {
                if (next_ < addresses_.size())
                    due_ms_ = Loop::clock_ms() + kDelayMs;
                return;
            }
            if (errno == EAGAIN && addresses_[at].storage.ss_family == AF_UNIX) {
                next_ = at;
                due_ms_ = Loop::clock_ms() + kBacklogMs;
                return;
            }
            note(at, errno);
        }
        break;
    }
    if (!any())
        due_ms_ = 0; // from start(): run() tells the owner
}

void Connector::run()
{
    due_ms_ = Loop::kNever;
    if (next_ < addresses_.size())
        next();
    if (finished())
        due_ms_ = Loop::kNever;
    changed_(owner_);
}

void Connector::ready(Attempt *self, uint32_t)
{
    self->connector->outcome(*self);
}

void Connector::outcome(Attempt &attempt)
{
    int number = 0;
    socklen_t len = sizeof number;
    if (getsockopt(attempt.fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0)
        number = errno;
    if (number == 0 && is_its_own_peer(attempt.fd))
        number = ECONNREFUSED;
    if (number != 0) {
        note(attempt.address, number);
        close(attempt);
        run();
        return;
    }
    loop_.unwatch(attempt.watch);
    int fd = std::exchange(attempt.fd, -1);
    connected_ = attempt.address;
    stop();
    fd_ = fd;
    changed_(owner_);
}

int Connector::take(SocketAddress &peer)
{
    if (fd_ >= 0)
        peer = addresses_[connected_];
    return std::exchange(fd_, -1);
}

} // namespace wm
