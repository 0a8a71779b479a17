/**
 * @file
 * A connection during a run: a socket, TLS on it where the run asks for it, the unsent bytes, and the incomplete tail of the received ones.
 *
 * Owns its descriptor. One thread.
 */
#ifndef WM_LOAD_CONNECTION_H
#define WM_LOAD_CONNECTION_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tls.h"

namespace wm::load {

struct Options;

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
    /// nullptr: a plain connection.
    TlsStream *tls() const { return tls_.get(); }

    /// Bytes of each datagram; 0: it is a stream.
    size_t datagram() const { return datagram_; }
    void use_datagrams(size_t size) { datagram_ = size; }

    /// Puts TLS on the connected socket; the handshake is the caller's, by tls()->connect().
    void begin_tls(const TlsContext &context, SSL_SESSION *session = nullptr) { tls_ = context.open(fd_, session); }

    /// Sends what fits into the socket buffer and keeps the rest. False if the connection is closed.
    bool send(std::string_view data);
    /// Sends more of the kept bytes.
    bool flush();
    /// Before the socket is non-blocking: sends everything, or receives up to `size` bytes; 0: none came in time.
    bool send_all(std::string_view data);
    size_t receive_some(char *out, size_t size);
    /// Keeps the unparsed end of the received bytes for the next call.
    void keep_tail(std::string_view tail) { tail_.assign(tail); }
    /// Sends a FIN, after close_notify where TLS is on.
    void end_sending();
    void close();

private:
    void swap(Connection &other)
    {
        std::swap(fd_, other.fd_);
        std::swap(datagram_, other.datagram_);
        tail_.swap(other.tail_);
        unsent_.swap(other.unsent_);
        tls_.swap(other.tls_);
    }
    /// Writes once; *taken is what the kernel has taken. False if the connection is closed.
    bool write(std::string_view data, size_t *taken);

    int fd_ = -1;
    size_t datagram_ = 0;
    std::string tail_;
    std::string unsent_;
    std::unique_ptr<TlsStream> tls_;
};

/// Connects to the target, and with --tls does the handshake; the socket still blocks. Closed, with an error text, after a failure.
Connection open_connection(const Options &options, uint32_t source, std::string *problem);

/// The receive buffer that all connections share; a connection's tail goes in front of the new bytes.
class ReceiveBuffer {
public:
    struct Received {
        char *data;
        size_t size;
        bool ended;       ///< the peer closed, or the connection failed
        bool cut = false; ///< and that without close_notify, where TLS is on
    };

    /// Receives once; over TLS until the socket has no more. The result is valid until the next call.
    Received receive(const Connection &connection);

private:
    void make_room(size_t used);

    std::vector<char> bytes_;
};

} // namespace wm::load

#endif
