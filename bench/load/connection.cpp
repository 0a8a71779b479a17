#include "connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "datagrams.h"
#include "options.h"
#include "socket.h"

namespace wm::load {
namespace {

constexpr size_t kReceiveSize = 256 * 1024;

bool would_block()
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

bool Connection::write(std::string_view data, size_t *taken)
{
    if (tls_ != nullptr)
        return tls_->write(data.data(), data.size(), taken) <= TlsResult::kBlocked;
    ssize_t sent = datagram_ > 0 ? send_datagrams(fd_, data, datagram_) : ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
    *taken = sent < 0 ? 0 : static_cast<size_t>(sent);
    return sent >= 0 || would_block();
}

bool Connection::send(std::string_view data)
{
    if (!unsent_.empty()) {
        unsent_.append(data);
        return true;
    }
    size_t taken = 0;
    if (!write(data, &taken))
        return false;
    if (taken < data.size())
        unsent_.assign(data.substr(taken));
    return true;
}

bool Connection::flush()
{
    size_t taken = 0;
    if (!write(unsent_, &taken))
        return false;
    unsent_.erase(0, taken);
    return true;
}

bool Connection::send_all(std::string_view data)
{
    size_t taken = 0;
    if (tls_ != nullptr)
        return tls_->write(data.data(), data.size(), &taken) == TlsResult::kDone;
    return load::send_all(fd_, data);
}

size_t Connection::receive_some(char *out, size_t size)
{
    size_t got = 0;
    if (tls_ != nullptr)
        return tls_->read(out, size, &got) == TlsResult::kDone ? got : 0;
    ssize_t plain = recv(fd_, out, size, 0);
    return plain > 0 ? static_cast<size_t>(plain) : 0;
}

void Connection::end_sending()
{
    if (tls_ != nullptr)
        tls_->send_close_notify();
    shutdown(fd_, SHUT_WR);
}

void Connection::close()
{
    tls_.reset();
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

Connection open_connection(const Options &options, uint32_t source, std::string *problem)
{
    Connection connection(dial(options.target, source, options.timeout_seconds, options.mode == Mode::kUdp));
    if (!connection.is_open()) {
        *problem = std::strerror(errno);
    } else if (options.tls != nullptr) {
        connection.begin_tls(*options.tls);
        if (connection.tls()->connect() != TlsResult::kDone) {
            *problem = "TLS: " + tls_reason();
            connection.close();
        }
    }
    return connection;
}

void ReceiveBuffer::make_room(size_t used)
{
    if (bytes_.size() < used + kReceiveSize)
        bytes_.resize(used + kReceiveSize);
}

ReceiveBuffer::Received ReceiveBuffer::receive(const Connection &connection)
{
    const std::string &tail = connection.tail();
    size_t size = tail.size();
    make_room(size + kDatagrams * connection.datagram());
    if (!tail.empty())
        std::memcpy(bytes_.data(), tail.data(), tail.size());
    if (connection.tls() == nullptr) {
        char *to = bytes_.data() + size;
        size_t each = connection.datagram();
        ssize_t got = each > 0 ? receive_datagrams(connection.fd(), to, each) : recv(connection.fd(), to, kReceiveSize, 0);
        bool ended = got == 0 || (got < 0 && !would_block());
        return {bytes_.data(), size + (got > 0 ? static_cast<size_t>(got) : 0), ended};
    }
    // What stays in the stream's own buffer wakes no poller.
    for (;;) {
        size_t got = 0;
        make_room(size);
        TlsResult result = connection.tls()->read(bytes_.data() + size, kReceiveSize, &got);
        size += got;
        if (result != TlsResult::kDone)
            return {bytes_.data(), size, result != TlsResult::kBlocked, result == TlsResult::kBroken};
    }
}

} // namespace wm::load
