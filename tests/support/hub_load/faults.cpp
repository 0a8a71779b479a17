/**
 * @file
 * Spans of faults.
 */
#include "faults.h"

#include <algorithm>

namespace hub_load {

void Faults::begins(int64_t now_ms, const std::string &text)
{
    spans_.push_back({now_ms, INT64_MAX, text, -1});
    report_.counts["faults"]++;
}

void Faults::ends(int64_t now_ms)
{
    if (!spans_.empty())
        spans_.back().ended_ms = now_ms;
}

bool Faults::excuses(int64_t from_ms, int64_t to_ms) const
{
    return std::any_of(spans_.begin(), spans_.end(), [&](const Span &span) {
        return span.began_ms <= to_ms && (span.ended_ms == INT64_MAX || from_ms <= span.ended_ms + kBlindMs);
    });
}

void Faults::unwell(int64_t sent_ms, int64_t answered_ms)
{
    if (spans_.empty() || answered_ms < spans_.front().began_ms) {
        report_.counts["unwell_before_faults"]++;
        return;
    }
    report_.counts["unwell"]++;
    for (Span &span : spans_)
        if (span.ended_ms <= sent_ms && (&span == &spans_.back() || sent_ms < (&span)[1].began_ms))
            span.last_unwell_ms = std::max(span.last_unwell_ms, sent_ms);
}

void Faults::finish(int64_t now_ms)
{
    for (size_t i = 0; i < spans_.size(); i++) {
        const Span &span = spans_[i];
        int64_t end_ms = i + 1 < spans_.size() ? spans_[i + 1].began_ms : last_sent_ms_;
        if (span.ended_ms == INT64_MAX || end_ms - std::max(span.ended_ms, span.last_unwell_ms) < kWellMs)
            report_.wrong(Wrong::kNotWell, now_ms, "%s: from %lld to %lld ms, and pushes were not well for a second until %lld ms",
                          span.text.c_str(), static_cast<long long>(span.began_ms), static_cast<long long>(span.ended_ms),
                          static_cast<long long>(end_ms));
        double &well = report_.rates["well_after_ms"];
        well = std::max(well, static_cast<double>(std::max<int64_t>(span.last_unwell_ms - span.ended_ms, 0)));
    }
}

} // namespace hub_load
