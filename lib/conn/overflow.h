/**
 * @file
 * Events that found no room in a poll's array: delivered first by the next poll, in order for each connection. Only the inbox asks for room
 * before it makes an event; everything else goes on and leaves its event here.
 *
 * A connection owes at most one event of each kind, a timer one record. Room for them is reserved when the connection or timer is made, so
 * that no event is lost when memory runs out. The app's thread.
 */
#ifndef WM_CONN_OVERFLOW_H
#define WM_CONN_OVERFLOW_H

#include "conn/connection.h"
#include "wm/event.h"
#include "wm/types.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

class Reactor;

class Overflow {
public:
    explicit Overflow(Reactor &reactor) : reactor_(reactor) {}

    /// So many connections may owe events from here on; false when memory has run out.
    bool reserve(size_t connections);
    /// One more record of no connection may come; false when memory has run out. Given back by release_record().
    bool reserve_record();
    void release_record() { reserved_records_--; }

    /// code and text (static) are an error's.
    void owe(Connection &conn, ConnEvent event, int32_t code = 0, const char *text = nullptr);
    /// Of a timer, post or hub call.
    void add(const wm_event &record, wm_destroy_fn destroy);
    /// Whether a record of that timer waits.
    bool has_timer(uint64_t timer) const;
    /// The timer was deleted: its record is not delivered.
    void drop_timer(uint64_t timer);

    /// Delivers what there is room for: in a turn that begins with a poll, or after the last poll.
    void deliver();
    bool empty() const { return owing_.size() == delivered_ && records_.empty(); }

private:
    struct Owing {
        uint32_t slot;
        int32_t error;
        const char *error_text;
    };

    struct Record {
        wm_event event;
        wm_destroy_fn destroy;
    };

    bool deliver_events(Connection &conn);
    void deliver_records();
    void drop_delivered();

    Reactor &reactor_;
    std::vector<Owing> owing_;
    size_t delivered_ = 0; ///< of owing_, from the front; in deliver() the one at work
    std::vector<Record> records_;
    size_t reserved_records_ = 0;
};

} // namespace wm

#endif
