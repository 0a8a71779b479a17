/**
 * @file
 * Packets over a unix SOCK_SEQPACKET socket, each with at most one descriptor (unix(7), SCM_RIGHTS).
 */
#ifndef WM_PROCESS_PACKET_H
#define WM_PROCESS_PACKET_H

#include "core/fd.h"

#include <cstddef>
#include <string_view>

namespace wm {

enum class PacketResult { kPacket, kNothing, kEnd };

/// fd -1: none. With wait false, false when there is no room now (errno EAGAIN).
bool send_packet(int socket, std::string_view bytes, int fd, bool wait);

/// Cuts a packet that is longer than `size`. Its descriptor, if any, is in `fd`, close-on-exec.
PacketResult receive_packet(int socket, char *out, size_t size, size_t *len, Fd &fd, bool wait);

} // namespace wm

#endif
