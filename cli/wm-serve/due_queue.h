/**
 * @file
 * Connections that have to do something within a time that is the same for all: a page to say its uid, a back end to prove itself. So they
 * are sorted by deadline as they come, and one timer, for the first, is enough. One costs 16 bytes; those that wait no more behind one that
 * does are left out when the queue has grown to twice those that waited then. The app's thread.
 */
#ifndef WM_SERVE_DUE_QUEUE_H
#define WM_SERVE_DUE_QUEUE_H

#include "wm/conn.h"
#include "wm/types.h"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace wm::serve {

class DueQueue {
public:
    /// Whether a connection still waits. Not asked about one that has closed.
    using Waits = bool (*)(wm_conn conn, void *user);
    /// The time of a connection is over.
    using Expired = void (*)(wm_conn conn, void *user);

    void setup(wm_app *app, int64_t time_ms, Waits waits, Expired expired, void *user);

    /// The time of a connection begins. False when out of memory.
    bool add(wm_conn conn);
    /// Leaves out connections that wait no more, from the front: call it when one has done what it had to, so that not all that came
    /// within one time are kept.
    void drop();
    /// Connections that are kept, among them such as wait no more: at most kSlack, and twice the most that waited.
    size_t size() const { return entries_.size(); }

    static constexpr size_t kSlack = 1024;

private:
    struct Entry {
        wm_conn conn;
        int64_t due_ms;
    };

    bool still_waits(const Entry &entry) const { return wm_conn_worker(entry.conn) && waits_(entry.conn, user_); }
    void arm(int64_t delay_ms);
    void expire();

    wm_app *app_ = nullptr;
    int64_t time_ms_ = 0;
    Waits waits_ = nullptr;
    Expired expired_ = nullptr;
    void *user_ = nullptr;
    std::deque<Entry> entries_;
    size_t full_ = kSlack; ///< at this size those that wait no more are left out
    wm_timer timer_ = 0;   ///< for the first of them, or for one that was before it
};

} // namespace wm::serve

#endif
