/**
 * @file
 * What waits for the end of the turn: connections with todos, in the order in which they got them. The app's thread.
 */
#ifndef WM_CONN_TODO_LIST_H
#define WM_CONN_TODO_LIST_H

#include "conn/connection.h"

#include <cstdint>
#include <vector>

namespace wm {

class Reactor;

class TodoList {
public:
    explicit TodoList(Reactor &reactor) : reactor_(reactor) {}

    void add(Connection &conn, Todo what);
    /// Does what is listed. What waits for the next poll is put aside.
    void run();
    bool idle() const { return listed_.empty(); }

    /// A poll begins: what waited for it is listed again.
    void recall();
    /// Nothing is listed, and nothing waits for the next poll.
    bool done() const { return listed_.empty() && later_.empty(); }

private:
    enum class Progress : uint8_t {
        kDone,
        kLater, ///< a message has no room in the poll's array, or the host has records that it has not seen
        kEnded, ///< its slot is free, or will be when its close event is delivered
    };

    Progress run_one(Connection &conn);

    Reactor &reactor_;
    std::vector<uint32_t> listed_;
    std::vector<uint32_t> later_;
};

} // namespace wm

#endif
