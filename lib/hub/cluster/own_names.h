/**
 * @file
 * What a process with connections tells its service of its names: uids and groups, as fingerprints. Made when the service has asked for
 * them, which it does when it has an engine. Owned by the exchange; the app's thread.
 */
#ifndef WM_HUB_CLUSTER_OWN_NAMES_H
#define WM_HUB_CLUSTER_OWN_NAMES_H

#include "hub/cluster/claims.h"
#include "hub/cluster/fingerprint.h"
#include "hub/router/router.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace wm::cluster {

class OwnNames {
public:
    explicit OwnNames(const Fingerprints::Key &key) : prints_(key) {}
    OwnNames(const OwnNames &) = delete;
    OwnNames &operator=(const OwnNames &) = delete;

    const Fingerprints::Key &key() const { return prints_.key(); }

    /// A name that the hub did not have. False: out of memory, and nothing has changed.
    bool add(uint16_t hub, NameKind kind, std::string_view name);
    void remove(uint16_t hub, NameKind kind, std::string_view name);

    /// The service has asked which names there are.
    void ask(uint64_t service);
    /// The service has what there was at that seq.
    void want(uint64_t have);
    /// Tells what the service can take now. Before the router's flush, in each turn: a service that has asked waits for the rest.
    void flush(router::Router &router);

    const Claims &claims() const { return claims_; }

private:
    Fingerprints prints_;
    Claims claims_;
    Directory::Target self_ = Directory::kNoTarget;
    std::vector<uint64_t> again_; ///< fingerprints of names beside another one of the same: hardly any, ever
    ClaimStream stream_{0};
    uint64_t service_ = 0;   ///< its node; 0: it has not asked
    bool greets_ = false;    ///< seq and digest are to be told
    bool answering_ = false; ///< names that the service has asked for; it is told when it has them all
};

} // namespace wm::cluster

#endif
