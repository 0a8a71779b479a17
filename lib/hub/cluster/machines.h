/**
 * @file
 * The other machines of a cluster, as the service of this one knows them: who they are, whether they speak, and whether this one would
 * learn of a new one. A pure state machine, as the router is, for which it makes a link to each of them out of messages of a carrier: it
 * knows no socket and no loop. Its host's thread.
 *
 * Nothing is known for certain over a carrier but what came back: a node hears its own probes and its own HELLO, or it does not claim to
 * know all others.
 */
#ifndef WM_HUB_CLUSTER_MACHINES_H
#define WM_HUB_CLUSTER_MACHINES_H

#include "hub/cluster/claims.h"
#include "hub/cluster/control.h"
#include "hub/cluster/envelope.h"
#include "hub/cluster/facts.h"
#include "hub/cluster/fingerprint.h"
#include "hub/cluster/peer_claims.h"
#include "hub/cluster/peer_clock.h"
#include "hub/router/router.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wm::cluster {

/// What a Machines is owned by. It calls nothing back from inside these.
class MachinesHost {
public:
    virtual ~MachinesHost() = default;
    /// Sends to the inbox of a node, or to all (0). What is not taken is lost.
    virtual bool carry(uint64_t to, const char *bytes, size_t size) = 0;
    /// What this node sends does not come back: the connection to the engine is to be made anew.
    virtual void renew(const char *why) = 0;
    /// A message was refused. A node without the secret is one reason, and the host says so, not too often.
    virtual void refused(Refusal why, const Envelope &of) = 0;
    /// Microseconds of a clock that only grows, to measure how long a probe takes.
    virtual uint64_t clock_us() = 0;
};

/// The names of this machine, for others that are to ask it only for those.
class OwnMachine {
public:
    virtual ~OwnMachine() = default;
    virtual const Claims &claims() const = 0;
    /// Whether these are all that it has.
    virtual bool knows_names() const = 0;
    virtual const Fingerprints &prints() const = 0;
};

/// Milliseconds.
struct Times {
    int64_t probe_ms = 200;       ///< between two probes of the own inbox
    int64_t hello_ms = 500;       ///< between two HELLOs to all
    int64_t probe_fresh_ms = 500; ///< how old the newest probe that came back may be
    int64_t hello_fresh_ms = 750; ///< the same, of HELLO
    int64_t settle_ms = 1000;     ///< of freshness, in which every other machine has said HELLO
    int64_t renew_ms = 1500;      ///< without freshness, until the connection is made anew
    int64_t doubt_ms = 750;       ///< silence of a machine, until it is not asked
    int64_t lost_ms = 3000;       ///< until its link ends
    int64_t forget_ms = 30'000;   ///< until it counts as dead
    int64_t relink_ms = 500;      ///< after a link that the router dropped
};

/// Who this machine is; the texts for operators.
struct Identity {
    uint64_t node = 0;
    uint64_t epoch = 0;
    std::string name;
    std::string address;
};

class Machines final : public router::Horizon {
public:
    /// Names of links of machines have this bit, and no others.
    static constexpr uint64_t kLinkBit = uint64_t{1} << 63;

    /// own nullptr: names are not told, and everybody is asked for everything.
    Machines(MachinesHost &host, router::Router &router, const OwnMachine *own, Identity identity, Seal seal, const Times &times = {});
    Machines(const Machines &) = delete;
    Machines &operator=(const Machines &) = delete;

    /// The carrier is up, and takes messages of max_bytes; or is not.
    void up(size_t max_bytes, int64_t now_ms);
    void down(int64_t now_ms);
    void receive(const char *bytes, size_t size, int64_t now_ms);

    /// Of the router: a batch for a link of a machine; the end of one.
    void send(uint64_t link, const char *batch, size_t size, int64_t now_ms);
    void drop(uint64_t link, int64_t now_ms);

    /// This life ends. If no process of the machine has connections any more, the others forget it at once; else they wait for the next
    /// life.
    void bye(int64_t now_ms);

    /// Nothing of this life is sent, for ever or until a later one is not heard any more.
    bool is_retired() const { return retired_; }

    /// Whether every other machine is a peer of the router by now.
    bool is_complete(int64_t now_ms) const override;
    bool is_fresh(int64_t now_ms) const;
    void narrow(const router::Request &request, router::PeerSet &peers) const override;

    /// Tells of names that have come and gone. Before the router's flush, in each turn: what was bound is known before it is answered.
    void flush(int64_t now_ms);
    void tick(int64_t now_ms);
    int64_t due_ms() const { return due_ms_; }

    void measure(ClusterFacts &facts, int64_t now_ms) const;

private:
    static constexpr int64_t kNever = INT64_MAX;
    static constexpr size_t kNamesUnread = size_t{2} << 20; ///< bytes of names on the way to the engine: more would hold up probes
    static constexpr int64_t kLongAgo = -(int64_t{1} << 56);
    enum Channel { kInbox, kAll };

    struct Machine {
        uint64_t node = 0;
        uint64_t epoch = 0;
        uint64_t link = 0;                    ///< of the router; 0: none
        std::array<uint64_t, 2> numbers = {}; ///< of the last message, by channel
        PeerClock clock;
        int64_t newest_ms = 0; ///< its time that came last
        int64_t met_ms = 0;
        int64_t heard_ms = 0;
        int64_t link_from_ms = 0;    ///< no new link before
        int64_t agreed_ms = 0;       ///< when the router's peer was verified last, or began
        uint32_t place = UINT32_MAX; ///< of the router's peer
        std::unique_ptr<PeerClaims> names;
        std::optional<ClaimStream> answer; ///< to what it has asked of our names
        bool answered = false;             ///< a message that was sent since it was met
        bool doubted = false;
        bool left = false;       ///< has said BYE
        bool names_last = false; ///< they were valid when it fell silent
        std::string name, address, version;
    };

    Machine *find(uint64_t node);
    Machine *find_link(uint64_t link);
    Machine *meet(uint64_t node, int64_t now_ms);
    bool is_new(Machine &machine, const Envelope &envelope);
    void take_own(const Envelope &envelope, int64_t now_ms);
    void take_control(Machine &machine, const Envelope &envelope, int64_t now_ms);
    bool take_hello(Machine &machine, const Hello &hello);
    void heard(Machine &machine, int64_t now_ms);
    void begin_link(Machine &machine, int64_t now_ms);
    void begin_anew(Machine &machine, int64_t now_ms);
    void end_link(Machine &machine);
    void retire();
    int64_t tick_retired(int64_t now_ms);
    int64_t tick_machine(Machine &machine, int64_t now_ms);
    bool is_forgotten(const Machine &machine, int64_t now_ms) const;
    uint32_t processes() const;
    void say_hello(uint64_t to, bool asks, int64_t now_ms);
    void probe(int64_t now_ms);
    void want_names(const Machine &machine, int64_t now_ms);
    bool take_names(Machine &machine, const Control &control);
    bool tell_names(uint64_t to, ClaimStream &stream, int64_t now_ms);
    bool may_skip(const Machine &machine) const;
    bool send_body(uint64_t to, Kind kind, size_t body, int64_t now_ms);
    char *room(size_t body);
    void note_freshness(int64_t now_ms);
    size_t max_batch() const { return max_bytes_ - kEnvelopeExtra; }

    MachinesHost &host_;
    router::Router &router_;
    const OwnMachine *own_;
    Directory directory_; ///< of the names of others; before machines_
    ClaimStream told_{0}; ///< to all
    Identity identity_;
    Seal seal_;
    Times times_;
    std::vector<Machine> machines_;
    std::unique_ptr<char[]> message_; ///< that is being written
    size_t capacity_ = 0;
    size_t max_bytes_ = 0; ///< 0: the carrier is down
    uint64_t number_ = 0;
    uint64_t last_link_ = 0;
    std::array<int64_t, 2> echo_ms_ = {kLongAgo, kLongAgo}; ///< when what came back last was sent, by channel
    int64_t fresh_from_ms_ = kNever;                        ///< since when what is sent comes back
    int64_t stale_from_ms_ = 0;                             ///< since when it does not
    int64_t over_ms_ = kLongAgo;                            ///< when a machine too many was heard, which is not a peer
    int64_t replaced_ms_ = 0;                               ///< when another life of this node was heard
    int64_t next_probe_ms_ = 0;
    int64_t next_hello_ms_ = 0;
    int64_t due_ms_ = kNever;
    uint64_t rtt_us_ = 0;
    size_t names_left_ = kNamesUnread; ///< bytes of names that may be sent until a probe comes back
    bool knew_names_ = false;          ///< as others were told
    bool retired_ = false;             ///< another life of this node has begun, or this one ends
    bool left_ = false;                ///< has said BYE: this one ends
    ClusterCounters counters_;
};

} // namespace wm::cluster

#endif
