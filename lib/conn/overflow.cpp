#include "conn/overflow.h"

#include "conn/reactor.h"

#include "core/reserve.h"

namespace wm {

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
        deferred_.push(conn.slot);
        conn.set(kEventsDeferred);
    }
    if (event == kEventFull && conn.deferred_events & kEventDrain) {
        // The host has not seen the drain: to it the queue has been full all the time.
        conn.deferred_events = static_cast<uint8_t>(conn.deferred_events & ~kEventDrain);
        return;
    }
    if (event == kEventError) {
        if (conn.deferred_events & kEventError || !conn.make_cold())
            return; // out of memory: the close that follows is not lost
        conn.cold->deferred_error = code;
        conn.cold->deferred_error_text = text;
    }
    conn.deferred_events = static_cast<uint8_t>(conn.deferred_events | event);
}

uint64_t Overflow::add(const wm_event &record, void *user, wm_destroy_fn destroy)
{
    records_.push_back({record, user, destroy}); // reserved by reserve_record()
    return last_delivered_ + records_.size() - first_record_;
}

void Overflow::drop(uint64_t number)
{
    if (!is_pending(number))
        return;
    Record &record = records_[first_record_ + static_cast<size_t>(number - last_delivered_) - 1];
    reactor_.retire(record.user, record.destroy);
    record = {};
}

bool Overflow::drop_timer(uint64_t timer)
{
    for (size_t i = first_record_; i < records_.size(); i++)
        if (records_[i].event.kind == WM_EVENT_TIMER && records_[i].event.id == timer) {
            drop(last_delivered_ + i - first_record_ + 1);
            return true;
        }
    return false;
}

void Overflow::deliver()
{
    for (; !deferred_.empty(); deferred_.pop()) {
        uint32_t slot = deferred_.front();
        Connection &conn = *reactor_.connections.at(slot);
        if (!reactor_.connections.live_at(slot) || !conn.has(kEventsDeferred))
            continue;
        reactor_.callback_watch.begin(conn.owner, "open");
        bool delivered = deliver_events(conn);
        reactor_.callback_watch.end();
        if (!delivered)
            break;
    }
    deliver_records();
}

void Overflow::deliver_records()
{
    for (; first_record_ < records_.size(); first_record_++, last_delivered_++) {
        const Record &record = records_[first_record_];
        if (record.event.kind == 0)
            continue;
        if (!reactor_.dispatch.write_record(record.event))
            break;
        reactor_.retire(record.user, record.destroy);
    }
    if (first_record_ < records_.size() / 2)
        return; // so that records move to the front in amortised constant time
    records_.erase(records_.begin(), records_.begin() + static_cast<ptrdiff_t>(first_record_));
    first_record_ = 0;
}

void Overflow::emit(Connection &conn, ConnEvent event)
{
    if (event != kEventError) {
        reactor_.dispatch.emit(conn, event, 0, nullptr);
        return;
    }
    const char *text = conn.cold->deferred_error_text;
    conn.cold->deferred_error_text = nullptr;
    reactor_.dispatch.emit(conn, event, conn.cold->deferred_error, text);
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
        if (event == kEventOpen && conn.state != ConnState::kOpen)
            reactor_.lifecycle.leave_out_open(conn);
        else if (event == kEventClosing && conn.state != ConnState::kOpen)
            continue; // the peer was first
        else
            emit(conn, event);
    }
    conn.unset(kEventsDeferred);
    reactor_.inbox.resume_parsing(conn);
    return true;
}

} // namespace wm
