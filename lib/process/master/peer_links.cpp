#include "process/master/peer_links.h"

#include <algorithm>
#include <sys/socket.h>

namespace wm {

namespace {

constexpr int64_t kAgainMs = 50; // between two attempts with a pair of processes

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

template <class Visit> void PeerLinks::each_pair(Visit visit)
{
    const auto &all = children_.all();
    for (size_t i = 0; i < all.size(); i++)
        for (size_t j = i + 1; j < all.size(); j++)
            if (are_peers(*all[i], *all[j]))
                visit(*all[i], *all[j]);
}

PeerLinks::Told *PeerLinks::find(pid_t whom, uint64_t node)
{
    auto found = std::find_if(told_.begin(), told_.end(), [=](const Told &told) { return told.whom == whom && told.node == node; });
    return found == told_.end() ? nullptr : &*found;
}

/// pid 0: no process has that node now.
PeerLinks::Told &PeerLinks::knowledge(const Child &whom, uint64_t node, pid_t pid)
{
    Told *told = find(whom.pid, node);
    if (!told) {
        told_.push_back({whom.pid, node, pid, false, 0, 0});
        return told_.back();
    }
    if (told->pid != pid) // another process of the service, of whose node the process knows
        *told = {whom.pid, node, pid, told->exists, 0, 0};
    return *told;
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

bool PeerLinks::tell(const Child &whom, uint64_t node, pid_t pid)
{
    Told &told = knowledge(whom, node, pid);
    told.exists = told.exists || send(whom, node, children_.is_service_node(node), 0, -1);
    return told.exists;
}

/// A service exists also while none of its processes does: what it would know is unknown then.
bool PeerLinks::tell_all()
{
    bool all = true;
    for (size_t at = 0; at < children_.slots().size() && has_hub_; at++)
        if (const Slot &slot = children_.slots()[at]; slot.job.joins())
            for (const auto &child : children_.all())
                if (child->joins && !child->silent && !children_.job(*child).joins())
                    all = tell(*child, at + 1, slot.process()) && all;
    each_pair([&](const Child &one, const Child &other) {
        all = tell(one, other.node, other.pid) && all;
        all = tell(other, one.node, one.pid) && all;
    });
    for (const auto &child : children_.all()) {
        if (!child->joins || child->counted)
            continue;
        int32_t peers = 0;
        for (const auto &other : children_.all())
            peers += other != child && are_peers(*child, *other);
        child->counted = child->silent || child->channel.send(MessageKind::kPeers, peers, 0, {}, -1, false);
        all = child->counted && all;
    }
    return all;
}

void PeerLinks::link(const Child &one, const Child &other, int64_t now_ms)
{
    Told *first = find(one.pid, other.node), *second = find(other.pid, one.node);
    if (first->link != 0 && second->link != 0)
        return;
    int64_t again_ms = std::max(first->again_ms, second->again_ms);
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
    first->link = second->link = sent ? number : 0;
    first->again_ms = second->again_ms = now_ms + kAgainMs;
    if (!sent)
        due_ms_ = std::min(due_ms_, now_ms + kAgainMs);
}

void PeerLinks::forget_ended()
{
    for (size_t i = 0; i < told_.size();) {
        const Child *whom = children_.find(told_[i].whom);
        bool is_over = !whom;
        if (whom && !children_.find(told_[i].pid) && !children_.is_service_node(told_[i].node)) {
            is_over = whom->silent || whom->channel.send(MessageKind::kForget, 0, told_[i].node, {}, -1, false);
            unfinished_ = unfinished_ || !is_over;
        }
        if (!is_over) {
            i++;
            continue;
        }
        told_[i] = told_.back();
        told_.pop_back();
    }
}

/// Not of one that was replaced meanwhile.
void PeerLinks::ended(const Child &child, uint64_t node, int32_t number)
{
    Told *told = find(child.pid, node);
    if (!told || number <= 0 || told->link != number)
        return;
    told->link = 0;
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
