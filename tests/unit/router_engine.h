/**
 * @file
 * The engine between simulated machines: carries what they send to each other and to themselves, in the order of each pair; it stops, dies
 * with all that is on the way, cuts off a machine in one direction or both, and loses, repeats and delays messages in hostile runs.
 */
#ifndef WM_TESTS_ROUTER_ENGINE_H
#define WM_TESTS_ROUTER_ENGINE_H

#include "router_master.h"

#include <algorithm>

namespace router_sim {

// ---- carriers

inline void World::open_carrier(Process &hub)
{
    wm::cluster::Seal seal;
    seal.set_secret("sim", "secret");
    hub.machines = std::make_unique<wm::cluster::Machines>(hub, hub.router, plan_.tells_names ? &hub : nullptr,
                                                           wm::cluster::Identity{hub.machine.node, hub.machine.hub_epoch, "sim", ""},
                                                           std::move(seal), plan_.times);
    hub.carrier_at = now_ + random_.between(1, 50);
}

/// The service learns of it later, as what it sends until then is lost.
inline void World::lose_carrier(Process &hub, int64_t notice)
{
    hub.carrier_lost = true;
    hub.carrier_at = hub.carrier_up ? now_ + notice : now_ + random_.between(50, 500);
    judge.nothing_lost = false;
    for (auto &[pair, letters] : letters_)
        if (pair.second == hub.machine.index)
            letters.clear();
}

inline void World::renew(Process &hub)
{
    trace("machine %u renews its connection", hub.machine.index);
    lose_carrier(hub, 0);
}

inline void World::change_carriers()
{
    for (size_t i = 0; i < machines_.size(); i++) {
        Process *hub = machines_[i]->hub;
        if (!hub || !hub->machines || now_ < hub->carrier_at || hub->stopped_until > now_)
            continue;
        hub->carrier_at = kNever;
        if (hub->carrier_up) {
            hub->carrier_up = false;
            hub->carrier_at = now_ + random_.between(50, 500);
            hub->machines->down(hub->now());
        } else if (!engine_runs() || now_ < engine_stopped_until_) {
            hub->carrier_at = now_ + random_.between(50, 500);
        } else {
            hub->carrier_up = true;
            hub->carrier_lost = false;
            trace("machine %u is connected to the engine", machines_[i]->index);
            hub->machines->up(plan_.max_bytes, hub->now());
        }
    }
}

/// A machine that was cut off from its start on is not known, and does not know it yet.
inline uint32_t World::beyond(const Machine &machine) const
{
    if (!machine.hub || !machine.hub->machines)
        return 0;
    wm::cluster::ClusterFacts facts;
    machine.hub->machines->measure(facts, machine.hub->now());
    uint32_t unknown = 0;
    for (const auto &other : machines_) {
        bool known = other.get() == &machine;
        for (const wm::cluster::MachineFacts &each : facts.machines)
            known = known || each.node == other->node;
        wm::cluster::ClusterFacts others;
        if (!known && other->hub && other->hub->machines)
            other->hub->machines->measure(others, other->hub->now());
        if (!known && (plan_.hostile || !others.complete))
            unknown |= 1u << other->index;
    }
    return unknown;
}

inline std::vector<int64_t> World::heard(const Machine &machine) const
{
    std::vector<int64_t> times(machines_.size(), now_);
    if (!machine.hub || !machine.hub->machines)
        return times;
    wm::cluster::ClusterFacts facts;
    machine.hub->machines->measure(facts, machine.hub->now());
    for (const wm::cluster::MachineFacts &each : facts.machines)
        for (const auto &other : machines_)
            if (each.node == other->node)
                times[other->index] = now_ - each.silent_ms;
    return times;
}

// ---- messages

inline void World::carry(Process &from, uint64_t to, const char *bytes, size_t size)
{
    judge.check(size <= plan_.max_bytes, now_, "a message is longer than the engine takes");
    if (from.carrier_lost || !engine_runs() || from.machine.mute_until > now_) {
        judge.nothing_lost = false;
        return;
    }
    bool quiet = now_ >= kFaultsUntil;
    int64_t sent =
        std::max(now_, engine_stopped_until_) + (quiet || !random_.once_in(30) ? random_.between(0, 3) : random_.between(0, 200));
    for (auto &machine : machines_) {
        bool subscribed = machine->hub && machine->hub->carrier_up && !machine->hub->carrier_lost;
        if (!subscribed || (to != 0 && to != machine->node))
            continue;
        std::deque<Letter> &letters = letters_[{from.machine.index, machine->index}];
        int64_t at = letters.empty() ? sent : std::max(sent, letters.back().at);
        if (plan_.hostile && !quiet && random_.once_in(12)) {
            bool twice = random_.once_in(2);
            late_.push_back({now_ + random_.between(1, 1500), machine->index, std::string(bytes, size)});
            if (!twice) {
                judge.nothing_lost = false;
                continue;
            }
        }
        letters.push_back({at, std::string(bytes, size)});
    }
}

inline void World::receive_letters(Process &hub)
{
    bool hears = hub.carrier_up && !hub.carrier_lost;
    for (size_t from = 0; from < machines_.size() && hears; from++) {
        std::deque<Letter> &letters = letters_[{static_cast<uint32_t>(from), hub.machine.index}];
        while (!letters.empty() && letters.front().at <= now_) {
            std::string bytes = std::move(letters.front().bytes);
            letters.pop_front();
            if (hub.machine.deaf_until > now_)
                judge.nothing_lost = false;
            else
                hub.machines->receive(bytes.data(), bytes.size(), hub.now());
        }
    }
    for (size_t i = 0; i < late_.size(); i++) {
        if (late_[i].to != hub.machine.index || late_[i].at > now_)
            continue;
        std::string bytes = std::move(late_[i].bytes);
        late_.erase(late_.begin() + static_cast<ptrdiff_t>(i--));
        if (hears)
            hub.machines->receive(bytes.data(), bytes.size(), hub.now());
    }
}

// ---- faults

/// All connections with what is on the way are gone; each service sees it when it comes to it.
inline void World::end_engine()
{
    trace("%s", "the engine ends");
    engine_starts_at_ = now_ + random_.between(100, 1200);
    engine_stopped_until_ = 0;
    for (auto &machine : machines_)
        if (machine->hub && machine->hub->machines)
            lose_carrier(*machine->hub, random_.between(0, 100));
}

inline void World::engine_fault()
{
    Machine &machine = random_machine();
    int64_t until = now_ + (random_.once_in(2) ? random_.between(20, 600) : random_.between(600, 1800));
    switch (random_.below(7)) {
    case 0:
        end_engine();
        break;
    case 1:
        trace("the engine stops until %lld", static_cast<long long>(until));
        engine_stopped_until_ = until;
        for (auto &entry : letters_)
            for (Letter &letter : entry.second)
                letter.at = std::max(letter.at, until);
        break;
    case 2:
        trace("machine %u hears nothing until %lld", machine.index, static_cast<long long>(until));
        machine.deaf_until = until;
        break;
    case 3:
        trace("machine %u is not heard until %lld", machine.index, static_cast<long long>(until));
        machine.mute_until = until;
        break;
    case 4:
        trace("machine %u is cut off until %lld", machine.index, static_cast<long long>(until));
        machine.deaf_until = machine.mute_until = until;
        break;
    case 5:
        if (machine.hub && machine.hub->machines) {
            trace("machine %u loses its connection", machine.index);
            lose_carrier(*machine.hub, random_.between(0, 100));
        }
        break;
    default:
        if (now_ < kFaultsUntil / 2 && next_machine_at_ == kNever)
            kill_machine(machine);
    }
}

} // namespace router_sim

#endif
