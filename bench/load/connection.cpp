#include "connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace wm::load {
namespace {

constexpr size_t kReceiveSize = 256 * 1024;

bool would_block()
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

bool Connection::send(std::string_view data)
{
    if (!unsent_.empty()) {
        unsent_.append(data);
        return true;
    }
    ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && !would_block())
        return false;
    size_t taken = sent < 0 ? 0 : static_cast<size_t>(sent);
    if (taken < data.size())
        unsent_.assign(data.substr(taken));
    return true;
}

bool Connection::flush()
{
    ssize_t sent = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0)
        return would_block();
    unsent_.erase(0, static_cast<size_t>(sent));
    return true;
}

void Connection::end_sending()
{
    shutdown(fd_, SHUT_WR);
}

void Connection::close()
{
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

ReceiveBuffer::Received ReceiveBuffer::receive(const Connection &connection)
{
    const std::string &tail = connection.tail();
    if (bytes_.size() < tail.size() + kReceiveSize)
        bytes_.resize(tail.size() + kReceiveSize);
    if (!tail.empty())
        std::memcpy(bytes_.data(), tail.data(), tail.size());
    ssize_t got = recv(connection.fd(), bytes_.data() + tail.size(), kReceiveSize, 0);
    bool ended = got == 0 || (got < 0 && !would_block());
    return {bytes_.data(), tail.size() + (got > 0 ? static_cast<size_t>(got) : 0), ended};
}

} // namespace wm::load
