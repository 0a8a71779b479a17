/**
 * @file
 * What operators see of a cluster, as the service of one of its machines knows it. Plain values.
 */
#ifndef WM_HUB_CLUSTER_FACTS_H
#define WM_HUB_CLUSTER_FACTS_H

#include "hub/cluster/carrier.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wm::cluster {

struct MachineFacts {
    uint64_t node = 0;
    std::string name, address, version; ///< as it says
    const char *state = "joining";      ///< joining, verified, unsure, lost, left
    int64_t silent_ms = 0;              ///< since its last message
    bool answered = false;              ///< it has, once: else it may be an invented name
};

struct ClusterCounters {
    uint64_t late = 0;     ///< messages that came twice, after a later one, or of an earlier life
    uint64_t refused = 0;  ///< messages of another protocol, version or secret
    uint64_t renewals = 0; ///< connections to the engine that were given up, as nothing came back
    uint64_t links = 0;    ///< made to machines
};

struct ClusterFacts {
    CarrierFacts carrier;
    bool up = false;       ///< subscribed
    bool fresh = false;    ///< what is sent comes back
    bool complete = false; ///< every other machine is known
    uint64_t rtt_us = 0;   ///< of the last probe; 0: none has come back
    std::vector<MachineFacts> machines;
    uint64_t names = 0;       ///< uids and groups of this machine
    bool names_known = false; ///< all its processes have told all of theirs
    ClusterCounters counters;
};

} // namespace wm::cluster

#endif
