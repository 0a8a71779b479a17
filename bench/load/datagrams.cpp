#include "datagrams.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace wm::load {
namespace {

/// Headers for datagrams at `data`.
struct Headers {
    Headers(char *data, size_t count, size_t size)
    {
        for (size_t i = 0; i < count; i++) {
            parts[i] = {data + i * size, size};
            messages[i].msg_hdr = {};
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
    }

    std::array<iovec, kDatagrams> parts;
    std::array<mmsghdr, kDatagrams> messages;
};

} // namespace

ptrdiff_t send_datagrams(int fd, std::string_view data, size_t size)
{
    size_t count = std::min(data.size() / size, kDatagrams);
    Headers headers(const_cast<char *>(data.data()), count, size);
    int sent = sendmmsg(fd, headers.messages.data(), static_cast<unsigned>(count), MSG_NOSIGNAL);
    return sent < 0 ? -1 : sent * static_cast<ptrdiff_t>(size);
}

ptrdiff_t receive_datagrams(int fd, char *out, size_t size)
{
    Headers headers(out, kDatagrams, size);
    int got = recvmmsg(fd, headers.messages.data(), kDatagrams, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < got; i++) {
        const mmsghdr &message = headers.messages[static_cast<size_t>(i)];
        if (message.msg_len != size || (message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
            errno = EMSGSIZE;
            return -1;
        }
    }
    return got < 0 ? -1 : got * static_cast<ptrdiff_t>(size);
}

} // namespace wm::load
