/**
 * @file
 * Hands events to the host: to a callback where one is set, else to the records of the running poll, else to nobody.
 *
 * Whoever emits asks room() first: when a poll's array is full the event has to wait for the next poll. The app's thread.
 */
#ifndef WM_CONN_DISPATCH_H
#define WM_CONN_DISPATCH_H

#include "conn/endpoint.h"
#include "wm/error.h"
#include "wm/event.h"

#include <cstddef>

namespace wm {

class Dispatch {
public:
    void begin_poll(wm_event *events, size_t cap)
    {
        events_ = events;
        cap_ = cap;
        count_ = 0;
        pulls_ = true;
    }
    /// The host runs the app: what has no callback is for nobody.
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
    /// No record can be written now, though somebody polls: between polls, and when the array has no room.
    bool full() const { return pulls_ && (!events_ || count_ == cap_); }
    /// Whether the host has records of it in this poll: it must have its say before what the peer did ends the connection.
    bool awaits_host(const Connection &conn) const;
    /// Whether an event for that callback can be handed over now.
    template <class Function> bool room(const Callback<Function> &callback) const { return callback || !full(); }

    void connect(Connection &conn);
    void open(Connection &conn);
    void buffer_full(Connection &conn);
    void buffer_drain(Connection &conn);
    void message(Connection &conn, const char *data, size_t len, int32_t kind, uint64_t request);
    void error(Connection &conn, int32_t code, const char *text);
    void close(Connection &conn, int32_t reason, int32_t code, const char *text, size_t len);
    void handshake(Connection &conn, uint64_t request);
    void timer(uint64_t timer, void *user);
    void post(void *user);
    void hub(int64_t connections, void *user);

    /// Messages delivered so far.
    uint64_t messages() const { return messages_; }

    static uint64_t id_of(const Connection &conn);

private:
    wm_event *record(uint32_t kind, Connection *conn);
    void conn_event(Connection &conn, const Callback<wm_conn_fn> &callback, uint32_t kind);

    wm_event *events_ = nullptr;
    size_t cap_ = 0;
    size_t count_ = 0;
    uint64_t messages_ = 0;
    bool pulls_ = false;
};

} // namespace wm

#endif
