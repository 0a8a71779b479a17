#include "process/master/handover.h"

#include "core/log.h"
#include "process/report/exit_status.h"
#include "worker/worker.h"

#include <algorithm>

namespace wm {

namespace {

constexpr int64_t kEndMs = 5000; // beyond the deadline of a drain, to close what is left; ample for a busy machine

} // namespace

Children::Started Handover::start(size_t slot, int64_t now_ms)
{
    Children::Started started = children_->start(slot);
    if (started == Children::Started::kYes) {
        slot_ = slot;
        deadline_ms_ = now_ms + options_->reload_timeout_ms;
    }
    return started;
}

bool Handover::child_ready(Child &child, Child *replaced, MessageKind how, int64_t timeout_ms)
{
    if (slot_ != child.slot)
        return false;
    Slot &slot = children_->slots()[slot_];
    if (replaced) {
        log(WM_LOG_INFO, "%s serves in place of %d", slot.job.label(child.pid).c_str(), static_cast<int>(replaced->pid));
        drain(*replaced, how, timeout_ms);
    }
    slot.forget_deaths();
    end();
    return true;
}

bool Handover::child_died(const Child &child, SlotRole role, int status, std::string *why)
{
    if (slot_ != child.slot || (role != SlotRole::kStarting && role != SlotRole::kSuccessor))
        return false;
    const Slot &slot = children_->slots()[slot_];
    *why = std::string("a new process of ") + slot.job.kind() + " " + slot.job.name() +
           " could not start: " + (child.failure.empty() ? describe_exit(status) : child.failure);
    end();
    return true;
}

bool Handover::is_late(int64_t now_ms, std::string *why)
{
    if (!running() || now_ms < deadline_ms_)
        return false;
    *why = late_text(*options_);
    return true;
}

void Handover::give_up()
{
    if (Child *successor = running() ? children_->find(children_->slots()[slot_].successor()) : nullptr)
        children_->shut_down(*successor, MessageKind::kStop, 0, 0, 0);
    end();
}

void Handover::end()
{
    slot_ = kNone;
    deadline_ms_ = Loop::kNever;
}

void Handover::drain(Child &child, MessageKind how, int64_t timeout_ms)
{
    children_->shut_down(child, how, static_cast<int32_t>(std::min<int64_t>(timeout_ms, INT32_MAX)),
                         static_cast<uint64_t>(options_->drain_ms), limit_ms(timeout_ms));
}

int64_t Handover::limit_ms(int64_t timeout_ms)
{
    return timeout_ms + kEndMs;
}

std::string Handover::late_text(const AppOptions &options)
{
    return "a new process was not ready within reload_timeout_ms (" + std::to_string(options.reload_timeout_ms) + ")";
}

} // namespace wm
