/**
 * @file
 * The owner of connections: their options, callbacks, counters and list. A worker is an endpoint with a
 * listener, a client one with an address to connect to. Outlives its connections; the app's thread.
 */
#ifndef WM_CONN_ENDPOINT_H
#define WM_CONN_ENDPOINT_H

#include "conn/assembly.h"
#include "conn/callbacks.h"
#include "conn/connection.h"
#include "conn/options.h"
#include "core/descriptor_reserve.h"
#include "core/log.h"
#include "core/slot_lists.h"
#include "net/ip_counts.h"
#include "net/networks.h"
#include "net/transport.h"
#include "wm/types.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm {

class AccessLog;
class DatagramPort;
class Reactor;

/// What trusted proxies have told of the peer of a connection.
struct ToldPeer {
    IpPort by_proxy;
    IpPort by_request;
    bool counts = false; ///< by_request is what max_per_ip counts the connection as, while a request of it is unanswered
};

/// What the slow policies have done, so far.
struct SlowCounts {
    uint64_t dropped = 0;  ///< messages, for room
    uint64_t replaced = 0; ///< messages, by a newer one of their key
    uint64_t closed = 0;   ///< connections
};

class Endpoint {
public:
    /// `own` must outlive the endpoint. Callbacks and records name the worker; a client's are without one.
    Endpoint(Reactor &of, const EndpointOptions &own, uint8_t row, wm_worker *of_worker, wm_client *of_client = nullptr)
        : reactor(of), options(own), worker(of_worker), client(of_client), codec(row)
    {}
    Endpoint(const Endpoint &) = delete;
    Endpoint &operator=(const Endpoint &) = delete;
    virtual ~Endpoint() = default;

    /// Reserves a place in the list for add(); false when out of memory.
    bool reserve_place();
    void add(Connection &conn);
    /// The connection has had its close event.
    virtual void remove(Connection &conn);
    /// What the kernel may have connected already for the connection, which has no socket yet, ends with a reset.
    virtual void reset_on_close(const Connection &) {}
    /// The connection is not open in time.
    virtual void timed_out(Connection &conn);
    /// The address of its peer; false: it is not known, yet or any more.
    virtual bool peer_of(const Connection &conn, SocketAddress &out) const;
    /// The connection ends for that reason, of which the host is told next.
    virtual void failed(const Connection &, int32_t, const char *) {}
    /// The peer does not let a client's connection open, or breaks a rule before it is open. The text says why.
    virtual void refused(Connection &conn, int32_t error, const char *text);
    /// Counts the connection as one of that peer address, and of no other; nullptr: of none. False: max_per_ip is reached.
    virtual bool count_as(const Connection &, const SocketAddress *) { return true; }
    /// The transport that is_proxy() is through. False: the connection has ended.
    virtual bool leave_proxy(Connection &) { return true; }
    const std::vector<Connection *> &connections() const { return connections_; }

    /// The peer has said something that the protocol understands: from here on only a deadline, or one of the
    /// two sides, ends the connection.
    void heard(Connection &conn);
    /// Closes the descriptor of a connection that was removed, or keeps it in the reserve.
    void close_fd(int fd) { reserve.close(fd, connections_.size()); }

    Reactor &reactor;
    const EndpointOptions &options;
    ConnCallbacks callbacks;
    wm_worker *const worker; ///< nullptr: it is not a worker
    wm_client *const client; ///< likewise
    uint8_t codec;           ///< row in Reactor::codecs for new connections
    const TransportKind *transport = &kPlainTransport;
    void *transport_settings = nullptr;   ///< owned by the subclass
    void *codec_settings = nullptr;       ///< likewise
    const TransportKind *proxy = nullptr; ///< leads new connections to where `transport` begins: through a proxy, behind its header, or
                                          ///< behind what a server says before TLS
    void *proxy_settings = nullptr;       ///< owned by the subclass
    DatagramPort *datagrams = nullptr;    ///< of one over datagrams; owned by the subclass
    Networks trusted_proxies;             ///< option trusted_proxies
    AccessLog *access_log = nullptr;      ///< of the requests of new connections; the app's. nullptr: none
    std::string display;                  ///< the address in logs and listings
    uint64_t requests = 0;                ///< messages delivered
    EndpointTails tails;                  ///< for Assembly
    SlowCounts slow;                      ///< what its peers have missed by reading too slowly

    DescriptorReserve reserve;
    LogThrottle misdirected;             ///< connections that speak TLS to a port without it, or the other way round
    SlotLists::List silent;              ///< connections whose peer has said nothing yet (kSilent), oldest first
    std::unique_ptr<IpCounts> ip_counts; ///< nullptr: no limit has been set

private:
    std::vector<Connection *> connections_;
};

inline const ConnOptions &Connection::options() const
{
    const ConnOptions &owners = owner->options;
    return cold && cold->options ? *cold->options : owners;
}

template <class Function> inline const Callback<Function> &Connection::callback(Callback<Function> ConnCallbacks::*event) const
{
    if (has(kOwnCallbacks)) [[unlikely]] {
        const Callback<Function> &own = cold->callbacks->*event;
        if (own)
            return own;
    }
    return owner->callbacks.*event;
}

} // namespace wm

#endif
