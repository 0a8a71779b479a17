/**
 * @file
 * A connected stream socket, tcp or unix: the system calls, and nothing that knows a message. The app's thread.
 */
#ifndef WM_NET_STREAM_H
#define WM_NET_STREAM_H

#include "net/address.h"

#include <cstddef>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace wm::stream {

/// recv(2); -1 with errno. EINTR does not come: the socket is non-blocking.
ssize_t receive(int fd, void *out, size_t len);

/// sendmsg(2) or send(2) with MSG_NOSIGNAL: no SIGPIPE reaches the host.
ssize_t send(int fd, const struct iovec *vectors, int count);

/// Whether there is something to receive; the end does not count.
bool has_input(int fd);

void shutdown_write(int fd);

/// Ends it with a reset, so that the peer knows that what it lacks will not come.
void reset_on_close(int fd);

bool remote_address(int fd, SocketAddress &out);
bool local_address(int fd, SocketAddress &out);

} // namespace wm::stream

#endif
