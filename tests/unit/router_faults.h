/**
 * @file
 * How processes and links of simulated machines come and go: what their masters do, and what chance does.
 */
#ifndef WM_TESTS_ROUTER_FAULTS_H
#define WM_TESTS_ROUTER_FAULTS_H

#include "router_engine.h"

#include <algorithm>

namespace router_sim {

// ---- links

inline uint64_t World::make_link(uint32_t a, uint32_t b)
{
    links_.emplace_back(a, b);
    for (uint32_t end : {a, b})
        processes_[end]->links.push_back(links_.size());
    return links_.size();
}

inline void World::connect_to_hub(Process &child)
{
    child.connects_at = kNever;
    Process *hub = child.machine.hub;
    if (!hub) {
        reconnect(child);
        return;
    }
    uint64_t link = child.hub_link = make_link(child.index, hub->index);
    trace("process %u connects by link %llu", child.index, static_cast<unsigned long long>(link));
    if (!plan_.one_by_one) {
        child.router.connected(link, kHubNode, child.now());
        return;
    }
    hand_link(child, link, kHubNode);
    hand_link(*hub, link, child.node);
}

inline void World::reconnect(Process &child)
{
    if (plan_.has_hub && !child.is_hub())
        child.connects_at = now_ + random_.between(10, 1000);
}

/// What is on the way is lost; each end sees it when it comes to it.
inline void World::close_link(uint64_t id)
{
    Link &link = links_[id - 1];
    if (!link.up)
        return;
    link.up = false;
    judge.nothing_lost = false;
    for (int side : {0, 1}) {
        link.to[side].clear();
        link.notice[side] = now_ + random_.between(0, 30);
    }
}

/// By one end, which gets no notice.
inline void World::drop(Process &from, uint64_t id)
{
    trace("process %u drops link %llu", from.index, static_cast<unsigned long long>(id));
    close_link(id);
    Link &link = links_[id - 1];
    uint32_t side = link.side_of(from.index);
    link.notice[side] = kNever;
    if (id == from.hub_link && from.connects_at == kNever)
        reconnect(from);
}

inline void World::send(Process &from, uint64_t id, const char *bytes, size_t size)
{
    Link &link = links_[id - 1];
    if (!link.up)
        return;
    uint32_t side = 1 - link.side_of(from.index);
    bool quiet = now_ >= kFaultsUntil;
    if (plan_.hostile && !quiet && random_.once_in(12)) {
        bool twice = random_.once_in(2);
        strays_.push_back({now_ + random_.between(1, 1500), from.index, link.ends[side], std::string(bytes, size)});
        if (!twice) {
            judge.nothing_lost = false;
            return;
        }
    }
    int64_t delay = quiet || !random_.once_in(20) ? random_.between(0, 3) : random_.between(0, 250);
    link.last[side] = std::max(link.last[side], now_ + delay);
    link.to[side].push_back({link.last[side], std::string(bytes, size)});
}

// ---- processes

inline Process &World::start_process(Machine &machine, uint32_t slot)
{
    auto index = static_cast<uint32_t>(processes_.size());
    processes_.push_back(std::make_unique<Process>(*this, machine, index, slot, machine.next_process++, 1, plan_.limits));
    Process &process = *processes_.back();
    trace("process %u starts in slot %u of machine %u", index, slot, machine.index);
    if (plan_.has_hub) {
        tell_of(process, kHubNode);
        process.connects_at = now_ + random_.between(1, 20);
    }
    if (machine.hub)
        tell_of(*machine.hub, process.node);
    return process;
}

inline void World::start_hub(Machine &machine)
{
    machine.hub_starts_at = kNever;
    auto index = static_cast<uint32_t>(processes_.size());
    processes_.push_back(std::make_unique<Process>(*this, machine, index, UINT32_MAX, kHubNode, ++machine.hub_epoch, plan_.limits));
    machine.hub = processes_.back().get();
    trace("the service of machine %u starts as process %u", machine.index, index);
    for (auto &process : processes_)
        if (!process->is_hub() && !process->reaped && &process->machine == &machine)
            tell_of(*machine.hub, process->node);
    if (plan_.machines > 1 && plan_.tells_names) {
        wm::cluster::Fingerprints prints;
        prints.set_key("sim", "secret");
        machine.hub->child_names = std::make_unique<wm::cluster::ChildNames>(prints);
    }
    if (plan_.machines > 1)
        tell(*machine.hub, [this, hub = machine.hub] { open_carrier(*hub); });
}

inline Machine &World::start_machine()
{
    machines_.push_back(std::make_unique<Machine>());
    Machine &machine = *machines_.back();
    machine.index = static_cast<uint32_t>(machines_.size() - 1);
    machine.node = next_machine_++;
    machine.clock = random_.between(0, 1'000'000);
    if (plan_.has_hub)
        start_hub(machine);
    for (uint32_t slot = 0; slot < plan_.slots; slot++)
        tell_all_told(start_process(machine, slot));
    return machine;
}

/// With its master: nothing of it starts again, and another machine comes in its place.
inline void World::kill_machine(Machine &machine)
{
    trace("machine %u ends", machine.index);
    for (size_t i = 0; i < processes_.size(); i++)
        if (processes_[i]->alive && &processes_[i]->machine == &machine)
            kill(*processes_[i]);
    machine.dead = true;
    machine.hub_starts_at = kNever;
    next_machine_at_ = now_ + random_.between(100, 1500);
}

inline void World::kill(Process &process)
{
    trace("process %u ends", process.index);
    process.alive = false;
    for (uint32_t page : process.pages)
        judge.close(page);
    for (size_t i = 0; i < links_.size(); i++)
        if (links_[i].up && links_[i].has(process.index))
            close_link(i + 1);
    if (process.is_hub()) {
        process.machine.hub = nullptr;
        process.machine.hub_starts_at = now_ + random_.between(20, 300);
        return;
    }
    to_reap_.emplace_back(now_ + random_.between(1, 20), process.index);
}

inline std::vector<Process *> World::processes_of(const Machine &machine, uint32_t slot)
{
    std::vector<Process *> there;
    for (auto &process : processes_)
        if (process->alive && process->slot == slot && &process->machine == &machine)
            there.push_back(process.get());
    return there;
}

/// Ends in order: what it has sent arrives, and then the end of each link.
inline void World::leave(Process &process)
{
    trace("process %u leaves", process.index);
    process.alive = false;
    for (Link &link : links_) {
        if (!link.up || !link.has(process.index))
            continue;
        uint32_t other = 1 - link.side_of(process.index);
        link.up = false;
        link.to[1 - other].clear();
        link.notice[other] = std::max(now_, link.last[other]) + random_.between(0, 30);
    }
    to_reap_.emplace_back(now_ + random_.between(1, 20), process.index);
}

/// All that a process that has ended has sent to this one.
inline void World::read_out(Process &process, uint32_t from)
{
    for (size_t i = 0; i < links_.size(); i++) {
        uint32_t side = links_[i].side_of(process.index);
        if (!links_[i].joins(process.index, from) || !links_[i].handed[side])
            continue;
        std::deque<Batch> rest = std::move(links_[i].to[side]);
        links_[i].to[side].clear();
        for (const Batch &batch : rest)
            process.router.receive(i + 1, batch.bytes.data(), batch.bytes.size(), process.now());
    }
}

/// The master tells all that knew it, and starts another process if the slot has none.
inline void World::reap(Process &process)
{
    process.reaped = true;
    if (process.machine.dead)
        return;
    for (auto &other : processes_)
        if (other->alive && &other->machine == &process.machine)
            tell(*other, [this, other = other.get(), gone = &process] {
                read_out(*other, gone->index);
                other->router.forget(gone->node);
                if (other->child_names)
                    other->child_names->forget(gone->node);
            });
    to_start_.push_back({now_ + random_.between(1, 150), &process.machine, process.slot});
}

/// A successor starts beside the process of a slot: each knows of the other before the new one accepts a page.
inline void World::reload(Machine &machine, uint32_t slot)
{
    std::vector<Process *> there = processes_of(machine, slot);
    if (there.size() != 1)
        return;
    Process &old = *there[0];
    Process &fresh = start_process(machine, slot);
    uint64_t link = make_link(old.index, fresh.index);
    trace("process %u takes over from %u, link %llu", fresh.index, old.index, static_cast<unsigned long long>(link));
    for (auto [self, other] : {std::pair(&old, &fresh), std::pair(&fresh, &old)}) {
        tell_of(*self, other->node);
        hand_link(*self, link, other->node);
    }
    tell_all_told(fresh);
    old.draining = true;
}

/// One page after the other moves away, some after they have come back elsewhere.
inline void World::drain(Process &process)
{
    if (process.leaves_by != kNever) {
        if (process.router.bye_was_read() || now_ >= process.leaves_by)
            leave(process);
        return;
    }
    if (process.pages.empty()) {
        trace("process %u says BYE", process.index);
        process.router.bye();
        process.leaves_by = now_ + kLeaveMs;
        return;
    }
    if (!random_.once_in(12))
        return;
    uint32_t page = process.pages.back();
    uint32_t uid = judge.pages[page].uid;
    process.pages.pop_back();
    Process *next = random_child(true);
    bool before = random_.once_in(2);
    if (next && before && uid != kProcessUid)
        next->pages.push_back(judge.open(uid, next->index, random_.once_in(2)));
    judge.close(page);
}

inline Process *World::random_child(bool accepts)
{
    uint32_t from = random_.below(static_cast<uint32_t>(processes_.size()));
    for (size_t i = 0; i < processes_.size(); i++) {
        Process &process = *processes_[(from + i) % processes_.size()];
        if (process.alive && !process.is_hub() && !(accepts && (!process.accepts || process.draining || process.stopped_until > now_)))
            return &process;
    }
    return nullptr;
}

inline void World::fault()
{
    static constexpr uint32_t kOrderly[] = {3, 7, 7}; // a stop, a reload
    if (plan_.machines > 1 && !plan_.orderly && random_.once_in(2)) {
        engine_fault();
        return;
    }
    Process *child = random_child(false);
    Process *hub = child ? child->machine.hub : nullptr;
    Process *chosen = hub && random_.once_in(3) ? hub : child;
    switch (plan_.orderly ? kOrderly[random_.below(std::size(kOrderly))] : random_.below(10)) {
    case 0:
    case 1:
    case 2:
        if (!links_.empty())
            close_link(1 + random_.below(static_cast<uint32_t>(links_.size())));
        break;
    case 3:
    case 4:
    case 5:
        if (chosen) {
            chosen->stopped_until = now_ + (random_.once_in(2) ? random_.between(20, 400) : random_.between(300, 1200));
            trace("process %u stops until %lld", chosen->index, static_cast<long long>(chosen->stopped_until));
        }
        break;
    case 6:
        if (chosen)
            kill(*chosen);
        break;
    default:
        reload(random_machine(), random_.below(plan_.slots));
    }
}

inline Machine &World::random_machine()
{
    for (;;)
        if (Machine &machine = *machines_[random_.below(static_cast<uint32_t>(machines_.size()))]; !machine.dead)
            return machine;
}

inline void World::master()
{
    for (size_t i = 0; i < machines_.size(); i++)
        if (now_ >= machines_[i]->hub_starts_at)
            start_hub(*machines_[i]);
    if (now_ >= next_machine_at_) {
        next_machine_at_ = kNever;
        start_machine();
    }
    for (size_t i = 0; i < to_reap_.size(); i++)
        if (now_ >= to_reap_[i].first) {
            reap(*processes_[to_reap_[i].second]);
            to_reap_.erase(to_reap_.begin() + static_cast<ptrdiff_t>(i--));
        }
    for (size_t i = 0; i < to_start_.size(); i++)
        if (Start start = to_start_[i]; now_ >= start.at) {
            if (!start.machine->dead && processes_of(*start.machine, start.slot).empty())
                tell_all_told(start_process(*start.machine, start.slot));
            to_start_.erase(to_start_.begin() + static_cast<ptrdiff_t>(i--));
        }
    change_carriers();
    if (now_ < kFaultsUntil && random_.once_in(plan_.fault_every))
        fault();
}

} // namespace router_sim

#endif
