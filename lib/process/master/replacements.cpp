#include "process/master/replacements.h"

#include "core/error.h"
#include "core/log.h"
#include "worker/worker.h"

#include <algorithm>

namespace wm {

namespace {

constexpr int64_t kServesMs = 1000; // at least, before it is replaced: a host that asks in on_start makes no loop of starts

} // namespace

void Replacements::request(const Child &child)
{
    waiting_.push_back(child.pid);
}

Children::Started Replacements::step(int64_t now_ms, bool may_start)
{
    std::string why;
    for (Replacement &each : running_)
        if (each.handover.is_late(now_ms, &why)) {
            drain(each, "before its successor serves: " + why); // which starts on, and takes over once it serves
            each.handover.end();
        }
    std::erase_if(running_, [this](const Replacement &each) { return !each.handover.running() && !children_.find(each.old); });
    due_ms_ = Loop::kNever;
    for (const Replacement &each : running_)
        due_ms_ = std::min(due_ms_, each.handover.due_ms());
    return may_start ? start_waiting(now_ms) : Children::Started::kYes;
}

Children::Started Replacements::start_waiting(int64_t now_ms)
{
    for (size_t at = 0; at < waiting_.size();) {
        Child *old = children_.find(waiting_[at]);
        bool serves = old && children_.slots()[old->slot].role(old->pid) == SlotRole::kServing;
        int64_t start_at_ms = serves ? old->ready_ms + kServesMs : 0;
        if (serves && (start_at_ms > now_ms || is_busy(children_.job(*old).worker))) {
            if (start_at_ms > now_ms)
                due_ms_ = std::min(due_ms_, start_at_ms);
            at++;
            continue;
        }
        waiting_.erase(waiting_.begin() + static_cast<ptrdiff_t>(at));
        if (serves && start(*old, now_ms) == Children::Started::kChild)
            return Children::Started::kChild;
    }
    return Children::Started::kYes;
}

Children::Started Replacements::start(Child &old, int64_t now_ms)
{
    running_.push_back({old.pid, children_.job(old).worker, Handover(children_, options_)});
    Replacement &added = running_.back();
    Children::Started started = added.handover.start(old.slot, now_ms);
    if (started == Children::Started::kNo)
        fail(added, last_error(), now_ms);
    due_ms_ = std::min(due_ms_, added.handover.due_ms());
    return started;
}

bool Replacements::is_busy(const Worker *worker) const
{
    return std::any_of(running_.begin(), running_.end(), [worker](const Replacement &each) { return each.worker == worker; });
}

void Replacements::child_ready(Child &child, Child *replaced)
{
    for (Replacement &each : running_)
        if (each.handover.child_ready(child, replaced, MessageKind::kReplaced, options_.reload_timeout_ms))
            return;
}

void Replacements::child_died(const Child &child, SlotRole role, int status, int64_t now_ms)
{
    std::string why;
    for (Replacement &each : running_)
        if (each.handover.child_died(child, role, status, &why))
            fail(each, why, now_ms);
}

void Replacements::fail(const Replacement &failed, const std::string &why, int64_t now_ms)
{
    Child *old = children_.find(failed.old);
    if (!old || children_.slots()[old->slot].role(old->pid) != SlotRole::kServing)
        return; // it has died meanwhile, and the slot restarts
    children_.slots()[old->slot].successor_failed(now_ms - old->ready_ms, now_ms);
    drain(failed, "without a successor: " + why);
}

void Replacements::drain(const Replacement &failed, const std::string &how)
{
    Child *old = children_.find(failed.old);
    if (!old)
        return;
    log(WM_LOG_ERROR, "%s drains %s", children_.job(*old).label(old->pid).c_str(), how.c_str());
    Handover(children_, options_).drain(*old, MessageKind::kReplaced, options_.reload_timeout_ms);
}

void Replacements::cancel()
{
    waiting_.clear();
    running_.clear();
    due_ms_ = Loop::kNever;
}

} // namespace wm
