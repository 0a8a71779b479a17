/**
 * @file
 * How the bytes of a connection travel: over the plain socket, or through a Transport above it. A new transport is a file beside this one,
 * and what its endpoints name. The app's thread.
 */
#ifndef WM_NET_TRANSPORT_H
#define WM_NET_TRANSPORT_H

#include "net/address.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/uio.h>

namespace wm {

/// The outcome of an input or output call.
struct IoResult {
    enum class Kind : uint32_t {
        kDone,    ///< size bytes were moved
        kBlocked, ///< nothing now: the loop says when
        kEnd,     ///< the peer has ended its side. code: 0, or WM_E... with why it may have ended early in last_error()
        kFailed,  ///< the connection is broken; code is the errno, or WM_E... with the reason in last_error()
    };

    Kind kind;
    int32_t code;
    size_t size;

    static IoResult failed(int32_t code) { return {Kind::kFailed, code, 0}; }
};

class Transport {
public:
    Transport() = default;
    Transport(const Transport &) = delete;
    Transport &operator=(const Transport &) = delete;
    virtual ~Transport() { set_parked(0); }

    /// receive() gets room for that many bytes at least.
    static constexpr size_t kMinReceive = 36 * 1024;
    /// A code of kDone: the end or a failure is behind these bytes, and the next receive() has it.
    static constexpr int32_t kMore = 1;

    /// The transport's own handshake, called whenever fd can be read until it returns kDone, and first at once if speaks_first().
    virtual IoResult secure(int fd) = 0;
    virtual bool speaks_first() const { return false; }
    /// The handshake is that with a proxy, or the header of one, or what a server says before TLS: the endpoint's own transport begins
    /// behind it.
    virtual bool is_proxy() const { return false; }
    /// Called each time fd is readable, and after a kMore. Keeps nothing back that it has decoded.
    virtual IoResult receive(int fd, char *out, size_t len) = 0;
    /// May take bytes and park them: then parked() counts what they have become, and flush() is called when fd is writable.
    virtual IoResult send(int fd, const struct iovec *vectors, int count) = 0;
    /// Sends what is parked: kDone when nothing is left of it.
    virtual IoResult flush(int) { return {IoResult::Kind::kDone, 0, 0}; }
    /// Bytes that were taken, or are the transport's own, and that the kernel has refused so far.
    uint32_t parked() const { return parked_; }
    /// Adds what is parked to a sum from here on. The sum outlives the transport.
    void count_parked_in(size_t *total) { total_ = total; }

    /// Sends from a file without an offset of its own. kEnd: the file is shorter than that. The default reads and sends.
    virtual IoResult send_file(int fd, int file, int64_t offset, size_t len);

    // Where a transport has nothing to add, the socket's.
    /// Whether there is something to receive; the end does not count.
    virtual bool has_input(int fd);
    virtual void hold_for_end(int fd);
    virtual void shutdown_write(int fd);
    virtual void reset_on_close(int fd);
    virtual bool remote_address(int fd, SocketAddress &out);
    virtual bool local_address(int fd, SocketAddress &out);

    /// A property of the connection's security, one of WM_TLS_...: 0 with its text, or WM_ESTATE.
    virtual int describe(int32_t what, std::string *out) const;

protected:
    void set_parked(uint32_t bytes)
    {
        if (total_)
            *total_ += bytes - size_t{parked_};
        parked_ = bytes;
    }

private:
    size_t *total_ = nullptr;
    uint32_t parked_ = 0;
};

/// A kind of transport, as schemes name it.
struct TransportKind {
    const char *name; ///< in listings
    /// Makes the transport of a connection; settings are the endpoint's. nullptr on failure. No function: the plain socket.
    Transport *(*make)(void *settings) = nullptr;
};

inline constexpr TransportKind kPlainTransport = {"socket"};
inline constexpr TransportKind kUdpTransport = {"udp"};
inline constexpr TransportKind kUnixDatagrams = {"unix"};

/// Calls that take a transport, or nullptr for the plain socket, which costs no indirect call.
namespace io {

/// recv(2); EINTR does not occur: the socket is non-blocking.
IoResult receive_plain(int fd, char *out, size_t len);
/// sendmsg(2) or send(2) with MSG_NOSIGNAL: no SIGPIPE reaches the host. size may be less than the vectors hold. flags: MSG_MORE, or 0.
IoResult send_plain(int fd, const struct iovec *vectors, int count, int flags = 0);

inline IoResult receive(Transport *transport, int fd, char *out, size_t len)
{
    return transport ? transport->receive(fd, out, len) : receive_plain(fd, out, len);
}
inline IoResult send(Transport *transport, int fd, const struct iovec *vectors, int count)
{
    return transport ? transport->send(fd, vectors, count) : send_plain(fd, vectors, count);
}

/// sendfile(2) over the plain socket, without a SIGPIPE.
IoResult send_file(Transport *transport, int fd, int file, int64_t offset, size_t len);
bool has_input(Transport *transport, int fd);
/// Has the last bytes that are sent from now on leave in one segment with the end of the stream, so that the peer sees the end with them.
void hold_for_end(Transport *transport, int fd);
void shutdown_write(Transport *transport, int fd);
/// Makes the next close reset the connection, so that the peer does not mistake a truncated stream for a complete one.
void reset_on_close(Transport *transport, int fd);
bool remote_address(Transport *transport, int fd, SocketAddress &out);
bool local_address(Transport *transport, int fd, SocketAddress &out);
int describe(const Transport *transport, int32_t what, std::string *out);

} // namespace io

} // namespace wm

#endif
