#include "process/master/reload.h"

#include "core/error.h"
#include "core/log.h"
#include "process/report/exit_status.h"
#include "worker/worker.h"

#include <algorithm>
#include <climits>
#include <csignal>

namespace wm {

namespace {

constexpr int64_t kEndMs = 5000; // beyond the deadline of a drain, to close what is left; ample for a busy machine

int32_t clamp(int64_t ms)
{
    return ms < INT32_MAX ? static_cast<int32_t>(ms) : INT32_MAX;
}

} // namespace

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
    current_ = kNone;
    for (size_t at = 0; at < children_.slots().size(); at++) {
        Slot &slot = children_.slots()[at];
        if (slot.job.reloadable())
            pending_.push_back(at);
        else if (Child *child = children_.find(slot.process()))
            child->channel.send(MessageKind::kReload, 0, 0, {}, -1, false);
    }
    std::reverse(pending_.begin(), pending_.end()); // taken from the back
}

Children::Started Reload::step(int64_t now_ms)
{
    if (!running_ || finished_)
        return Children::Started::kYes;
    if (now_ms >= deadline_ms_) {
        Child *late = current_ != kNone ? children_.find(children_.slots()[current_].successor()) : nullptr;
        if (late)
            children_.shut_down(*late, MessageKind::kStop, 0, 0, 0);
        give_up("a new process was not ready within reload_timeout_ms (" + std::to_string(options_.reload_timeout_ms) + ")");
    }
    while (current_ == kNone && !pending_.empty()) {
        size_t at = pending_.back();
        Slot &slot = children_.slots()[at];
        if (slot.state() == SlotState::kStarting) {
            // It may have read the old configuration already: it is replaced once it serves.
            if (deadline_ms_ == Loop::kNever)
                deadline_ms_ = now_ms + options_.reload_timeout_ms;
            break;
        }
        pending_.pop_back();
        deadline_ms_ = Loop::kNever;
        // In an empty slot the pause ends now: the reload may bring what the process needed.
        Children::Started started = children_.start(at);
        if (started == Children::Started::kChild)
            return started;
        if (started == Children::Started::kNo) {
            give_up(last_error());
            break;
        }
        current_ = at;
        deadline_ms_ = now_ms + options_.reload_timeout_ms;
    }
    finished_ = current_ == kNone && pending_.empty() && children_.leaving() == 0;
    return Children::Started::kYes;
}

void Reload::child_ready(Child &child, Child *replaced)
{
    if (!running_ || current_ != child.slot)
        return;
    Slot &slot = children_.slots()[current_];
    if (replaced) {
        log(WM_LOG_INFO, "%s serves in place of %d", slot.job.label(child.pid).c_str(), static_cast<int>(replaced->pid));
        children_.shut_down(*replaced, MessageKind::kDrain, clamp(timeout_ms()), static_cast<uint64_t>(options_.drain_ms),
                            timeout_ms() + kEndMs);
    }
    slot.forget_deaths();
    replaced_++;
    current_ = kNone;
    deadline_ms_ = Loop::kNever;
}

void Reload::child_died(const Child &child, SlotRole role, int status)
{
    if (!running_ || current_ != child.slot || (role != SlotRole::kStarting && role != SlotRole::kSuccessor))
        return;
    const Slot &slot = children_.slots()[current_];
    give_up(std::string("a new process of ") + slot.job.kind() + " " + slot.job.name() +
            " could not start: " + (child.failure.empty() ? describe_exit(status) : child.failure));
}

void Reload::give_up(const std::string &why)
{
    current_ = kNone;
    pending_.clear();
    deadline_ms_ = Loop::kNever;
    failure_ = why;
}

void Reload::end()
{
    running_ = finished_ = false;
    deadline_ms_ = Loop::kNever;
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
    return running_ ? deadline_ms_ : Loop::kNever;
}

int64_t Reload::longest_ms() const
{
    int64_t slots = static_cast<int64_t>(children_.slots().size());
    int64_t drain = std::max(options_.reload_timeout_ms, options_.graceful_timeout_ms) + kEndMs;
    return std::min<int64_t>(2 * (slots * options_.reload_timeout_ms + drain), INT_MAX / 2); // a reload may be running already
}

} // namespace wm
