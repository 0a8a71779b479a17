/**
 * @file
 * Descriptors inherited over exec(3), by number and name: WM_FDS from the master to its children, LISTEN_FDS
 * from a service manager (sd_listen_fds(3)).
 */
#ifndef WM_PROCESS_INHERITED_H
#define WM_PROCESS_INHERITED_H

#include <cstdint>
#include <string>
#include <vector>

namespace wm {

struct NamedFd {
    int fd = -1;
    std::string name;
};

/// The inode of a socket, which is the same in every process; 0: not a socket.
uint64_t socket_id(int fd);

/// "5=listen:http://0.0.0.0:2016;6=log". Names may hold anything.
std::string format_fds(const std::vector<NamedFd> &fds);
/// Skips what is malformed, and descriptors that are not open.
std::vector<NamedFd> parse_fds(const char *text);

/// The sockets of socket activation, made close-on-exec; none if LISTEN_PID names another process. Takes the
/// variables out of the environment, so that children do not use them.
std::vector<NamedFd> activated_fds();

} // namespace wm

#endif
