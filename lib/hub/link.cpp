#include "hub/link.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <sys/socket.h>

namespace wm {

namespace {

constexpr size_t kHead = 4;
constexpr size_t kInput = size_t{64} << 10; // kept; a longer batch has a buffer of its own
constexpr int kReadsATurn = 4;              // of one link, so that it does not hold up the others

void put_length(char (&head)[kHead], size_t size)
{
    auto total = static_cast<uint32_t>(size + kHead);
    for (size_t i = 0; i < kHead; i++)
        head[i] = static_cast<char>(total >> 8 * (kHead - 1 - i));
}

/// Of the first frame, with its head.
size_t frame_size(const char *data)
{
    uint32_t total = 0;
    for (size_t i = 0; i < kHead; i++)
        total = total << 8 | static_cast<unsigned char>(data[i]);
    return total;
}

} // namespace

bool Link::open()
{
    watch_.attach<&Link::ready>(fd_.get(), this);
    return loop_.watch(watch_, Watch::kRead);
}

void Link::close()
{
    if (!fd_)
        return;
    loop_.unwatch(watch_);
    fd_.reset();
    queue_.clear();
}

/// False, for those that have to say whether there is more.
bool Link::end()
{
    close();
    events_.ended(*this);
    return false;
}

void Link::ready(Link *self, uint32_t what)
{
    if (what & Watch::kWrite)
        self->write_queue();
    if (what & Watch::kRead && self->is_open())
        self->read();
}

// ---- out

/// The stream ends for both sides; this one reads the end in its next turn.
void Link::shut()
{
    shutdown(fd_.get(), SHUT_RDWR);
    broken_ = true;
    queue_.clear();
}

void Link::send(const char *batch, size_t size)
{
    if (!is_open() || broken_)
        return;
    char head[kHead];
    put_length(head, size);
    size_t written = 0;
    if (queue_.empty()) {
        struct iovec parts[] = {{head, kHead}, {const_cast<char *>(batch), size}};
        struct msghdr message = {};
        message.msg_iov = parts;
        message.msg_iovlen = 2;
        ssize_t sent = sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return shut();
        written = static_cast<size_t>(std::max<ssize_t>(sent, 0));
    }
    if (written == kHead + size)
        return;
    size_t body = written > kHead ? written - kHead : 0;
    bool queued = (written >= kHead || queue_.append(head + written, kHead - written)) && queue_.append(batch + body, size - body);
    if (!queued || !loop_.watch(watch_, Watch::kWrite))
        shut();
}

void Link::write_queue()
{
    while (!queue_.empty()) {
        struct iovec parts[16];
        struct msghdr message = {};
        message.msg_iov = parts;
        message.msg_iovlen = static_cast<size_t>(queue_.vectors(parts, 16));
        ssize_t sent = sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (sent < 0)
            return shut();
        queue_.consume(static_cast<size_t>(sent));
    }
    loop_.unwatch(watch_, Watch::kWrite);
}

// ---- in

bool Link::make_room()
{
    size_t want = std::max(kInput, used_ < kHead ? 0 : frame_size(input_.get()));
    if (capacity_ >= want && (capacity_ == want || used_ > 0))
        return true;
    std::unique_ptr<char[]> larger(new (std::nothrow) char[want]);
    if (!larger)
        return false;
    if (used_ > 0)
        memcpy(larger.get(), input_.get(), used_);
    input_ = std::move(larger);
    capacity_ = want;
    return true;
}

bool Link::read()
{
    for (int i = 0; i < kReadsATurn && is_open(); i++) {
        if (!make_room())
            return end();
        size_t room = capacity_ - used_;
        ssize_t got = recv(fd_.get(), input_.get() + used_, room, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        if (got <= 0)
            return end();
        used_ += static_cast<size_t>(got);
        if (!take_batches() || static_cast<size_t>(got) < room)
            return false;
    }
    return is_open();
}

/// False: nothing is to be read now.
bool Link::take_batches()
{
    size_t at = 0;
    while (used_ - at >= kHead) {
        size_t size = frame_size(input_.get() + at);
        if (size <= kHead || size > kMaxBatch)
            return end();
        if (size > used_ - at)
            break;
        if (!events_.arrived(*this, input_.get() + at + kHead, size - kHead) || !is_open())
            return false;
        at += size;
    }
    used_ -= at;
    memmove(input_.get(), input_.get() + at, used_);
    return true;
}

} // namespace wm
