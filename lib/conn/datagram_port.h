/**
 * @file
 * A datagram socket of an endpoint: receives for its peers and sends for them, many datagrams with one system call.
 *
 * A worker's has a ring of peers, each a connection without a socket of its own: the one whose last use is longest ago goes when there is
 * no room. A client's socket is connected, and has one connection. The endpoint owns port and descriptor; the app's thread.
 */
#ifndef WM_CONN_DATAGRAM_PORT_H
#define WM_CONN_DATAGRAM_PORT_H

#include "conn/codec.h"
#include "conn/datagram_peers.h"
#include "conn/datagram_queue.h"
#include "core/log.h"
#include "core/watch.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wm {

class Endpoint;
class Reactor;
struct Connection;
struct Tail;

class DatagramPort {
public:
    explicit DatagramPort(Endpoint &owner);
    DatagramPort(const DatagramPort &) = delete;
    DatagramPort &operator=(const DatagramPort &) = delete;
    ~DatagramPort();

    /// Sends and receives by that socket from here on, a bound one of a worker. 0 or WM_ENOMEM.
    int open(int fd);
    /// The same, a connected one of a client, for that connection, which it gives its transport. 0 or WM_ENOMEM.
    int open(int fd, Connection &conn, const SocketAddress &peer);
    /// Watches for datagrams; shared: other processes receive from the socket, too. 0 or WM_ENOMEM.
    int read(bool shared);
    void stop_reading();
    bool reads() const { return reads_; }
    /// Receives, before it stops, what has come so far, as far as the host takes it.
    void read_last();
    /// Sends what is queued, as far as the kernel takes it, and leaves the descriptor to its owner. The peers are forgotten.
    void close();
    bool is_open() const { return fd_ >= 0; }

    /// As wm_conn_send, one datagram of framed bytes. Before a client's socket is there, it is held.
    int send(Connection &conn, const Framing &bytes, int32_t flags);
    /// The peer of an address, which it becomes if it is none. nullptr with WM_ENOMEM or WM_EFULL in *code, and its detail.
    Connection *peer(const SocketAddress &address, int *code);

    /// Sends what is queued until the kernel takes no more. Never calls the host.
    void flush();
    /// The same at the end of a turn that has sent: does not rely on being told of room.
    void flush_again();
    /// Delivers what is held, as far as the host takes it.
    void resume();
    bool holds() const { return !held_.empty(); }
    /// Tells the host of a send that has failed. For TodoList.
    static void tell_failure(Connection &conn);

    Reactor &reactor() const { return reactor_; }
    sa_family_t family() const { return family_; }
    bool local_address(SocketAddress &out) const;
    /// Datagrams that were received and not delivered: too long, or no memory.
    uint64_t dropped() const { return dropped_; }

private:
    /// One that has to wait for the next turn.
    struct Held {
        SocketAddress from;
        LocalIp to;
        Tail *bytes;
    };

    static constexpr int kLastBatches = 64; ///< of read_last()

    bool begin(int fd);
    bool watch();
    static void ready(DatagramPort *self, uint32_t what);
    void readable();
    size_t receive_batch();
    bool has_room() const;
    bool take(Datagram &datagram);
    bool deliver(Datagram &datagram);
    void hold(const Datagram &datagram);
    void drop(const char *why);
    void drop_held();
    bool make_room();
    int check(const Connection &conn, size_t size);
    bool skip(int number);
    void report(Connection *conn, int number);
    Connection *find(uint32_t slot, uint32_t generation) const;

    Endpoint &owner_;
    Reactor &reactor_;
    int fd_ = -1;
    sa_family_t family_ = AF_UNSPEC;
    bool reads_ = false;
    bool shared_ = false;
    bool waits_ = false;         ///< for room in the kernel
    bool refused_ = false;       ///< the first datagram was refused, perhaps not for itself, and is tried once more
    size_t longest_ = SIZE_MAX;  ///< bytes of a datagram
    Connection *conn_ = nullptr; ///< a client's
    WatchOf<DatagramPort> watch_;
    DatagramPeers peers_;
    DatagramQueue queue_;
    std::vector<Held> held_; ///< at most one batch
    uint64_t dropped_ = 0;
    LogThrottle throttle_;
};

} // namespace wm

#endif
