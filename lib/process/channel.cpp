#include "process/channel.h"

#include "process/packet.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace wm {

namespace {

constexpr size_t kMaxText = 2048;

struct Header {
    uint32_t kind;
    int32_t value;
    uint64_t id;
};

} // namespace

bool Channel::pair(Channel &one, Channel &other)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return false;
    one.fd_.reset(fds[0]);
    other.fd_.reset(fds[1]);
    return true;
}

bool Channel::send(MessageKind kind, int32_t value, uint64_t id, std::string_view text, int fd, bool wait) const
{
    Header header = {static_cast<uint32_t>(kind), value, id};
    std::string packet(reinterpret_cast<const char *>(&header), sizeof header);
    packet += text.substr(0, kMaxText);
    return send_packet(fd_.get(), packet, fd, wait);
}

Channel::Got Channel::receive(Message &out) const
{
    char packet[sizeof(Header) + kMaxText];
    size_t len = 0;
    switch (receive_packet(fd_.get(), packet, sizeof packet, &len, out.fd, false)) {
    case PacketResult::kNothing:
        return Got::kNothing;
    case PacketResult::kEnd:
        return Got::kEnd;
    case PacketResult::kPacket:
        break;
    }
    if (len < sizeof(Header))
        return Got::kEnd; // not of this protocol
    Header header;
    memcpy(&header, packet, sizeof header);
    out.kind = static_cast<MessageKind>(header.kind);
    out.value = header.value;
    out.id = header.id;
    out.text.assign(packet + sizeof header, len - sizeof header);
    return Got::kMessage;
}

} // namespace wm
