/**
 * @file
 * The peers of a datagram socket: found by their address, in the order of their last use. The app's thread.
 *
 * A peer is what its connection has for a transport: it knows the addresses, and has no bytes. Its connection owns it.
 */
#ifndef WM_CONN_DATAGRAM_PEERS_H
#define WM_CONN_DATAGRAM_PEERS_H

#include "core/keyed_hash.h"
#include "net/datagram_socket.h"
#include "net/transport.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

class DatagramPeers;
class DatagramPort;
struct Connection;

class DatagramPeer final : public Transport {
public:
    /// peers nullptr: it is the only one of its socket, which is connected.
    DatagramPeer(DatagramPort &of, const SocketAddress &its) : port(of), address(its) {}
    ~DatagramPeer() override;

    IoResult secure(int) override { return {IoResult::Kind::kDone, 0, 0}; }
    IoResult receive(int, char *, size_t) override { return {IoResult::Kind::kBlocked, 0, 0}; }
    IoResult send(int, const struct iovec *, int) override { return {IoResult::Kind::kBlocked, 0, 0}; }
    bool has_input(int) override { return false; }
    void hold_for_end(int) override {}
    void shutdown_write(int) override {}
    void reset_on_close(int) override {}
    bool remote_address(int, SocketAddress &out) override;
    bool local_address(int, SocketAddress &out) override;

    DatagramPort &port;
    const SocketAddress address;
    LocalIp local;              ///< what its last datagram came to
    Connection *conn = nullptr; ///< the owner
    int failed = 0;             ///< the errno of a send that the host has not been told of; 0: none

private:
    friend class DatagramPeers;
    DatagramPeers *peers_ = nullptr;
    DatagramPeer *next_ = nullptr; ///< in its bucket
    DatagramPeer *older_ = nullptr;
    DatagramPeer *newer_ = nullptr;
    uint64_t hash_ = 0;
};

class DatagramPeers {
public:
    DatagramPeers();
    DatagramPeers(const DatagramPeers &) = delete;
    DatagramPeers &operator=(const DatagramPeers &) = delete;
    ~DatagramPeers();

    /// The peer of that address, which becomes the one used last; nullptr: there is none.
    DatagramPeer *find(const SocketAddress &address);
    /// Adds one that find() has not found, as the one used last. False when out of memory.
    bool add(DatagramPeer &peer);
    void remove(DatagramPeer &peer);
    /// It becomes the one used last.
    void touch(DatagramPeer &peer)
    {
        if (&peer == newest_)
            return;
        unlink(peer);
        push(peer);
    }
    /// The one whose last use is longest ago; nullptr: there are none.
    DatagramPeer *oldest() const { return oldest_; }
    size_t size() const { return count_; }

private:
    uint64_t hash(const SocketAddress &address) const;
    DatagramPeer *&bucket(uint64_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
    bool grow();
    void push(DatagramPeer &peer);
    void unlink(DatagramPeer &peer);

    std::vector<DatagramPeer *> buckets_; ///< a power of two of them, or none
    DatagramPeer *oldest_ = nullptr;
    DatagramPeer *newest_ = nullptr;
    size_t count_ = 0;
    KeyedHash hash_; ///< peers choose their addresses
};

} // namespace wm

#endif
