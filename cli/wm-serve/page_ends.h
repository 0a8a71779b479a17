/**
 * @file
 * When the tokens of pages end: a heap by the time of the wall clock, and one timer for the first of them. A page costs 16 bytes; one that
 * leaves earlier is left out when the heap has grown to twice the pages that it had then. The app's thread.
 */
#ifndef WM_SERVE_PAGE_ENDS_H
#define WM_SERVE_PAGE_ENDS_H

#include "wm/types.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm::serve {

class PageEnds {
public:
    using Ended = void (*)(wm_conn conn, void *user);

    void setup(wm_app *app, Ended ended, void *user);

    /// ended(conn) is called at that Unix time, unless the connection has closed. False when out of memory.
    bool add(wm_conn conn, int64_t end_s);
    /// Pages that are kept, among them such as have closed: at most kSlack, and twice the most that were open.
    size_t size() const { return ends_.size(); }

    static constexpr size_t kSlack = 1024;

private:
    struct End {
        int64_t end_s;
        wm_conn conn;

        bool operator>(const End &other) const { return end_s > other.end_s; }
    };

    void drop_closed();
    void arm(int64_t delay_ms);
    void look();

    wm_app *app_ = nullptr;
    Ended ended_ = nullptr;
    void *user_ = nullptr;
    std::vector<End> ends_; ///< a heap, the first to end at its front
    size_t full_ = kSlack;  ///< at this size those that have closed are left out
    wm_timer timer_ = 0;
};

} // namespace wm::serve

#endif
