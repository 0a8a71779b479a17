#include "conn/todo_list.h"

#include "conn/datagram_port.h"
#include "conn/reactor.h"

namespace wm {

void TodoList::add(Connection &conn, Todo what)
{
    conn.todo = static_cast<uint16_t>(conn.todo | what);
    if (conn.has(kListedTodo))
        return;
    conn.set(kListedTodo);
    listed_.push(conn.slot);
    reactor_.has_work();
}

void TodoList::run()
{
    while (!listed_.empty()) {
        // The flag stays set during run_one(), so that callbacks do not list the connection again.
        uint32_t slot = listed_.pop();
        Connection &conn = *reactor_.connections.at(slot);
        if (!reactor_.connections.live_at(slot) || !conn.has(kListedTodo))
            continue;
        reactor_.callback_watch.begin(conn.owner, "message");
        Progress progress = run_one(conn);
        reactor_.callback_watch.end();
        if (reactor_.forked)
            return;
        switch (progress) {
        case Progress::kEnded:
            break;
        case Progress::kDeferred:
            deferred_.push(slot);
            break;
        case Progress::kDone:
            if (conn.todo != 0)
                listed_.push(slot);
            else
                conn.unset(kListedTodo);
            break;
        }
    }
}

void TodoList::list_deferred()
{
    while (!deferred_.empty())
        listed_.push(deferred_.pop());
}

TodoList::Progress TodoList::run_one(Connection &conn)
{
    auto clear = [&conn](Todo what) {
        bool listed = conn.todo & what;
        conn.todo = static_cast<uint16_t>(conn.todo & ~what);
        return listed;
    };
    if (clear(kTodoOpen))
        reactor_.lifecycle.deliver_open(conn);
    if (clear(kTodoInput) && conn.state != ConnState::kClosed) {
        reactor_.inbox.parse_tail(conn);
        if (conn.todo & kTodoInput && reactor_.dispatch.full())
            return Progress::kDeferred; // else something in the parse has asked for more of it
    }
    if (clear(kTodoMore))
        reactor_.inbox.receive_more(conn);
    if (clear(kTodoFull))
        reactor_.dispatch.buffer_full(conn);
    if (clear(kTodoDrain))
        reactor_.dispatch.buffer_drain(conn);
    if (clear(kTodoTooSlow) && conn.state == ConnState::kOpen)
        reactor_.outbox.close_slow(conn); // its close event tells what kTodoRefused would
    if (clear(kTodoRefused) && conn.state <= ConnState::kOpen)
        reactor_.dispatch.error(conn, WM_EFULL, "send buffer full: a message was dropped");
    if (clear(kTodoSendFailed))
        DatagramPort::tell_failure(conn);
    if (clear(kTodoTurnedAway) && conn.state != ConnState::kClosed)
        reactor_.assembly.refuse(conn);
    if (conn.todo & kTodoBody) {
        if (reactor_.dispatch.host_has_records(conn))
            return Progress::kDeferred;
        clear(kTodoBody);
        if (conn.has(kBodyInPieces) && !(conn.flags & (kPaused | kInputBlocked)))
            reactor_.codec(conn).resumed(conn);
    }
    if (conn.todo & kTodoEnd) {
        if (reactor_.dispatch.host_has_records(conn))
            return Progress::kDeferred;
        clear(kTodoEnd);
        reactor_.lifecycle.end(conn);
    }
    if (!clear(kTodoClose))
        return Progress::kDone;
    conn.unset(kListedTodo);
    reactor_.lifecycle.finish(conn);
    return Progress::kEnded;
}

} // namespace wm
