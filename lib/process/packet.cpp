#include "process/packet.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace wm {

bool send_packet(int socket, std::string_view bytes, int fd, bool wait)
{
    struct iovec vector = {const_cast<char *>(bytes.data()), bytes.size()};
    struct msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(bytes.size());
}

PacketResult receive_packet(int socket, char *out, size_t size, size_t *len, Fd &fd, bool wait)
{
    struct iovec vector = {out, size};
    struct msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    message.msg_control = control;
    message.msg_controllen = CMSG_LEN(sizeof(int)); // without the padding, which has room for a second descriptor
    // A peer that closed with unread packets causes one ECONNRESET; the packets that it has sent follow.
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    fd.reset();
    if (got < 0)
        return errno == EAGAIN ? PacketResult::kNothing : PacketResult::kEnd;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        int number;
        memcpy(&number, CMSG_DATA(header), sizeof number);
        fd.reset(number);
    }
    *len = static_cast<size_t>(got);
    return got == 0 && !fd ? PacketResult::kEnd : PacketResult::kPacket;
}

} // namespace wm
