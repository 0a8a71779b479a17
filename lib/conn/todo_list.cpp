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

bool TodoList::run()
{
    size_t done = 0;
    for (; done < listed_.size(); done++) {
        // Listed until it is through, so that what its callbacks cause does not list it a second time.
        Connection &conn = *reactor_.connections.at(listed_[done]);
        // A run that memory's end broke off has left what it did in the list: nothing is done twice.
        if (!reactor_.connections.live_at(listed_[done]) || !conn.has(kListedTodo))
            continue;
        Progress progress = run_one(conn);
        if (progress == Progress::kWaits)
            break;
        if (progress == Progress::kGone)
            continue;
        if (progress == Progress::kLater) {
            later_.push_back(conn.slot);
            continue;
        }
        if (conn.todo != 0)
            listed_.push_back(conn.slot);
        else
            conn.unset(kListedTodo);
    }
    bool all = done == listed_.size();
    listed_.erase(listed_.begin(), listed_.begin() + static_cast<ptrdiff_t>(done));
    return all;
}

void TodoList::recall()
{
    listed_.insert(listed_.end(), later_.begin(), later_.end());
    later_.clear();
}

TodoList::Progress TodoList::run_one(Connection &conn)
{
    const ConnCallbacks &callbacks = conn.owner->callbacks;
    Dispatch &dispatch = reactor_.dispatch;
    auto take = [&conn](Todo what) { conn.todo = static_cast<uint8_t>(conn.todo & ~what); };
    if (conn.state == ConnState::kClosed)
        take(static_cast<Todo>(kTodoOpen | kTodoInput));
    if (conn.todo & kTodoOpen) {
        if (!dispatch.room(callbacks.open))
            return Progress::kWaits;
        take(kTodoOpen);
        reactor_.inbox.more(conn);
        if (conn.state == ConnState::kOpen)
            dispatch.open(conn);
    }
    if (conn.todo & kTodoInput) {
        take(kTodoInput);
        reactor_.inbox.parse_held(conn);
        if (conn.todo & kTodoInput)
            return Progress::kWaits;
    }
    if (conn.todo & kTodoFull) {
        if (!dispatch.room(callbacks.buffer_full))
            return Progress::kWaits;
        take(kTodoFull);
        dispatch.buffer_full(conn);
    }
    if (conn.todo & kTodoDrain) {
        if (!dispatch.room(callbacks.buffer_drain))
            return Progress::kWaits;
        take(kTodoDrain);
        dispatch.buffer_drain(conn);
    }
    if (conn.todo & kTodoRefused) {
        if (!dispatch.room(callbacks.error))
            return Progress::kWaits;
        take(kTodoRefused);
        if (conn.state <= ConnState::kOpen)
            dispatch.error(conn, WM_EFULL, "send buffer full: a message was dropped");
    }
    if (conn.todo & kTodoEnd) {
        if (reactor_.dispatch.awaits_host(conn))
            return Progress::kLater;
        take(kTodoEnd);
        reactor_.lifecycle.end(conn);
    }
    if (conn.todo & kTodoClose) {
        if (!dispatch.room(callbacks.close))
            return Progress::kWaits;
        reactor_.lifecycle.finish(conn);
        return Progress::kGone;
    }
    return Progress::kDone;
}

} // namespace wm
