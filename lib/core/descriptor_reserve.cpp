#include "core/descriptor_reserve.h"

#include "core/reserve.h"

#include <algorithm>
#include <fcntl.h>
#include <functional>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace wm {

namespace {

/// A descriptor that costs the kernel next to nothing; a further one shares its file.
int placeholder(const std::vector<int> &others)
{
    return others.empty() ? eventfd(0, EFD_CLOEXEC) : fcntl(others.front(), F_DUPFD_CLOEXEC, 0);
}

} // namespace

bool DescriptorReserve::keep(size_t size, size_t connections)
{
    drop();
    if (!reserve_in(fds_, size))
        return false;
    size_ = size;
    fill(connections);
    if (fds_.size() == unused(connections))
        return true;
    drop();
    return false;
}

void DescriptorReserve::drop()
{
    size_ = 0;
    for (int fd : fds_)
        ::close(fd);
    fds_.clear();
}

bool DescriptorReserve::spend()
{
    if (fds_.empty())
        return false;
    // The lowest: the descriptor limit is one of numbers, and may have been lowered since.
    std::pop_heap(fds_.begin(), fds_.end(), std::greater<>());
    ::close(fds_.back());
    fds_.pop_back();
    return true;
}

void DescriptorReserve::fill(size_t connections)
{
    while (fds_.size() > unused(connections))
        spend();
    while (fds_.size() < unused(connections)) {
        int fd = placeholder(fds_);
        if (fd < 0)
            return;
        add(fd);
    }
}

void DescriptorReserve::add(int fd)
{
    fds_.push_back(fd);
    std::push_heap(fds_.begin(), fds_.end(), std::greater<>());
}

void DescriptorReserve::close(int fd, size_t connections)
{
    if (fds_.size() >= unused(connections) || fds_.empty()) {
        ::close(fd);
        adapt(connections);
        return;
    }
    // In one step, so that no other thread takes the number in between.
    if (dup3(fds_.front(), fd, O_CLOEXEC) == fd)
        add(fd);
    else
        ::close(fd);
}

} // namespace wm
