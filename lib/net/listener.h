/**
 * @file
 * A listening socket: tcp over IPv4 and IPv6, or a unix socket. The app's thread.
 */
#ifndef WM_NET_LISTENER_H
#define WM_NET_LISTENER_H

#include "net/address.h"

#include <cstdint>
#include <sys/types.h>

namespace wm {

struct ListenOptions {
    int backlog;
    bool reuse_port;
    bool tcp_nodelay;
    bool keepalive;
    mode_t unix_mode;
};

class Listener {
public:
    Listener() = default;
    Listener(const Listener &) = delete;
    Listener &operator=(const Listener &) = delete;
    ~Listener() { close(); }

    /// 0, or a WM_E... code with "Address already in use: ADDRESS" or the like as its detail.
    int open(const Address &address, const ListenOptions &options);
    void close();
    /// Closes the descriptor only: another process serves the address, and a unix socket's file is its.
    void leave();

    bool is_open() const { return fd_ >= 0; }
    int fd() const { return fd_; }
    /// The port that was bound; 0 for a unix socket.
    uint16_t port() const { return port_; }

    /// A connected descriptor, non-blocking; or -1 with errno.
    int accept();

private:
    int bind_and_listen(const Address &address, const SocketAddress &socket_address, const ListenOptions &options);
    void set_tcp_options(const SocketAddress &socket_address, const ListenOptions &options);

    int fd_ = -1;
    uint16_t port_ = 0;
    std::string path_;      ///< of a unix socket in the file system, to unlink
    dev_t path_device_ = 0; ///< and whose it is: never unlink what somebody else has put there
    ino_t path_inode_ = 0;
};

} // namespace wm

#endif
