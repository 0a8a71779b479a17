#include "process/master/peer_links.h"

#include <algorithm>
#include <sys/socket.h>

namespace wm {

namespace {

constexpr int64_t kAgainMs = 50; // until what could not be told is told again

} // namespace

bool PeerLinks::are_peers(const Child &one, const Child &other) const
{
    if (!one.joins || !other.joins || one.silent || other.silent)
        return false;
    const SlotJob &job = children_.job(one), &other_job = children_.job(other);
    if (!has_hub_)
        return one.slot == other.slot;
    if (job.joins() == other_job.joins())
        return false;
    const Child &service = job.joins() ? one : other;
    SlotRole role = children_.slots()[service.slot].role(service.pid);
    return role == SlotRole::kServing || role == SlotRole::kStarting; // of two that overlap, the one that serves
}

/// Of two services that overlap the second knows of nobody, and is not told that this is all.
bool PeerLinks::succeeds_service(const Child &child) const
{
    return children_.job(child).joins() && children_.slots()[child.slot].role(child.pid) == SlotRole::kSuccessor;
}

template <class Visit> void PeerLinks::each_pair(Visit visit)
{
    std::multimap<size_t, const Child *> by_slot; // of services alone, where there is one that all others are linked to
    for (const auto &child : children_.all())
        if (!has_hub_ || children_.job(*child).joins())
            by_slot.emplace(child->slot, child.get());
    for (const auto &child : children_.all()) {
        auto [from, to] = has_hub_ ? std::pair(by_slot.begin(), by_slot.end()) : by_slot.equal_range(child->slot);
        for (; from != to; ++from)
            if (const Child &other = *from->second; (has_hub_ || other.number < child->number) && are_peers(other, *child))
                visit(other, *child);
    }
}

PeerLinks::Told &PeerLinks::knowledge(const Child &whom, uint64_t node, uint64_t other)
{
    Told &told = told_[{whom.number, node}];
    if (told.other != other) // another process of the service, of whose node the process knows
        told = {other, told.exists, 0, {}};
    return told;
}

/// False: its channel is full, or has ended.
bool PeerLinks::send(const Child &whom, uint64_t node, bool hub, int32_t number, int link)
{
    return whom.channel.send(hub ? MessageKind::kJoinHub : MessageKind::kJoin, number, node, {}, link, false);
}

int32_t PeerLinks::next_number()
{
    last_number_ = last_number_ == INT32_MAX ? 1 : last_number_ + 1;
    return last_number_;
}

bool PeerLinks::tell(const Child &whom, uint64_t node, uint64_t other)
{
    Told &told = knowledge(whom, node, other);
    told.exists = told.exists || send(whom, node, children_.is_service_node(node), 0, -1);
    return told.exists;
}

/// A service exists also while none of its processes does: what it would know is unknown then.
bool PeerLinks::tell_of_services()
{
    bool all = true;
    for (size_t at = 0; at < children_.slots().size(); at++) {
        const Slot &slot = children_.slots()[at];
        if (!slot.job.joins())
            continue;
        const Child *service = children_.find(slot.process());
        for (const auto &child : children_.all())
            if (child->joins && !child->silent && !children_.job(*child).joins())
                all = tell(*child, at + 1, service ? service->number : 0) && all;
    }
    return all;
}

bool PeerLinks::tell_all()
{
    bool all = tell_of_services();
    std::map<uint64_t, int32_t> peers; // how many each process has
    each_pair([&](const Child &one, const Child &other) {
        all = tell(one, other.node, other.number) && all;
        all = tell(other, one.node, one.number) && all;
        peers[one.number]++;
        peers[other.number]++;
    });
    for (const auto &child : children_.all()) {
        if (!child->joins || child->counted || succeeds_service(*child))
            continue;
        child->counted = child->silent || child->channel.send(MessageKind::kPeers, peers[child->number], 0, {}, -1, false);
        all = child->counted && all;
    }
    return all;
}

void PeerLinks::link(const Child &one, const Child &other, int64_t now_ms)
{
    Told &first = knowledge(one, other.node, other.number), &second = knowledge(other, one.node, one.number);
    if (first.link != 0 && second.link != 0)
        return;
    int64_t again_ms = std::max(first.pause.again_ms(), second.pause.again_ms());
    if (again_ms > now_ms) {
        due_ms_ = std::min(due_ms_, again_ms);
        return;
    }
    int ends[2] = {-1, -1};
    bool made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0;
    Fd here(ends[0]), there(ends[1]);
    int32_t number = next_number();
    bool sent = made && send(one, other.node, children_.job(other).joins(), number, here.get());
    sent = sent && send(other, one.node, children_.job(one).joins(), number, there.get());
    first.link = second.link = sent ? number : 0;
    for (Told *told : {&first, &second})
        told->pause.attempt(now_ms);
    if (!sent)
        due_ms_ = std::min(due_ms_, std::max(first.pause.again_ms(), second.pause.again_ms()));
}

void PeerLinks::forget_ended()
{
    std::map<uint64_t, const Child *> alive;
    for (const auto &child : children_.all())
        alive[child->number] = child.get();
    std::erase_if(told_, [&](const auto &entry) {
        auto [whom, node] = entry.first;
        auto found = alive.find(whom);
        if (found == alive.end())
            return true;
        if (alive.contains(entry.second.other) || children_.is_service_node(node))
            return false;
        const Child &child = *found->second;
        bool told = child.silent || child.channel.send(MessageKind::kForget, 0, node, {}, -1, false);
        unfinished_ = unfinished_ || !told;
        return told;
    });
}

/// Not of one that was replaced meanwhile.
void PeerLinks::ended(const Child &child, uint64_t node, int32_t number)
{
    auto told = told_.find({child.number, node});
    if (told == told_.end() || number <= 0 || told->second.link != number)
        return;
    told->second.link = 0;
    unfinished_ = true;
}

void PeerLinks::step(int64_t now_ms)
{
    if (!enabled_ || (!unfinished_ && children_.changes() == changes_ && now_ms < due_ms_))
        return;
    changes_ = children_.changes();
    has_hub_ = children_.any_joins();
    unfinished_ = false;
    due_ms_ = Loop::kNever;
    forget_ended();
    if (!stopping_ && tell_all())
        each_pair([&](const Child &one, const Child &other) { link(one, other, now_ms); });
    else
        unfinished_ = unfinished_ || !stopping_;
    if (unfinished_)
        due_ms_ = std::min(due_ms_, now_ms + kAgainMs);
}

} // namespace wm
