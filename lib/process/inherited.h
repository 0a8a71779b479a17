/**
 * @file
 * Descriptors that come through exec(3), by number and name: WM_FDS from our master to its children, LISTEN_FDS from a service manager
 * (sd_listen_fds(3)).
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

/// What tells one socket from another, in any process: its inode. 0: it is none.
uint64_t socket_id(int fd);

/// "5=listen:http://0.0.0.0:2016;6=log". Names may hold anything.
std::string format_fds(const std::vector<NamedFd> &fds);
/// Empty when it is none; a descriptor that is not open is left out.
std::vector<NamedFd> parse_fds(const char *text);

/// The sockets of socket activation, close-on-exec from here on; none when LISTEN_PID is another's. Takes the variables out of the
/// environment, so that no child believes that they are its own.
std::vector<NamedFd> activated_fds();

} // namespace wm

#endif
