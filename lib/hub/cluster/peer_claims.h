/**
 * @file
 * The names that a peer has, by what it says: what tells whether its entries of a directory are all that it has. One thread.
 *
 * A peer says HELLO with the seq and the digest of its names now and then, and DELTAs between. Its names are valid when they were equal at
 * a HELLO, and no DELTA is missing since. While they are not, the peer may have any name, and is asked: an entry too many costs a question,
 * one too few would be an answer that is wrong.
 */
#ifndef WM_HUB_CLUSTER_PEER_CLAIMS_H
#define WM_HUB_CLUSTER_PEER_CLAIMS_H

#include "hub/cluster/claim_records.h"
#include "hub/cluster/directory.h"

#include <cstdint>

namespace wm::cluster {

class PeerClaims {
public:
    /// Names of one peer. A peer that has more is always asked (has_too_many), and takes no memory.
    static constexpr uint64_t kMaxNames = 20'000'000;
    /// Names of all peers of a directory: about 2 GB. What would be more is not taken, and its peer is always asked.
    static constexpr uint64_t kMaxAllNames = 100'000'000;

    /// owner: what the directory says for the names of this peer. Takes no target before there is a name.
    PeerClaims(Directory &directory, uint32_t owner, uint64_t max_names = kMaxNames, uint64_t max_all_names = kMaxAllNames)
        : directory_(directory), max_names_(max_names), max_all_names_(max_all_names), owner_(owner)
    {}
    PeerClaims(const PeerClaims &) = delete;
    PeerClaims &operator=(const PeerClaims &) = delete;
    ~PeerClaims() { drop(); }

    /// What the peer said of itself. Each of these three returns whether to ask it now, by WANT, for what is behind have(). While names are
    /// missing each HELLO says so again, with pauses where that does not help. Each record also sweeps a segment of the directory, so that
    /// it does not grow by what was dropped.
    bool hello(uint64_t epoch, uint64_t seq, uint64_t digest);
    bool apply(const Delta &delta);
    bool apply(const StatePart &part);
    /// Something of the peer may be lost: its names are valid again with a HELLO that is equal.
    void doubt()
    {
        valid_ = false;
        heard_seq_ = heard_digest_ = 0;
    }

    bool is_valid() const { return valid_; }
    bool has_too_many() const { return too_many_; }
    /// The seq that the names are at; 0: there are none.
    uint64_t have() const { return have_; }
    uint64_t count() const { return target_ == Directory::kNoTarget ? 0 : directory_.count(target_); }

private:
    static constexpr uint32_t kMaxPause = 64; ///< HELLOs
    static constexpr uint32_t kMaxQuiet = 3;  ///< HELLOs without a part of the STATE that is being received
    static constexpr uint32_t kMaxOlder = 2;  ///< HELLOs with a lower seq than that of what came before: one may have been overtaken

    uint64_t digest() const { return target_ == Directory::kNoTarget ? 0 : directory_.digest(target_); }
    void begin_life(uint64_t epoch);
    bool take_part(const StatePart &part);
    bool add_all(const Prints &prints);
    void remove_all(const Prints &prints);
    bool want();
    void accept();
    void fail();
    void drop();

    Directory &directory_;
    uint64_t max_names_;
    uint64_t max_all_names_;
    uint64_t epoch_ = 0; ///< 0: it has not said HELLO yet
    uint64_t have_ = 0;
    uint64_t heard_seq_ = 0; ///< of the last HELLO
    uint64_t heard_digest_ = 0;
    uint64_t state_seq_ = 0;
    uint32_t owner_;
    uint32_t next_part_ = 0; ///< of the STATE that is being received
    uint32_t quiet_ = 0;     ///< HELLOs since its last part
    uint32_t older_ = 0;
    uint32_t pause_ = 0; ///< HELLOs until the peer is asked again
    uint32_t next_pause_ = 0;
    Directory::Target target_ = Directory::kNoTarget;
    bool valid_ = false;
    bool in_state_ = false;
    bool asked_ = false; ///< since the last HELLO
    bool too_many_ = false;
};

} // namespace wm::cluster

#endif
