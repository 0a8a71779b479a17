/**
 * @file
 * The master of each simulated machine: what it tells its processes, which read it in its order; in some runs one word after the other,
 * over many turns, so that a process learns of the others while these talk already.
 */
#ifndef WM_TESTS_ROUTER_MASTER_H
#define WM_TESTS_ROUTER_MASTER_H

#include "router_world.h"

#include <algorithm>

namespace router_sim {

inline void World::tell(Process &process, std::function<void()> word)
{
    int64_t delay = !plan_.one_by_one ? 0 : random_.once_in(4) ? random_.between(0, 120) : random_.between(0, 4);
    process.last_word = std::max(process.last_word, now_) + delay;
    process.told.push_back({process.last_word, std::move(word)});
}

inline void World::tell_of(Process &process, uint64_t node)
{
    PeerKind kind = node == kHubNode ? PeerKind::kHub : PeerKind::kChild;
    tell(process, [router = &process.router, node, kind] { router->expect(node, kind); });
}

/// What comes by the link waits in it until the process has it.
inline void World::hand_link(Process &process, uint64_t id, uint64_t node)
{
    Link &link = links_[id - 1];
    uint32_t side = link.side_of(process.index);
    link.handed[side] = false;
    tell(process, [this, &process, id, side, node] {
        links_[id - 1].handed[side] = true;
        process.router.connected(id, node, process.now());
    });
}

/// It was told of all others: from here on it waits for these alone.
inline void World::tell_all_told(Process &process)
{
    tell(process, [&process] { process.knows_all = true; });
}

inline void World::read_words(Process &process)
{
    while (!process.told.empty() && process.told.front().at <= now_) {
        std::function<void()> word = std::move(process.told.front().word);
        process.told.pop_front();
        word();
    }
}

/// A process accepts its first page when those that it asks, and that may ask for its pages, know of it.
inline bool World::is_joined(const Process &process) const
{
    if (!process.knows_all)
        return false;
    for (const wm::router::Peer &peer : process.router.peers()) {
        bool asked = peer.node != 0 && (peer.kind == PeerKind::kHub || !plan_.has_hub);
        if (asked && peer.state != wm::router::PeerState::kVerified && peer.state != wm::router::PeerState::kLeft)
            return false;
    }
    return true;
}

inline void World::accept_when_joined(Process &process)
{
    if (process.accepts || process.is_hub() || process.draining || (plan_.one_by_one && !is_joined(process)))
        return;
    process.accepts = true;
    trace("process %u accepts", process.index);
    process.pages.push_back(judge.open(kProcessUid, process.index, false));
}

} // namespace router_sim

#endif
