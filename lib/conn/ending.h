/**
 * @file
 * Ends connections that their peers did not end and the host did not close: in a drain, in a stop.
 *
 * One whose protocol has boundaries (Codec::has_boundaries) ends between two messages, right behind an answer: a peer that
 * waits for an answer before it sends more gets each answer, and one that does not knows that nothing behind the last answer
 * was taken. The host is told (the closing event) and may still send, and holds the connection open by a pause. Shutdown
 * says when. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_ENDING_H
#define WM_CONN_ENDING_H

#include "conn/connection.h"
#include "core/deadlines.h"
#include "core/loop.h"

#include <cstdint>

namespace wm {

class Reactor;

class Ending {
public:
    /// A client's next message may be in flight for that long.
    static constexpr int64_t kMinQuietMs = 250;
    /// What is idle, and has not been for long, ends that much later.
    static constexpr int64_t kIdleMs = kMinQuietMs + 2 * Deadlines::kTickMs;

    explicit Ending(Reactor &reactor) : reactor_(reactor) {}

    /// The close code of what ends from now on, and the time from which nothing is waited for any more, half a message included.
    void begin(int32_t code, int64_t deadline_ms);
    /// Whether that time has come.
    bool late() const;

    /// The moment of a connection has come whose codec has boundaries: ends it as soon as it is between two messages.
    void end_between_messages(Connection &conn);
    /// Input of such a connection was parsed. answered: it brought a message, or an error to answer.
    void parsed(Connection &conn, bool answered);
    /// Tells the host, and closes unless the host holds the connection. Call it again while the connection is kEnded.
    void end(Connection &conn);
    /// The same for a stop, which does not wait for a pause of before.
    void stop(Connection &conn);
    /// Whether end() waits for nothing but the next poll.
    bool awaits_poll(const Connection &conn) const;

    /// The host holds a connection no more: take_released() returns true once, so that it ends right behind what the host has sent.
    void released() { released_ = true; }
    bool take_released()
    {
        bool any = released_;
        released_ = false;
        return any;
    }

private:
    bool has_unparsed(const Connection &conn) const;
    bool is_idle(const Connection &conn) const;
    bool was_told(const Connection &conn) const { return conn.has(kEnded) && !conn.has(kEnding); }
    bool can_tell(const Connection &conn) const;
    void tell(Connection &conn);

    Reactor &reactor_;
    int32_t code_ = 0;
    int64_t deadline_ms_ = Loop::kNever;
    bool released_ = false;
};

} // namespace wm

#endif
