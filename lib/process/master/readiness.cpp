#include "process/master/readiness.h"

#include <algorithm>
#include <unistd.h>

namespace wm {

namespace {

constexpr int64_t kAgainMs = 50;     // until a process whose channel was full is told again
constexpr int64_t kExtendMs = 10000; // between requests to the service manager to wait on
constexpr const char *kExtend = "EXTEND_TIMEOUT_USEC=30000000";

} // namespace

void Readiness::reloads() const
{
    if (ready_)
        notify_.reloading();
}

void Readiness::reloaded() const
{
    if (ready_)
        notify_.send("READY=1");
}

/// That of the process in each slot: a successor's counts when it has taken over.
std::string Readiness::find_why()
{
    for (size_t at = 0; at < children_.slots().size(); at++) {
        const Slot &slot = children_.slots()[at];
        if (!slot.job.service)
            continue;
        const Child *child = children_.find(slot.process());
        if (child && child->unready) {
            slots_.insert(at);
            if (!child->unready->empty())
                return *child->unready;
        } else if (slots_.contains(at)) {
            return "service " + slot.job.name() + (child ? " starts" : " does not run");
        }
    }
    return "";
}

void Readiness::tell_processes(int64_t now_ms)
{
    for (const auto &child : children_.all()) {
        if (child->readiness == generation_ || child->silent || children_.job(*child).service)
            continue;
        if (child->channel.send(MessageKind::kServices, 0, 0, why_, -1, false))
            child->readiness = generation_;
        else
            due_ms_ = now_ms + kAgainMs;
    }
}

void Readiness::tell_manager(int64_t now_ms)
{
    std::string text = "STATUS=" + state_ + (why_.empty() ? "" : ", not ready: " + why_);
    if (text != told_) {
        bool first = why_.empty() && !std::exchange(ready_, ready_ || why_.empty());
        notify_.send((first ? "READY=1\nMAINPID=" + std::to_string(getpid()) + "\n" : "") + text);
        told_ = text;
    }
    if (ready_)
        return;
    if (now_ms >= extend_at_ms_) {
        notify_.send(kExtend);
        extend_at_ms_ = now_ms + kExtendMs;
    }
    due_ms_ = std::min(due_ms_, extend_at_ms_);
}

void Readiness::stop()
{
    stopping_ = true;
    due_ms_ = Loop::kNever;
}

void Readiness::step(int64_t now_ms)
{
    if (stopping_)
        return;
    due_ms_ = Loop::kNever;
    if (std::string why = find_why(); why != why_) {
        why_ = why;
        generation_++;
    }
    tell_processes(now_ms);
    if (!state_.empty())
        tell_manager(now_ms);
}

} // namespace wm
