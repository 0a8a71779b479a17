#include "conn/todo_list.h"

#include "conn/reactor.h"

namespace wm {

void TodoList::add(Connection &conn, Todo what)
{
    conn.todo = static_cast<uint8_t>(conn.todo | what);
    if (conn.has(kListedTodo))
        return;
    listed_.push_back(conn.slot); // may throw: the mark says what is so
    conn.set(kListedTodo);
    reactor_.has_work();
}

void TodoList::run()
{
    for (size_t done = 0; done < listed_.size(); done++) {
        // Listed until it is done, so that what its callbacks cause does not list it a second time. A run that failed with ENOMEM leaves
        // its entries in the list: nothing is done twice.
        uint32_t slot = listed_[done];
        Connection &conn = *reactor_.connections.at(slot);
        if (!reactor_.connections.live_at(slot) || !conn.has(kListedTodo))
            continue;
        reactor_.callback_watch.begin(conn.owner, "message");
        Progress progress = run_one(conn);
        reactor_.callback_watch.end();
        switch (progress) {
        case Progress::kEnded:
            break;
        case Progress::kLater:
            later_.push_back(slot);
            break;
        case Progress::kDone:
            if (conn.todo != 0)
                listed_.push_back(slot);
            else
                conn.unset(kListedTodo);
            break;
        }
    }
    listed_.clear();
}

void TodoList::recall()
{
    listed_.insert(listed_.end(), later_.begin(), later_.end());
    later_.clear();
}

TodoList::Progress TodoList::run_one(Connection &conn)
{
    auto take = [&conn](Todo what) {
        bool listed = conn.todo & what;
        conn.todo = static_cast<uint8_t>(conn.todo & ~what);
        return listed;
    };
    if (take(kTodoInput) && conn.state != ConnState::kClosed) {
        reactor_.inbox.parse_held(conn);
        if (conn.todo & kTodoInput)
            return Progress::kLater;
    }
    if (take(kTodoFull))
        reactor_.dispatch.buffer_full(conn);
    if (take(kTodoDrain))
        reactor_.dispatch.buffer_drain(conn);
    if (take(kTodoRefused) && conn.state <= ConnState::kOpen)
        reactor_.dispatch.error(conn, WM_EFULL, "send buffer full: a message was dropped");
    if (conn.todo & kTodoEnd) {
        if (reactor_.dispatch.awaits_host(conn))
            return Progress::kLater;
        take(kTodoEnd);
        reactor_.lifecycle.end(conn);
    }
    if (!take(kTodoClose))
        return Progress::kDone;
    conn.unset(kListedTodo);
    reactor_.lifecycle.finish(conn);
    return Progress::kEnded;
}

} // namespace wm
