#include "process/master/reload.h"

#include "core/error.h"
#include "process/helper.h"
#include "worker/service.h"
#include "worker/worker.h"

#include <algorithm>
#include <climits>

namespace wm {

uint64_t Reload::request(bool graceful)
{
    requested_graceful_ = requested_ ? requested_graceful_ || graceful : graceful;
    requested_ = true;
    return number_ + 1;
}

void Reload::begin()
{
    number_++;
    running_ = true;
    finished_ = requested_ = false;
    graceful_ = requested_graceful_;
    replaced_ = 0;
    failure_.clear();
    pending_.clear();
    for (size_t at = 0; at < children_.slots().size(); at++) {
        Slot &slot = children_.slots()[at];
        if (is_current(slot))
            continue;
        if (slot.job.reloadable())
            pending_.push_back(at);
        else if (Child *child = children_.find(slot.process()))
            child->channel.send(MessageKind::kReload, 0, 0, {}, -1, false);
    }
    std::reverse(pending_.begin(), pending_.end()); // taken from the back
}

/// A service without code of the host is replaced by another version of itself, or for other settings only: it joins all others, who would
/// miss it.
bool Reload::is_current(const Slot &slot)
{
    return slot.state() == SlotState::kServing && slot.job.joins() && slot.job.service->helper &&
           runs_helper(slot.process(), slot.job.service->helper) && !children_.has_new_settings(slot);
}

Children::Started Reload::step(int64_t now_ms)
{
    if (!running_ || finished_)
        return Children::Started::kYes;
    std::string why;
    if (handover_.is_late(now_ms, &why))
        give_up(why);
    else if (now_ms >= slot_deadline_ms_)
        give_up(Handover::late_text(options_));
    while (!handover_.running() && !pending_.empty()) {
        size_t at = pending_.back();
        if (awaits_slot(children_.slots()[at], now_ms))
            break;
        pending_.pop_back();
        // In an empty slot the pause ends now: the reload may bring what the process needed.
        Children::Started started = handover_.start(at, now_ms);
        if (started == Children::Started::kChild)
            return started;
        if (started == Children::Started::kNo)
            give_up(last_error());
    }
    finished_ = !handover_.running() && pending_.empty() && children_.leaving() == 0;
    return Children::Started::kYes;
}

/// A process that starts there already may have read the old configuration: it is replaced once it serves.
bool Reload::awaits_slot(const Slot &slot, int64_t now_ms)
{
    if (slot.can_start())
        slot_deadline_ms_ = Loop::kNever;
    else if (slot_deadline_ms_ == Loop::kNever)
        slot_deadline_ms_ = now_ms + options_.reload_timeout_ms;
    return !slot.can_start();
}

void Reload::child_ready(Child &child, Child *replaced)
{
    if (running_ && handover_.child_ready(child, replaced, MessageKind::kDrain, timeout_ms()))
        replaced_++;
}

void Reload::child_died(const Child &child, SlotRole role, int status)
{
    std::string why;
    if (running_ && handover_.child_died(child, role, status, &why))
        give_up(why);
}

void Reload::give_up(const std::string &why)
{
    handover_.give_up();
    pending_.clear();
    slot_deadline_ms_ = Loop::kNever;
    failure_ = why;
}

void Reload::end()
{
    running_ = finished_ = false;
}

void Reload::cancel(const std::string &why)
{
    requested_ = false;
    if (!running_)
        return;
    give_up(why);
    finished_ = true;
}

int64_t Reload::due_ms() const
{
    return running_ ? std::min(handover_.due_ms(), slot_deadline_ms_) : Loop::kNever;
}

int64_t Reload::longest_ms() const
{
    int64_t slots = static_cast<int64_t>(children_.slots().size());
    int64_t drain = Handover::limit_ms(std::max(options_.reload_timeout_ms, options_.graceful_timeout_ms));
    return std::min<int64_t>(2 * (slots * options_.reload_timeout_ms + drain), INT_MAX / 2); // a reload may be running already
}

} // namespace wm
