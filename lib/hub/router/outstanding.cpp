#include "hub/router/outstanding.h"

#include <algorithm>
#include <new>

namespace wm::router {

void Outstanding::link(Pending &pending, uint8_t list)
{
    uint32_t place = place_of(pending);
    pending.list = list;
    pending.before = lists_[list].last;
    pending.behind = kNone;
    if (pending.before == kNone)
        lists_[list].first = place;
    else
        slots_[pending.before].behind = place;
    lists_[list].last = place;
}

void Outstanding::unlink(Pending &pending)
{
    List &list = lists_[pending.list];
    (pending.before == kNone ? list.first : slots_[pending.before].behind) = pending.behind;
    (pending.behind == kNone ? list.last : slots_[pending.behind].before) = pending.before;
}

void Outstanding::schedule(Pending &pending)
{
    bool is_due = pending.expires_ms <= swept_ms_; // its span has been swept
    link(pending, is_due ? kDue : static_cast<uint8_t>(pending.expires_ms / kSpanMs % kSpans));
    due_ms_ = std::min(due_ms_, pending.expires_ms);
}

bool Outstanding::grow()
{
    size_t before = places_, places = before == 0 ? 64 : before * 2;
    std::unique_ptr<Pending[]> old(new (std::nothrow) Pending[places]);
    if (!old)
        return false;
    old.swap(slots_);
    places_ = places;
    lists_ = {};
    for (size_t i = 0; i < before; i++)
        if (old[i].open) {
            Pending &moved = slots_[old[i].ref & mask()];
            moved = old[i];
            schedule(moved);
        }
    return true;
}

/// Keeps every fourth place free, so that the next free one is near.
bool Outstanding::make_room()
{
    if (size_ >= limit_)
        return false;
    return size_ < places_ / 4 * 3 || grow();
}

Pending *Outstanding::open(int64_t expires_ms)
{
    if (!make_room())
        return nullptr;
    // A ref comes back after 2^32 requests, so that a late answer never meets another request.
    while (slots_[next_ref_ & mask()].open)
        next_ref_++;
    Pending &pending = slots_[next_ref_ & mask()];
    pending = {};
    pending.expires_ms = expires_ms;
    pending.ref = next_ref_++;
    pending.open = true;
    schedule(pending);
    size_++;
    return &pending;
}

void Outstanding::close(Pending &pending)
{
    unlink(pending);
    pending.open = false;
    size_--;
}

void Outstanding::move_due(uint8_t span, int64_t now_ms)
{
    for (uint32_t place = lists_[span].first; place != kNone;) {
        Pending &pending = slots_[place];
        place = pending.behind;
        if (pending.expires_ms > now_ms)
            continue;
        unlink(pending);
        link(pending, kDue);
    }
}

/// Exact for the span of now_ms; for a later one its beginning, when the exact time is found.
void Outstanding::find_next_due(int64_t now_ms)
{
    due_ms_ = INT64_MAX;
    if (size_ == 0)
        return;
    int64_t begin = now_ms / kSpanMs * kSpanMs;
    const List &current = lists_[static_cast<size_t>(now_ms / kSpanMs % kSpans)];
    for (uint32_t place = current.first; place != kNone; place = slots_[place].behind)
        due_ms_ = std::min(due_ms_, slots_[place].expires_ms);
    for (int64_t i = 1; i < kSpans && begin + i * kSpanMs < due_ms_; i++)
        if (lists_[static_cast<size_t>((begin / kSpanMs + i) % kSpans)].first != kNone)
            due_ms_ = begin + i * kSpanMs;
}

Pending *Outstanding::next_due(int64_t now_ms)
{
    if (lists_[kDue].first == kNone && now_ms >= due_ms_) {
        int64_t from = std::max(swept_ms_ / kSpanMs, now_ms / kSpanMs - kSpans + 1);
        for (int64_t span = from; span <= now_ms / kSpanMs; span++)
            move_due(static_cast<uint8_t>(span % kSpans), now_ms);
        swept_ms_ = now_ms;
        find_next_due(now_ms);
    }
    uint32_t due = lists_[kDue].first;
    return due == kNone ? nullptr : &slots_[due];
}

} // namespace wm::router
