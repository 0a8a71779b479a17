/**
 * @file
 * Hands events to the host: to a callback where one is set, else to the records of the running poll, else to none.
 *
 * An event that finds no room in the poll's array goes to the overflow list. For a message, and for a handshake, the inbox asks room()
 * first, because its bytes have to stay where they are. The app's thread.
 */
#ifndef WM_CONN_DISPATCH_H
#define WM_CONN_DISPATCH_H

#include "conn/endpoint.h"
#include "wm/error.h"
#include "wm/event.h"

#include <cstddef>

namespace wm {

class Reactor;

class Dispatch {
public:
    explicit Dispatch(Reactor &reactor) : reactor_(reactor) {}

    /// False when memory for what may overflow has run out: nothing has begun then.
    bool begin_poll(wm_event *events, size_t cap);
    /// The host runs the app: events without a callback are dropped from here on.
    void stop_pulling() { pulls_ = false; }
    size_t end_poll()
    {
        size_t count = count_;
        events_ = nullptr;
        count_ = 0;
        return count;
    }

    bool polling() const { return events_; }
    size_t count() const { return count_; }
    /// The host polls; between its polls, too.
    bool pulls() const { return pulls_; }
    /// No record can be written now: between polls, and when the array has no room.
    bool full() const { return pulls_ && (!events_ || count_ == cap_); }
    /// Whether the host has records of the connection in this poll: it acts on them before what the peer did ends the connection.
    bool awaits_host(const Connection &conn) const;
    /// Whether an event for that callback can be handed over now.
    template <class Function> bool room(const Callback<Function> &callback) const { return callback || !full(); }

    void connect(Connection &conn) { give(conn, kEventConnect); }
    void open(Connection &conn) { give(conn, kEventOpen); }
    void buffer_full(Connection &conn) { give(conn, kEventFull); }
    void buffer_drain(Connection &conn) { give(conn, kEventDrain); }
    /// text is static.
    void error(Connection &conn, int32_t code, const char *text) { give(conn, kEventError, code, text); }
    /// False: it has to wait in the overflow list, which finishes the connection later.
    bool may_close(Connection &conn);
    void close(Connection &conn, int32_t reason, int32_t code, const char *text, size_t len);
    void message(Connection &conn, const char *data, size_t len, int32_t kind, uint64_t request);
    void handshake(Connection &conn, uint64_t request);

    /// These retire user, where destroy is given, once the host has had the record.
    void timer(uint64_t timer, void *user, wm_destroy_fn destroy);
    void post(void *user, wm_destroy_fn destroy);
    void hub(int32_t status, int64_t connections, void *user, wm_destroy_fn destroy);

    // For Overflow.
    bool has_room(const Connection &conn, ConnEvent event) const;
    void emit(Connection &conn, ConnEvent event, int32_t code, const char *text);
    /// False: no room.
    bool take(const wm_event &event);

    /// Messages delivered so far.
    uint64_t messages() const { return messages_; }

    static uint64_t id_of(const Connection &conn);

private:
    void give(Connection &conn, ConnEvent event, int32_t code = 0, const char *text = nullptr);
    void give(const wm_event &event, wm_destroy_fn destroy);
    wm_event *record(uint32_t kind, Connection &conn);
    void error_event(Connection &conn, int32_t code, const char *text);
    void conn_event(Connection &conn, const Callback<wm_conn_fn> &callback, uint32_t kind, const char *name);

    Reactor &reactor_;
    wm_event *events_ = nullptr;
    size_t cap_ = 0;
    size_t count_ = 0;
    uint64_t messages_ = 0;
    bool pulls_ = false;
};

} // namespace wm

#endif
