#include "conn/overflow.h"

#include "conn/reactor.h"

#include <algorithm>
#include <new>

namespace wm {

namespace {

/// Amortised: false when memory has run out.
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
    return reserve_in(owing_, connections);
}

bool Overflow::reserve_record()
{
    if (!reserve_in(records_, records_.size() + reserved_records_ + 1))
        return false;
    reserved_records_++;
    return true;
}

void Overflow::owe(Connection &conn, ConnEvent event, int32_t code, const char *text)
{
    if (!conn.has(kOwesEvents)) {
        if (owing_.size() == owing_.capacity())
            drop_delivered();
        owing_.push_back({conn.slot, 0, nullptr});
        conn.set(kOwesEvents);
    }
    if (event == kEventError && !(conn.owed & kEventError)) {
        // Most often the last: a connection's error comes with its first event that found no room.
        auto found = std::find_if(owing_.rbegin(), owing_.rend(), [&conn](const Owing &owing) { return owing.slot == conn.slot; });
        found->error = code;
        found->error_text = text;
    }
    conn.owed = static_cast<uint8_t>(conn.owed | event);
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
    for (; delivered_ < owing_.size(); delivered_++) {
        uint32_t slot = owing_[delivered_].slot;
        Connection &conn = *reactor_.connections.at(slot);
        if (reactor_.connections.live_at(slot) && conn.has(kOwesEvents) && !deliver_events(conn))
            break;
    }
    drop_delivered();
    deliver_records();
}

void Overflow::deliver_records()
{
    size_t taken = 0;
    for (; taken < records_.size() && reactor_.dispatch.take(records_[taken].event); taken++)
        reactor_.retire(records_[taken].event.user, records_[taken].destroy);
    records_.erase(records_.begin(), records_.begin() + static_cast<ptrdiff_t>(taken));
}

/// True when the connection owes nothing any more. Its callbacks may add events.
bool Overflow::deliver_events(Connection &conn)
{
    while (conn.owed != 0) {
        ConnEvent event = static_cast<ConnEvent>(conn.owed & -conn.owed);
        if (!reactor_.dispatch.has_room(conn, event))
            return false;
        conn.owed = static_cast<uint8_t>(conn.owed & ~event);
        if (event == kEventClose) {
            conn.unset(kOwesEvents);
            reactor_.lifecycle.finish(conn);
            return true;
        }
        if (event != kEventOpen || conn.state == ConnState::kOpen) // one that has closed meanwhile never opened
            reactor_.dispatch.emit(conn, event, owing_[delivered_].error, owing_[delivered_].error_text);
    }
    conn.unset(kOwesEvents);
    reactor_.inbox.more(conn);
    return true;
}

void Overflow::drop_delivered()
{
    owing_.erase(owing_.begin(), owing_.begin() + static_cast<ptrdiff_t>(delivered_));
    delivered_ = 0;
}

} // namespace wm
