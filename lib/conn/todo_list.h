/**
 * @file
 * Runs work that is deferred to the end of the turn: a list of connections with todos, oldest first. Owned by
 * the reactor; the app's thread.
 */
#ifndef WM_CONN_TODO_LIST_H
#define WM_CONN_TODO_LIST_H

#include "conn/connection.h"
#include "core/slot_queue.h"

#include <cstddef>
#include <cstdint>

namespace wm {

class Reactor;

class TodoList {
public:
    explicit TodoList(Reactor &reactor) : reactor_(reactor) {}

    /// Reserves memory for the todos of that many connections; false when out of memory. Those of pull mode can be deferred, too.
    bool reserve(size_t connections, bool pulls) { return listed_.reserve(connections) && (!pulls || deferred_.reserve(connections)); }
    void add(Connection &conn, Todo what);
    /// Runs all todos. Those that need the next poll are deferred to it.
    void run();
    bool idle() const { return listed_.empty(); }

    /// Lists the deferred todos again. Call it when a poll begins.
    void list_deferred();
    /// Whether nothing is listed and nothing deferred.
    bool done() const { return listed_.empty() && deferred_.empty(); }

private:
    enum class Progress : uint8_t {
        kDone,
        kDeferred, ///< the poll's array is full, or the host has yet to see records of this poll
        kEnded,    ///< its slot is free, or the overflow list frees it after the close event
    };

    Progress run_one(Connection &conn);

    Reactor &reactor_;
    SlotQueue listed_;
    SlotQueue deferred_;
};

} // namespace wm

#endif
