#include "conn/ending.h"

#include "conn/reactor.h"
#include "net/transport.h"

namespace wm {

void Ending::begin(int32_t code, int64_t deadline_ms)
{
    code_ = code;
    deadline_ms_ = deadline_ms;
}

bool Ending::late() const
{
    return reactor_.loop.now_ms() >= deadline_ms_;
}

void Ending::end_between_messages(Connection &conn)
{
    conn.set(kEnding);
    if (!conn.has(kPaused) && !has_unparsed(conn) && is_idle(conn))
        end(conn);
}

void Ending::parsed(Connection &conn, bool answered)
{
    if (reactor_.forked || conn.state != ConnState::kOpen || has_unparsed(conn))
        return;
    // In a full batch the closing event would come too late, behind the answers: a later message is the last.
    if (late() || (answered && reactor_.dispatch.has_room(conn, kEventClosing)))
        end(conn);
}

/// Whether messages that were read come first.
bool Ending::has_unparsed(const Connection &conn) const
{
    return conn.flags & (kInputBlocked | kEventsDeferred | kShareUsed) || conn.todo & (kTodoInput | kTodoEnd | kTodoOpen | kTodoTurnedAway);
}

/// Whether the connection can end although no message has just come. What is unread is read first: it may be a message.
bool Ending::is_idle(const Connection &conn) const
{
    if (io::has_input(conn.io, conn.fd()))
        return false;
    if (late())
        return true;
    if (conn.tail || conn.has(kPeerEnded)) // half a message; or the host owes something to a peer that waits for its end
        return false;
    bool ends_now = conn.callback(&ConnCallbacks::closing) || !reactor_.dispatch.pulls(); // else after the next poll
    bool behind_answer = conn.out_pending > 0 && ends_now;
    uint32_t quiet_ticks = reactor_.tick() - conn.last_active;
    return behind_answer || quiet_ticks > kMinQuietMs / Deadlines::kTickMs + 1;
}

/// A record goes right behind those of the connection; a callback would come before the host has seen them.
bool Ending::can_tell(const Connection &conn) const
{
    bool early = conn.callback(&ConnCallbacks::closing) && reactor_.dispatch.host_has_records(conn);
    return !early && reactor_.dispatch.has_room(conn, kEventClosing);
}

void Ending::tell(Connection &conn)
{
    conn.unset(kEnding);
    conn.unset(kPaused); // of before: from here on a pause holds the connection open
    reactor_.dispatch.closing(conn);
}

void Ending::end(Connection &conn)
{
    const Codec &codec = reactor_.codec(conn);
    bool open_is_due = conn.todo & kTodoOpen; // the host knows nothing of the connection, and needs no farewell
    if (!was_told(conn) && !codec.answers_only && !open_is_due) {
        conn.set(kEnding);
        conn.set(kEnded);
        bool owed = codec.has_boundaries && conn.has(kPaused); // the host answers later, and then resumes
        if (!owed && can_tell(conn))
            tell(conn);
        if (owed || reactor_.forked)
            return;
    }
    if (awaits_poll(conn)) {
        released_ = true; // before what the host sends until then is flushed
        return;
    }
    if (conn.state != ConnState::kOpen || conn.has(kPaused))
        return;
    if (codec.has_boundaries && !conn.sent_all())
        io::hold_for_end(conn.io, conn.fd());
    reactor_.lifecycle.close(conn, WM_REASON_STOP, code_, {});
    if (conn.has(kNoInput))
        reactor_.inbox.free_tail(conn);
}

void Ending::stop(Connection &conn)
{
    if (!was_told(conn))
        conn.unset(kPaused);
    end(conn);
}

bool Ending::awaits_poll(const Connection &conn) const
{
    return conn.state == ConnState::kOpen && conn.has(kEnded) && !conn.has(kPaused) &&
           (conn.has(kEnding) || conn.has(kEventsDeferred) || reactor_.dispatch.host_has_records(conn));
}

} // namespace wm
