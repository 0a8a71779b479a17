/**
 * @file
 * A bound socket: tcp over IPv4 and IPv6 or a unix socket, which listens, or one of datagrams. The app's thread.
 */
#ifndef WM_NET_LISTENER_H
#define WM_NET_LISTENER_H

#include "core/file_identity.h"
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
    bool datagrams = false;
    int64_t receive_buffer = 0; ///< bytes; 0: the system's
    int64_t send_buffer = 0;    ///< likewise
};

class Listener {
public:
    Listener() = default;
    Listener(const Listener &) = delete;
    Listener &operator=(const Listener &) = delete;
    ~Listener() { close(); }

    /// 0, or a WM_E... code with "Address already in use: ADDRESS" or the like as its detail.
    int open(const Address &address, const ListenOptions &options);
    /// Adopts a socket that is listening already, or one of datagrams; a backlog of 0 leaves its backlog unchanged.
    void adopt(int fd, int backlog);
    void close();
    /// Closes the descriptor only: another process still has the socket, and removes the file of a unix
    /// socket.
    void leave();
    /// Hands the descriptor to the caller; like leave(), it keeps the file of a unix socket.
    int release();
    /// Whether close() removes the file of a unix socket: not after disown_path(), again after own_path().
    void disown_path() { path_.clear(); }
    void own_path(const std::string &path);
    /// As root, makes that user the owner of a unix socket's file. 0, or a WM_E... code with its detail.
    int give_file(uid_t uid, gid_t gid) const;

    bool is_open() const { return fd_ >= 0; }
    int fd() const { return fd_; }
    /// The bound port; 0 for a unix socket.
    uint16_t port() const { return port_; }

    /// Accepts a connection: a non-blocking descriptor, or -1 with errno. Stores the peer's address in *peer,
    /// if given.
    int accept(SocketAddress *peer);
    /// Whether a connection waits to be accepted.
    bool pending() const;

private:
    int bind_and_listen(const Address &address, const SocketAddress &socket_address, const ListenOptions &options);
    int bind_file(const Address &address, const SocketAddress &socket_address, const ListenOptions &options);
    void own(const std::string &path, const FileIdentity &file);
    void find_port();
    void set_ip_options(const SocketAddress &socket_address, const ListenOptions &options);

    int fd_ = -1;
    uint16_t port_ = 0;
    std::string path_;  ///< of a unix socket in the file system, to unlink
    pid_t owner_ = 0;   ///< the process that removes it: not a child that has forked from it
    FileIdentity file_; ///< the file at path_ when it was bound: a file that another process has put there is not removed
};

} // namespace wm

#endif
