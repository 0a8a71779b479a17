/**
 * @file
 * A connection during a run: a non-blocking socket, the unsent bytes, and the incomplete tail of the received ones.
 *
 * Owns its descriptor. One thread.
 */
#ifndef WM_LOAD_CONNECTION_H
#define WM_LOAD_CONNECTION_H

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wm::load {

class Connection {
public:
    Connection() = default;
    explicit Connection(int fd) : fd_(fd) {}
    Connection(Connection &&other) noexcept { swap(other); }
    Connection &operator=(Connection &&other) noexcept
    {
        swap(other);
        return *this;
    }
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;
    ~Connection() { close(); }

    int fd() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    bool has_unsent() const { return !unsent_.empty(); }
    const std::string &tail() const { return tail_; }

    /// Sends what fits into the socket buffer in one call and keeps the rest. False if the connection is closed.
    bool send(std::string_view data);
    /// Sends more of the kept bytes.
    bool flush();
    /// Keeps the unparsed end of the received bytes for the next call.
    void keep_tail(std::string_view tail) { tail_.assign(tail); }
    /// Sends a FIN.
    void end_sending();
    void close();

private:
    void swap(Connection &other)
    {
        std::swap(fd_, other.fd_);
        tail_.swap(other.tail_);
        unsent_.swap(other.unsent_);
    }

    int fd_ = -1;
    std::string tail_;
    std::string unsent_;
};

/// The receive buffer that all connections share; a connection's tail goes in front of the new bytes.
class ReceiveBuffer {
public:
    struct Received {
        char *data;
        size_t size;
        bool ended; ///< the peer closed, or the connection failed
    };

    /// Calls recv once. The result is valid until the next call.
    Received receive(const Connection &connection);

private:
    std::vector<char> bytes_;
};

} // namespace wm::load

#endif
