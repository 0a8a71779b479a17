/**
 * @file
 * A stream socket to the server's inner port that never waits but while
 * connecting, and there not beyond its deadline. Owns its descriptor. One
 * thread; a name is looked up on a thread of its own, which is left behind when
 * the deadline passes.
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

    /// Tries each of the address's sockets in turn. False: failure says why none
    /// answers.
    bool connect(const ServerAddress &address, std::chrono::milliseconds timeout, Failure &failure);
    void close();

    enum class Result { kDone, kWouldBlock, kClosed };

    /// Sends what the kernel takes now. kClosed: the server takes no more, but
    /// its answers may still be there to receive.
    Result send(const char *data, size_t len, size_t &sent);
    /// Receives what is there now. kClosed: nothing will come any more; error()
    /// says why, 0 for an orderly end.
    Result receive(char *data, size_t cap, size_t &received);

    int fd() const { return fd_; }
    int error() const { return error_; }

private:
    bool connect_unix(const ServerAddress &address, Clock::time_point deadline);
    bool connect_tcp(const ServerAddress &address, Clock::time_point deadline, Failure &failure);
    bool connect_socket(const sockaddr *address, unsigned len, Clock::time_point deadline);
    bool wait_connected(Clock::time_point deadline);
    bool give_up(int error);

    int fd_ = -1;
    int error_ = 0;
};

} // namespace wm

#endif
