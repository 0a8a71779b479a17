#include "conn/overflow.h"

#include "conn/reactor.h"

#include <algorithm>
#include <new>

namespace wm {

namespace {

/// Grows in amortised constant time; false when out of memory.
template <class T> bool reserve_in(std::vector<T> &list, size_t needed)
{
    if (needed <= list.capacity())
        return true;
    try {
        list.reserve(needed + needed / 2 + 16);
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

} // namespace

bool Overflow::reserve(size_t connections)
{
    return reserve_in(deferred_, connections);
}

bool Overflow::reserve_record()
{
    if (!reserve_in(records_, records_.size() + reserved_records_ + 1))
        return false;
    reserved_records_++;
    return true;
}

void Overflow::defer(Connection &conn, ConnEvent event, int32_t code, const char *text)
{
    if (!conn.has(kEventsDeferred)) {
        if (deferred_.size() == deferred_.capacity())
            drop_delivered();
        deferred_.push_back({conn.slot, 0, nullptr});
        conn.set(kEventsDeferred);
    }
    if (event == kEventError && !(conn.deferred_events & kEventError)) {
        // From the back: an error is mostly the connection's first deferred event, so its entry is the last.
        auto found = std::find_if(deferred_.rbegin(), deferred_.rend(), [&conn](const Deferred &entry) { return entry.slot == conn.slot; });
        found->error = code;
        found->error_text = text;
    }
    conn.deferred_events = static_cast<uint8_t>(conn.deferred_events | event);
}

void Overflow::add(const wm_event &record, wm_destroy_fn destroy)
{
    records_.push_back({record, destroy});
}

bool Overflow::has_timer(uint64_t timer) const
{
    return std::any_of(records_.begin(), records_.end(),
                       [timer](const Record &record) { return record.event.kind == WM_EVENT_TIMER && record.event.id == timer; });
}

void Overflow::drop_timer(uint64_t timer)
{
    std::erase_if(records_, [timer](const Record &record) { return record.event.kind == WM_EVENT_TIMER && record.event.id == timer; });
}

void Overflow::deliver()
{
    for (; delivered_ < deferred_.size(); delivered_++) {
        uint32_t slot = deferred_[delivered_].slot;
        Connection &conn = *reactor_.connections.at(slot);
        if (reactor_.connections.live_at(slot) && conn.has(kEventsDeferred) && !deliver_events(conn))
            break;
    }
    drop_delivered();
    deliver_records();
}

void Overflow::deliver_records()
{
    size_t written = 0;
    for (; written < records_.size() && reactor_.dispatch.write_record(records_[written].event); written++)
        reactor_.retire(records_[written].event.user, records_[written].destroy);
    records_.erase(records_.begin(), records_.begin() + static_cast<ptrdiff_t>(written));
}

/// True when no event of the connection is pending. Callbacks may add events meanwhile.
bool Overflow::deliver_events(Connection &conn)
{
    while (conn.deferred_events != 0) {
        ConnEvent event = static_cast<ConnEvent>(conn.deferred_events & -conn.deferred_events);
        if (!reactor_.dispatch.has_room(conn, event))
            return false;
        conn.deferred_events = static_cast<uint8_t>(conn.deferred_events & ~event);
        if (event == kEventClose) {
            conn.unset(kEventsDeferred);
            reactor_.lifecycle.finish(conn);
            return true;
        }
        if (event != kEventOpen || conn.state == ConnState::kOpen) // no open event once the connection is closing
            reactor_.dispatch.emit(conn, event, deferred_[delivered_].error, deferred_[delivered_].error_text);
    }
    conn.unset(kEventsDeferred);
    reactor_.inbox.resume_parsing(conn);
    return true;
}

void Overflow::drop_delivered()
{
    deferred_.erase(deferred_.begin(), deferred_.begin() + static_cast<ptrdiff_t>(delivered_));
    delivered_ = 0;
}

} // namespace wm
