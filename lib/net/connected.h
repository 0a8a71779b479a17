/**
 * @file
 * What a descriptor from elsewhere has to be to serve as a connection. Any thread.
 */
#ifndef WM_NET_CONNECTED_H
#define WM_NET_CONNECTED_H

namespace wm {

struct SocketAddress;

/// 0 with the peer's address, or WM_EINVAL, whose detail says what the descriptor is instead of a connected stream socket.
int check_connected(int fd, SocketAddress &peer);

/// Makes it non-blocking, and close-on-exec. False with errno.
bool make_nonblocking(int fd);

} // namespace wm

#endif
