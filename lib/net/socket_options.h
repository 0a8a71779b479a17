/**
 * @file
 * The options of every TCP socket of the library, accepted or connected. Pure but for the system calls.
 */
#ifndef WM_NET_SOCKET_OPTIONS_H
#define WM_NET_SOCKET_OPTIONS_H

namespace wm {

/// TCP_NODELAY, and SO_KEEPALIVE with a probe every 55 s of silence. Sockets that a listener accepts inherit them on Linux.
void set_stream_options(int fd, bool nodelay, bool keepalive);

} // namespace wm

#endif
