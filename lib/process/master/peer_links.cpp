#include "process/master/peer_links.h"

#include <algorithm>
#include <sys/socket.h>

namespace wm {

namespace {

constexpr int64_t kAgainMs = 50; // between two attempts with a pair of processes

} // namespace

bool PeerLinks::are_peers(const Child &one, const Child &other) const
{
    const auto &slots = children_.slots();
    const SlotJob &job = children_.job(one), &other_job = children_.job(other);
    if (!children_.any_joins())
        return one.slot == other.slot && job.worker;
    if (job.joins() == other_job.joins() || (job.service && other_job.service))
        return false;
    const Child &service = job.joins() ? one : other;
    SlotRole role = slots[service.slot].role(service.pid);
    return role == SlotRole::kServing || role == SlotRole::kStarting; // of two that overlap, the one that serves
}

PeerLinks::Told *PeerLinks::find(pid_t whom, uint64_t node)
{
    auto found = std::find_if(told_.begin(), told_.end(), [=](const Told &told) { return told.whom == whom && told.node == node; });
    return found == told_.end() ? nullptr : &*found;
}

PeerLinks::Told &PeerLinks::knowledge(const Child &whom, const Child &of)
{
    Told *told = find(whom.pid, of.node);
    if (!told) {
        told_.push_back({whom.pid, of.node, of.pid, 0, 0});
        return told_.back();
    }
    if (told->pid != of.pid) // another process of the service
        *told = {whom.pid, of.node, of.pid, 0, 0};
    return *told;
}

/// False: its channel is full, or has ended.
bool PeerLinks::tell(const Child &whom, const Child &of, int32_t number, int link)
{
    MessageKind kind = of.table->job(of).joins() ? MessageKind::kJoinHub : MessageKind::kJoin;
    return whom.channel.send(kind, number, of.node, {}, link, false);
}

int32_t PeerLinks::next_number()
{
    last_number_ = last_number_ == INT32_MAX ? 1 : last_number_ + 1;
    return last_number_;
}

/// Without descriptors each is told at least that the other exists.
void PeerLinks::introduce(const Child &one, const Child &other, int64_t now_ms)
{
    knowledge(one, other);
    Told &second = knowledge(other, one);
    Told &first = *find(one.pid, other.node); // both are there: nothing moves them now
    if (first.link != 0 && second.link != 0)
        return;
    int64_t again_ms = std::max(first.again_ms, second.again_ms);
    if (again_ms > now_ms) {
        due_ms_ = std::min(due_ms_, again_ms);
        return;
    }
    int ends[2] = {-1, -1};
    bool made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0;
    Fd here(ends[0]), there(ends[1]);
    int32_t number = made ? next_number() : 0;
    bool told = tell(one, other, number, here.get());
    told = tell(other, one, number, there.get()) && told;
    first.link = second.link = told ? number : 0;
    first.again_ms = second.again_ms = now_ms + kAgainMs;
    if (first.link == 0)
        due_ms_ = std::min(due_ms_, first.again_ms);
}

void PeerLinks::forget_ended()
{
    for (size_t i = 0; i < told_.size();) {
        const Child *whom = children_.find(told_[i].whom);
        const Child *of = children_.find(told_[i].pid);
        bool over = !whom || (!of && !children_.is_service_node(told_[i].node) &&
                              (whom->silent || whom->channel.send(MessageKind::kForget, 0, told_[i].node, {}, -1, false)));
        if (over) {
            told_[i] = told_.back();
            told_.pop_back();
            continue;
        }
        if (!of && !children_.is_service_node(told_[i].node))
            changed_ = true; // again
        i++;
    }
}

/// Not of one that was replaced meanwhile.
void PeerLinks::ended(const Child &child, uint64_t node, int32_t number)
{
    Told *told = find(child.pid, node);
    if (!told || told->link != number)
        return;
    told->link = 0;
    changed_ = true;
}

void PeerLinks::step(int64_t now_ms)
{
    if (!enabled_ || (!changed_ && children_.changes() == processes_ && now_ms < due_ms_))
        return;
    processes_ = children_.changes();
    changed_ = false;
    due_ms_ = Loop::kNever;
    forget_ended();
    if (changed_)
        due_ms_ = now_ms + kAgainMs;
    if (stopping_)
        return;
    const auto &all = children_.all();
    for (size_t i = 0; i < all.size(); i++)
        for (size_t j = i + 1; j < all.size(); j++)
            if (are_peers(*all[i], *all[j]) && !all[i]->silent && !all[j]->silent)
                introduce(*all[i], *all[j], now_ms);
}

} // namespace wm
