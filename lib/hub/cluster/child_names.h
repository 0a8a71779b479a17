/**
 * @file
 * The names of a machine, as its service knows them: those that its processes tell it of (own_names.h), together. Owned by the exchange of
 * a service with an engine; the app's thread.
 */
#ifndef WM_HUB_CLUSTER_CHILD_NAMES_H
#define WM_HUB_CLUSTER_CHILD_NAMES_H

#include "hub/cluster/claims.h"
#include "hub/cluster/fingerprint.h"
#include "hub/cluster/peer_claims.h"
#include "hub/router/router.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace wm::cluster {

class ChildNames {
public:
    static constexpr int64_t kAskMs = 500; ///< between two questions to a process whose names are not valid

    explicit ChildNames(const Fingerprints &prints) : prints_(prints) {}
    ChildNames(const ChildNames &) = delete;
    ChildNames &operator=(const ChildNames &) = delete;

    /// What the router tells of its peers.
    void joined(const router::Peer &peer);
    void take(const router::Peer &peer, const router::Record &record);
    /// A process has ended: its names go as flush() sweeps.
    void forget(uint64_t node);

    /// Whether all processes of the machine have told all their names: else it may have any.
    bool is_complete(const router::Router &router) const;
    /// Of the machine: what others are told. A name that two processes have is there once.
    const Claims &claims() const { return claims_; }
    const Fingerprints &prints() const { return prints_; }

    /// Asks what is to be asked, and sweeps a little. Before the router's flush, in each turn, and at due_ms() at the latest.
    void flush(router::Router &router, int64_t now_ms);
    int64_t due_ms() const { return due_ms_; }

private:
    static constexpr int64_t kNever = INT64_MAX;

    struct Child {
        uint64_t node;
        std::unique_ptr<PeerClaims> names;
        int64_t ask_ms = 0; ///< when to ask for its names, if they are not valid
        bool wants = false; ///< those behind what it has
    };

    Child *find(uint64_t node);
    void ask(Child &child, router::Router &router, int64_t now_ms);

    Fingerprints prints_;
    Claims claims_; ///< before those of the children, which use its directory
    std::vector<Child> children_;
    int64_t due_ms_ = kNever;
};

} // namespace wm::cluster

#endif
