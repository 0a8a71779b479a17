/**
 * @file
 * Defers events that do not fit into a poll's array. The next poll delivers them first, in order per
 * connection. Only the inbox checks for room before it creates an event; all other parts leave theirs here.
 *
 * At most one event of each kind is pending per connection, and one record per timer, watch and signal. Their memory is
 * reserved when the connection, timer, watch or signal is created, so that no event is lost when memory runs out. Owned by
 * the reactor; the app's thread.
 */
#ifndef WM_CONN_OVERFLOW_H
#define WM_CONN_OVERFLOW_H

#include "conn/connection.h"
#include "core/slot_queue.h"
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

    /// Reserves memory for the events of that many connections; false when out of memory.
    bool reserve(size_t connections) { return deferred_.reserve(connections); }
    /// Reserves memory for one more record of a timer, watch, signal, post, hub call or message of a topic; false when out of memory.
    /// Undone by release_record().
    bool reserve_record();
    void release_record() { reserved_records_--; }

    /// code and text are those of an error event. text must be static.
    void defer(Connection &conn, ConnEvent event, int32_t code = 0, const char *text = nullptr);
    /// Adds the record of a timer, watch, signal, post, hub call or message of a topic; returns its number, from 1. Retires `user` once the
    /// host has it.
    uint64_t add(const wm_event &record, void *user, wm_destroy_fn destroy);
    /// Whether the record of that number is pending; number 0: there is none.
    bool is_pending(uint64_t number) const { return number > last_delivered_; }
    /// As is_pending(), or delivered by the running poll: the host has yet to act on it.
    bool is_new(uint64_t number) const { return number > last_before_poll_; }
    /// A poll begins.
    void begin_poll() { last_before_poll_ = last_delivered_; }
    /// Drops a pending record, and retires its user pointer.
    void drop(uint64_t number);
    /// As drop(), for the one-shot timer of that id; false when no record of it is pending.
    bool drop_timer(uint64_t timer);

    /// Delivers as many events as fit. At the start of a poll's turn, or after the last poll.
    void deliver();
    bool empty() const { return deferred_.empty() && first_record_ == records_.size(); }

private:
    struct Record {
        wm_event event; ///< kind 0: dropped
        void *user;
        wm_destroy_fn destroy;
    };

    bool deliver_events(Connection &conn);
    void emit(Connection &conn, ConnEvent event);
    void deliver_records();

    Reactor &reactor_;
    SlotQueue deferred_;
    std::vector<Record> records_;
    size_t first_record_ = 0;       ///< records before it are delivered
    uint64_t last_delivered_ = 0;   ///< number of the last delivered record
    uint64_t last_before_poll_ = 0; ///< the same when the running poll began
    size_t reserved_records_ = 0;
};

} // namespace wm

#endif
