/**
 * @file
 * Delivers events to the host: to the callback if one is set, else as a record of the running poll, else not
 * at all.
 *
 * When the poll's array is full, events go to the overflow list. Messages and handshakes cannot: their bytes
 * stay in the inbox, which checks room() first. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_DISPATCH_H
#define WM_CONN_DISPATCH_H

#include "conn/endpoint.h"
#include "wm/error.h"
#include "wm/event.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wm {

class Reactor;

/// What is left of a connection whose CLOSE record the host has.
struct ClosedConnection {
    uint64_t conn;
    uint64_t bytes_read;
    uint64_t bytes_written;
    wm_worker *worker;
    wm_client *client;
    void *user;
    SocketAddress peer; ///< len 0: not known
};

class Dispatch {
public:
    explicit Dispatch(Reactor &reactor) : reactor_(reactor) {}

    /// False, with no poll begun, when out of memory for the overflow list.
    bool begin_poll(wm_event *events, size_t cap);
    /// Begins pull mode: events without a callback wait for the first poll. False when out of memory for that.
    bool pull();
    /// Ends pull mode: events without a callback are dropped.
    void stop_pulling()
    {
        pulls_ = false;
        closed_.clear();
    }
    size_t end_poll()
    {
        size_t count = count_;
        events_ = nullptr;
        count_ = 0;
        return count;
    }

    /// The records of this poll take enough memory: those that follow wait for the next one, as if the array were full.
    void end_batch() { cap_ = count_; }

    bool polling() const { return events_; }
    size_t count() const { return count_; }
    /// Whether the app is in pull mode, also between polls.
    bool pulls() const { return pulls_; }
    /// Whether pull mode can write no record: between polls, or because the array is full.
    bool full() const { return pulls_ && (!events_ || count_ == cap_); }
    /// Whether this poll has records of the connection. The host sees them before the peer's end takes
    /// effect.
    bool host_has_records(const Connection &conn) const;
    /// How many messages of a new connection of the endpoint can be delivered now.
    size_t room_for_messages(const Endpoint &endpoint) const
    {
        return !pulls_ || (endpoint.callbacks.message && endpoint.callbacks.error) ? SIZE_MAX : events_ ? cap_ - count_ : 0;
    }
    /// Whether a message of the connection, or what comes in its place (a handshake, an error), can be delivered now.
    bool has_message_room(const Connection &conn) const { return !full() || calls_back(conn); }

    void connect(Connection &conn) { deliver(conn, kEventConnect); }
    void open(Connection &conn) { deliver(conn, kEventOpen); }
    void buffer_full(Connection &conn) { deliver(conn, kEventFull); }
    void buffer_drain(Connection &conn) { deliver(conn, kEventDrain); }
    /// text is static, or the connection's (Cold::error_text).
    void error(Connection &conn, int32_t code, const char *text) { deliver(conn, kEventError, code, text); }
    void closing(Connection &conn) { deliver(conn, kEventClosing); }
    /// False when the close event is deferred: the overflow list then finishes the connection.
    bool may_close(Connection &conn);
    void close(Connection &conn, int32_t reason, int32_t code, const char *text, size_t len);
    /// head_len: http: bytes of the request's head, which end at data.
    void message(Connection &conn, const char *data, size_t len, int32_t kind, uint64_t request, size_t head_len = 0);
    /// A ping or pong, by its kind of record. Without a callback it is one where option ping_events says so: of a copy, because fragments
    /// of a message may be joined over it. Out of memory: the connection ends.
    void ping(Connection &conn, uint32_t kind, std::string_view payload);
    /// A piece of the body of that request.
    void body(Connection &conn, std::string_view data, bool last, uint64_t request);
    /// A piece of a part of that body: data, data_len of the part. With a callback for parts.
    void part(Connection &conn, const wm_part &part, bool last, uint64_t request);
    /// The same for a record, which gets a copy of the part with its texts; of the piece too, if that does not outlive the call. False: out
    /// of memory.
    bool part_record(Connection &conn, const wm_part &part, bool last, uint64_t request, bool copies_piece);
    void handshake(Connection &conn, uint64_t request, std::string_view head);

    /// These retire user, if destroy is set, once the host has received the record.
    /// Returns the number of its record in the overflow list; 0: it is not there.
    uint64_t timer(uint64_t timer, void *user, wm_destroy_fn destroy);
    /// These two retire nothing.
    uint64_t watch(uint64_t watch, int32_t events, void *user);
    uint64_t signal(uint64_t signal, int32_t number, void *user);
    void post(void *user, wm_destroy_fn destroy);
    void hub(int32_t status, int64_t connections, void *user, wm_destroy_fn destroy);
    /// A copy of a message of a topic, which lives as long as its record. 1: taken; 0: not in pull mode; or WM_ENOMEM.
    int hub_message(std::string_view topic, std::string_view payload, void *user);
    /// WM_EVENT_STOP or WM_EVENT_RELOAD. The worker has reserved its record in the overflow list. Returns its
    /// number there; 0: it is not there.
    uint64_t worker_event(uint32_t kind, wm_worker *worker);

    // For Overflow.
    bool has_room(const Connection &conn, ConnEvent event) const;
    void emit(Connection &conn, ConnEvent event, int32_t code, const char *text);
    /// False: no room.
    bool write_record(const wm_event &event);

    /// Of a CLOSE record of the last poll; nullptr: there is none.
    const ClosedConnection *closed(uint64_t conn) const;
    /// Messages delivered so far.
    uint64_t messages() const { return messages_; }

    static uint64_t id_of(const Connection &conn);

private:
    void noted_message(Connection &conn, const char *data, size_t len, int32_t kind, uint64_t request, size_t head_len);
    void deliver_message(Connection &conn, const Callback<wm_message_fn> &callback, const char *data, size_t len, int32_t kind,
                         uint64_t request, size_t head_len);
    void deliver(Connection &conn, ConnEvent event, int32_t code = 0, const char *text = nullptr);
    uint64_t deliver_record(const wm_event &event, wm_destroy_fn destroy) { return deliver_record(event, event.user, destroy); }
    uint64_t deliver_record(const wm_event &event, void *user, wm_destroy_fn destroy);
    wm_event *new_record(uint32_t kind, Connection &conn);
    bool calls_back(const Connection &conn) const;
    void error_event(Connection &conn, int32_t code, const char *text);
    void conn_event(Connection &conn, const Callback<wm_conn_fn> &callback, uint32_t kind, const char *name);

    Reactor &reactor_;
    wm_event *events_ = nullptr;
    size_t cap_ = 0;
    size_t count_ = 0;
    uint64_t messages_ = 0;
    bool pulls_ = false;
    std::vector<ClosedConnection> closed_;
};

} // namespace wm

#endif
