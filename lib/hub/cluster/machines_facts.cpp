// The part of Machines for operators.
#include "hub/cluster/machines.h"

#include <algorithm>

namespace wm::cluster {

using router::PeerState;

namespace {

const char *name_of(PeerState state)
{
    switch (state) {
    case PeerState::kJoining:
        return "joining";
    case PeerState::kVerified:
        return "verified";
    case PeerState::kUnsure:
        return "unsure";
    case PeerState::kLost:
        return "lost";
    case PeerState::kLeft:
        break;
    }
    return "left";
}

} // namespace

void Machines::measure(ClusterFacts &facts, int64_t now_ms) const
{
    facts.up = max_bytes_ > 0;
    facts.fresh = is_fresh(now_ms);
    facts.complete = is_complete(now_ms);
    facts.rtt_us = rtt_us_;
    facts.counters = counters_;
    for (const Machine &machine : machines_) {
        auto peer = std::find_if(router_.peers().begin(), router_.peers().end(),
                                 [&machine](const router::Peer &each) { return each.node == machine.node; });
        PeerState state = peer == router_.peers().end() ? PeerState::kLeft : peer->state;
        facts.machines.push_back(
            {machine.node, machine.name, machine.address, machine.version, name_of(state), now_ms - machine.heard_ms, machine.answered});
    }
}

} // namespace wm::cluster
