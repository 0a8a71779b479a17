#include "wm-push/push_queue.h"

#include <utility>

namespace wm {

namespace {

// Enough to keep a server busy over a slow link; a lost connection loses at most these.
constexpr size_t kMaxInFlight = 1024;
constexpr size_t kMaxKeptBytes = size_t{1} << 20;
// Sent bytes are freed from here on, and only when they are half of all, so that moving the others stays cheap.
constexpr size_t kMinFreedBytes = size_t{64} << 10;

} // namespace

void PushQueue::add(std::string_view line, std::string uid)
{
    std::string text(line);
    text += '\n';
    out_ += text;
    out_end_ += text.size();
    kept_bytes_ += text.size();
    in_flight_++;
    entries_.push_back({std::move(text), std::move(uid), {}, out_end_});
}

void PushQueue::add_request(std::string_view line)
{
    std::string text(line);
    text += '\n';
    for (Entry &entry : entries_)
        entry.end += text.size();
    out_end_ += text.size();
    out_.insert(0, text);
}

bool PushQueue::has_room() const
{
    return entries_.size() < kMaxInFlight && kept_bytes_ < kMaxKeptBytes;
}

void PushQueue::sent(size_t bytes)
{
    sent_ += bytes;
    if (sent_ == out_.size()) {
        out_.clear();
        sent_ = 0;
    } else if (sent_ >= kMinFreedBytes && sent_ * 2 >= out_.size()) { // a slow server may never have all of it
        out_.erase(0, sent_);
        sent_ = 0;
    }
}

void PushQueue::drop_front()
{
    const Entry &entry = entries_.front();
    in_flight_ -= entry.error.empty();
    kept_bytes_ -= entry.line.size();
    entries_.pop_front();
}

/// Reports the oldest push, which has no answer.
void PushQueue::report(PushResult result, const std::string &reason)
{
    report_.add({result, reason, entries_.front().uid});
    drop_front();
}

void PushQueue::answered(Outcome outcome)
{
    report_bad();
    outcome.uid = entries_.front().uid;
    report_.add(outcome);
    drop_front();
}

void PushQueue::report_bad()
{
    while (!entries_.empty() && !entries_.front().error.empty())
        report(PushResult::kBad, std::string(entries_.front().error));
}

size_t PushQueue::disconnected(bool told, const std::string &why)
{
    uint64_t sent_end = out_end_ - unsent().size();
    size_t unknown = 0;
    for (report_bad(); !told && !entries_.empty() && entries_.front().end <= sent_end; report_bad(), unknown++)
        report(PushResult::kLost, why);
    out_.clear();
    sent_ = 0;
    out_end_ = 0;
    for (Entry &entry : entries_) {
        out_ += entry.line; // of a bad one: nothing
        out_end_ += entry.line.size();
        entry.end = out_end_;
    }
    return unknown;
}

void PushQueue::report_lost(const std::string &why)
{
    for (report_bad(); !entries_.empty(); report_bad())
        report(PushResult::kLost, why);
}

} // namespace wm
