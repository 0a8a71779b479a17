/**
 * @file
 * libevent's base, as one descriptor of the loop's epoll set: for what is rare (see EventWatch). The loop's thread.
 */
#ifndef WM_CORE_EVENT_BASE_H
#define WM_CORE_EVENT_BASE_H

#include "core/watch.h"

#include <cstdint>
#include <string>

struct event_base;

namespace wm {

class Loop;

class EventBase {
public:
    EventBase() = default;
    EventBase(const EventBase &) = delete;
    EventBase &operator=(const EventBase &) = delete;
    ~EventBase() { close(); }

    /// Opens the base, unless it is open. 0, or a WM_E... code with its detail.
    int open(Loop &loop);
    void close();
    /// In a child of fork(2): closes the base without changing what the parent's watches.
    void abandon();

    struct event_base *get() { return base_; }

    /// When the nearest timeout of its events is due, which the loop does not see by itself; INT64_MAX: never. Looks at each event.
    int64_t due_ms() const;
    /// Runs what is due or ready, without waiting.
    void run();

    /// "libevent 2.1.12-stable".
    static std::string version();

private:
    static void ready(EventBase *self, uint32_t);

    Loop *loop_ = nullptr;
    struct event_base *base_ = nullptr;
    WatchOf<EventBase> watch_;
};

} // namespace wm

#endif
