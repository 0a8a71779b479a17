#include "process/master/slot.h"

#include "worker/service.h"
#include "worker/worker.h"

#include <algorithm>

namespace wm {

namespace {

constexpr int64_t kYoungMs = 1000;   // a process that dies within this of being ready has not served
constexpr int64_t kForgetMs = 10000; // a process that served this long ends a row of early deaths
constexpr int64_t kFirstPauseMs = 100;
constexpr int64_t kLongestPauseMs = 10000;

} // namespace

int64_t pause_after(int deaths)
{
    if (deaths == 0)
        return 0;
    return deaths > 7 ? kLongestPauseMs : std::min(kFirstPauseMs << (deaths - 1), kLongestPauseMs);
}

const std::string &SlotJob::name() const
{
    return service ? service->name : worker->options.name;
}

bool SlotJob::reloadable() const
{
    return service || worker->options.reloadable;
}

bool SlotJob::joins() const
{
    return service && service->joins;
}

std::string SlotJob::label(pid_t pid) const
{
    return std::string(kind()) + "[" + name() + ":" + std::to_string(pid) + "]";
}

SlotRole Slot::role(pid_t pid) const
{
    if (pid == process_)
        return state_ == SlotState::kStarting ? SlotRole::kStarting : SlotRole::kServing;
    return pid == successor_ ? SlotRole::kSuccessor : SlotRole::kLeaving;
}

void Slot::started(pid_t pid)
{
    bool empty = state_ == SlotState::kEmpty;
    (empty ? process_ : successor_) = pid;
    state_ = empty ? SlotState::kStarting : SlotState::kReplacing;
}

pid_t Slot::ready(pid_t pid)
{
    pid_t replaced = pid == successor_ ? process_ : 0;
    process_ = pid;
    successor_ = 0;
    state_ = SlotState::kServing;
    return replaced;
}

SlotRole Slot::ended(pid_t pid, int64_t served_ms, int64_t now_ms)
{
    SlotRole was = role(pid);
    if (was == SlotRole::kStarting || was == SlotRole::kServing)
        plan_start(served_ms < kYoungMs, served_ms, now_ms);
    vacate(was);
    return was;
}

void Slot::successor_failed(int64_t served_ms, int64_t now_ms)
{
    plan_start(true, served_ms, now_ms);
}

void Slot::plan_start(bool after_young_death, int64_t served_ms, int64_t now_ms)
{
    if (served_ms >= kForgetMs)
        young_deaths_ = 0;
    start_at_ms_ = now_ms + (after_young_death ? pause_after(young_deaths_++) : 0);
}

void Slot::release(pid_t pid)
{
    vacate(role(pid));
}

void Slot::vacate(SlotRole role)
{
    switch (role) {
    case SlotRole::kStarting:
    case SlotRole::kServing:
        process_ = 0;
        state_ = successor_ != 0 ? SlotState::kSucceeding : SlotState::kEmpty;
        return;
    case SlotRole::kSuccessor:
        successor_ = 0;
        state_ = process_ != 0 ? SlotState::kServing : SlotState::kEmpty;
        return;
    case SlotRole::kLeaving:
        return;
    }
}

void Slot::close()
{
    process_ = successor_ = 0;
    state_ = SlotState::kClosed;
}

} // namespace wm
