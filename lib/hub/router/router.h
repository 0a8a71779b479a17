/**
 * @file
 * One uid space over processes: which of them are asked, what they answer, and what that means. A pure state machine: batches, link events
 * and the time go in; batches and answers come out. It knows no socket and no loop, and copies a request once for each target.
 *
 * One class has both roles. The hub's service has the children as peers and passes on what one of them asks. A child answers for its own
 * connections, and asks the service; where there is none, its sibling, while two processes of the slot overlap. To the services of other
 * machines a service is what a child is to it: it answers for all its children. Its host's thread.
 */
#ifndef WM_HUB_ROUTER_ROUTER_H
#define WM_HUB_ROUTER_ROUTER_H

#include "hub/router/limits.h"
#include "hub/router/outstanding.h"
#include "hub/router/peer.h"
#include "hub/router/result.h"
#include "hub/router/wire.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm::router {

/// What a router is owned by. Only request() may be called from inside its functions.
class Host {
public:
    virtual ~Host() = default;
    /// Queues one batch on a link. What it cannot take ends the link.
    virtual void send(uint64_t link, const char *batch, size_t size) = 0;
    /// Closes a link; no disconnected() follows.
    virtual void drop(uint64_t link) = 0;
    /// Delivers to the connections of this process, which are all that it answers for.
    virtual Result take(const Request &request) = 0;
    /// The result of a request that was pending.
    virtual void answer(uint64_t ref, const Result &result) = 0;
    /// A peer has said HELLO over its link.
    virtual void joined(const Peer &) {}
    /// A peer tells of names, or asks for them: kKey to kState.
    virtual void names(const Peer &, const Record &) {}
};

/// What is known of other machines, beside those that are peers.
class Horizon {
public:
    virtual ~Horizon() = default;
    /// Whether every machine is a peer by now: else one that is not may hold connections.
    virtual bool is_complete(int64_t now_ms) const = 0;
    /// Removes those peers that are known not to have what a request names.
    virtual void narrow(const Request &request, PeerSet &peers) const = 0;
};

/// For `status`.
struct Counters {
    uint64_t requests = 0; ///< from here and from peers
    uint64_t busy = 0;     ///< targets that were not asked because too much was on the way
    uint64_t stale = 0;    ///< requests that came after their time
    uint64_t late = 0;     ///< answers that did
    uint64_t suspects = 0; ///< peers that stopped reading
    uint64_t links = 0;
    uint64_t drops = 0; ///< links that this side has ended
};

class Router {
public:
    /// node is never used again by another process; epoch is higher in each life of the hub's service, which keeps its node.
    Router(Host &host, uint64_t node, uint64_t epoch, const Limits &limits = {})
        : host_(host), limits_(limits), outstanding_(limits.outstanding), node_(node), epoch_(epoch)
    {}
    Router(const Router &) = delete;
    Router &operator=(const Router &) = delete;

    /// For the service of a machine among others. node names it for those, and is of no process of theirs.
    void join_machines(uint64_t node, const Horizon &horizon)
    {
        machine_ = node;
        horizon_ = &horizon;
    }

    /// Where a peer is in peers(); UINT32_MAX: there is none.
    uint32_t place_of(uint64_t node) const;

    /// A process that exists: from now on it may hold connections. False: over kMaxPeers, or out of memory.
    bool expect(uint64_t node, PeerKind kind);
    /// A process that has ended: it holds none. Call it when all that its link has brought was received.
    void forget(uint64_t node);

    /// A link to a peer that this side has made. The side that accepts learns from its first batch whose link it is.
    void connected(uint64_t link, uint64_t node, int64_t now_ms);
    void disconnected(uint64_t link);
    /// The same, of a machine: one batch is max_batch bytes at most.
    void connected(uint64_t link, uint64_t node, size_t max_batch, int64_t now_ms);
    /// A machine is silent: it is not asked until it says HELLO.
    void doubt(uint64_t node, int64_t now_ms);
    /// What is added to the times of a machine before its next batch.
    void set_clock(uint64_t link, int64_t offset);
    void receive(uint64_t link, const char *batch, size_t size, int64_t now_ms);

    /// Asks everybody. True: answered at once, in `result`; false: Host::answer comes exactly once, with ref. sent_ms is set here.
    bool request(const Request &request, uint64_t ref, int64_t now_ms, Result &result);
    /// This process holds no connections any more, and gets none: says so to all, also over later links. From here on it delivers nothing
    /// of other processes, which count what it has not answered as taken by none.
    void bye();
    /// Whether a peer that is verified can be told of names now: they take half of what may be on the way to it.
    bool takes_names(uint64_t node) const;
    /// A record of these. False: out of memory, or the peer has no link.
    bool tell_names(uint64_t node, Op op, std::string_view body);
    /// Whether all to which it has a link have read that.
    bool bye_was_read() const;

    /// What is due; after what has arrived in a turn was received. Call it at due_ms() at the latest.
    void tick(int64_t now_ms);
    int64_t due_ms() const;
    /// Sends what a turn has written: one batch a peer, unless it was full before. The last act of a turn.
    void flush();

    const Counters &counters() const { return counters_; }
    const std::vector<Peer> &peers() const { return peers_; } ///< those with node 0 are free
    size_t outstanding() const { return outstanding_.size(); }
    uint64_t in_flight() const { return in_flight_; }

private:
    static constexpr uint32_t kNone = UINT32_MAX;

    /// The peers that are asked, and what is missing because others cannot be.
    struct Targets {
        PeerSet ask;
        uint16_t count = 0; ///< size of ask
        Result missing;
    };

    // router_requests.cpp
    Targets choose(const Request &request, const Origin &origin, int64_t now_ms) const;
    bool start(const Request &request, const Origin &origin, int64_t now_ms, Result &result);
    void ask_all(const Request &request, const PeerSet &peers, Pending &pending, int64_t now_ms);
    Reason ask(Peer &peer, const Request &request, uint32_t ref, int64_t now_ms);
    bool take_request(Peer &from, const Record &record, int64_t now_ms);
    bool take_acks(Peer &from, const Record &record);
    void resolve(Pending &pending, uint32_t peer, const Result &result);
    void finish(Pending &pending);
    void expire(Pending &pending);
    void tell(const Origin &origin, const Result &result);

    // router.cpp
    uint32_t index_of(const Peer &peer) const { return static_cast<uint32_t>(&peer - peers_.data()); }
    Peer *find(uint64_t node);
    Peer *find_link(uint64_t link);
    void begin_link(Peer &peer, uint64_t link);
    void end_link(Peer &peer);
    void resolve_all(Peer &peer, const Result &result);
    void drop_link(Peer &peer);
    void refuse(uint64_t link, Peer *owner);
    bool adopt_link(Peer &peer, uint64_t link, const BatchHeader &header, const Record &first);
    void owe_report(Peer &peer, int64_t now_ms);
    void note_read(Peer &peer, const BatchHeader &header, int64_t now_ms);
    bool take_record(Peer &peer, const Record &record, int64_t now_ms);
    void take_bye(Peer &peer);
    void set_state(Peer &peer, PeerState state);
    void say(Peer &peer, Op op);
    void say_hello(Peer &peer);
    void say_bye(Peer &peer);
    void written(Peer &peer);
    void send_batch(Peer &peer);
    void tick_peer(Peer &peer, int64_t now_ms, bool overslept);

    Host &host_;
    Limits limits_;
    Outstanding outstanding_;
    std::vector<Peer> peers_;
    std::vector<uint32_t> dirty_; ///< peers whose batch has something; has room for all
    Counters counters_;
    uint64_t node_;
    uint64_t machine_ = 0; ///< node_, for other machines
    uint64_t epoch_;
    const Horizon *horizon_ = nullptr;
    uint64_t in_flight_ = 0; ///< of all peers
    int64_t peers_due_ms_ = Peer::kNever;
    uint32_t hub_ = kNone; ///< index of the peer that is the hub's service
    uint32_t last_serial_ = 0;
    bool left_ = false; ///< bye() was called
};

} // namespace wm::router

#endif
