/**
 * @file
 * A stream socket to the server's inner port. It blocks only while connecting, and not past the deadline. Owns its descriptor. One
 * thread; host names are resolved on another thread, which is detached when the deadline passes.
 */
#ifndef WM_PUSH_CONNECTION_H
#define WM_PUSH_CONNECTION_H

#include "wm-push/exit_code.h"
#include "wm-push/server_address.h"

#include <chrono>
#include <cstddef>

struct sockaddr;

namespace wm {

class Connection {
public:
    using Clock = std::chrono::steady_clock;

    Connection() = default;
    ~Connection() { close(); }
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;

    /// Tries the socket addresses of `address` one after another. On false, `failure` has the reason.
    bool connect(const ServerAddress &address, std::chrono::milliseconds timeout, Failure &failure);
    void close();

    enum class Result { kDone, kWouldBlock, kClosed };

    /// Sends what fits into the socket buffer. kClosed: sending has failed, but there may be answers left to receive.
    Result send(const char *data, size_t len, size_t &sent);
    /// Receives what is available. kClosed: the connection has ended, with error(), which is 0 at end of file.
    Result receive(char *data, size_t cap, size_t &received);

    /// Whether the peer is on this machine: a unix socket, or a loopback address.
    bool is_local() const;

    int fd() const { return fd_; }
    int error() const { return error_; }

private:
    bool connect_unix(const ServerAddress &address, Clock::time_point deadline);
    bool connect_tcp(const ServerAddress &address, Clock::time_point deadline, Failure &failure);
    bool connect_socket(const sockaddr *address, unsigned len, Clock::time_point deadline);
    bool wait_connected(Clock::time_point deadline);
    bool close_with(int error);

    int fd_ = -1;
    int error_ = 0;
};

} // namespace wm

#endif
