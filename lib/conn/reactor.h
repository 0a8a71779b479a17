/**
 * @file
 * What the parts of the data path share: the loop, the table of connections, and each other. Owned by an app, which sets in it what they
 * would have to ask upwards. Knows neither workers nor processes nor hubs. The app's thread, but where it says otherwise.
 */
#ifndef WM_CONN_REACTOR_H
#define WM_CONN_REACTOR_H

#include "conn/callback_watch.h"
#include "conn/codec.h"
#include "conn/connection.h"
#include "conn/dispatch.h"
#include "conn/endpoint.h"
#include "conn/expiry.h"
#include "conn/inbox.h"
#include "conn/lifecycle.h"
#include "conn/outbox.h"
#include "conn/overflow.h"
#include "conn/todo_list.h"
#include "core/deadlines.h"
#include "core/loop.h"
#include "core/slot_table.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

struct Sessions;

/// What layers above learn from a reactor, for the events that they have registered for.
class ReactorObserver {
public:
    enum Event : uint8_t { kReleased, kStarted, kStopping, kIdle, kEvents };

    virtual ~ReactorObserver() = default;
    /// The close event of a connection was delivered; its slot is freed next.
    virtual void released(Connection &) {}
    /// The app serves from here on.
    virtual void started() {}
    /// A stop or drain begins.
    virtual void stopping() {}
    /// All of a turn is done; the loop waits next, or the host has its thread back.
    virtual void idle() {}
};

class Reactor {
public:
    static constexpr size_t kMaxCodecs = 64;

    Reactor(uint32_t index, uint32_t generation_base);
    Reactor(const Reactor &) = delete;
    Reactor &operator=(const Reactor &) = delete;

    /// The app's number in ids.
    uint32_t index() const { return index_; }
    const Codec &codec(const Connection &conn) const { return *codecs[conn.codec]; }
    uint32_t tick() { return deadlines.tick(loop.now_ms()); }

    /// Something is to be done at the end of a turn: outside of one, the loop's descriptor has to show it.
    void has_work();
    /// A deadline or timer has changed: outside of a turn, the loop's descriptor has to show it.
    void deadline_moved();
    void end_turn() { signalled_ = false; }

    /// Calls destroy(user) at the end of the turn.
    void retire(void *user, wm_destroy_fn destroy);
    void release_retired()
    {
        if (!retired_.empty())
            call_retired();
    }

    void observe(ReactorObserver &observer, ReactorObserver::Event event) { observers_[event].push_back(&observer); }
    void forget(ReactorObserver &observer);
    void notify_released(Connection &conn);
    void notify(ReactorObserver::Event event)
    {
        if (!observers_[event].empty())
            call_observers(event);
    }

    // What the owner sets.
    size_t max_queue_total = 0;
    size_t max_assembly_total = 0;
    /// Arms the loop for the nearest deadline, timers included.
    void (*arm_due)(void *owner) = nullptr;
    void *owner = nullptr;
    /// What codecs keep for all their connections.
    Sessions *sessions = nullptr;
    /// By a connection's row; a row that is set never changes.
    const Codec *codecs[kMaxCodecs] = {};
    /// A stop or drain was requested: an answer may be the last of its connection. Any thread sets it.
    std::atomic<bool> shutting_down{false};
    /// A run or poll of the owner is in progress.
    std::atomic<bool> inside{false};
    /// Of the running poll: what records point to is valid while it is the same.
    uint64_t slice_epoch = 1;

    /// What the status page shows of endpoints has changed; whoever publishes the page resets it.
    bool status_changed = true;

    Loop loop;
    CallbackWatch callback_watch;
    Deadlines deadlines;
    SlotTable<Connection, kConnSlots> connections;
    Dispatch dispatch;
    Overflow overflow;
    Outbox outbox;
    Inbox inbox;
    Lifecycle lifecycle;
    Expiry expiry;
    TodoList todos;

private:
    void call_retired();
    void call_observers(ReactorObserver::Event event);

    struct Retired {
        void *user;
        wm_destroy_fn destroy;
    };

    uint32_t index_;
    bool signalled_ = false; ///< the loop was woken for the next turn
    std::vector<Retired> retired_;
    std::vector<ReactorObserver *> observers_[ReactorObserver::kEvents];
};

/// A part of the data path has its reactor at hand: codec(conn) there.
inline const Codec &codec_of(const Connection &conn)
{
    return conn.owner->reactor.codec(conn);
}

inline bool Inbox::wants(const Connection &conn) const
{
    if (conn.flags & (kPaused | kInputBlocked | kNoInput | kOwesEvents))
        return false;
    const ConnCallbacks &callbacks = conn.owner->callbacks;
    bool room = reactor_.dispatch.room(callbacks.message) && reactor_.dispatch.room(callbacks.error);
    return conn.state >= ConnState::kHandshake && conn.state <= ConnState::kCloseSent && room &&
           (conn.state != ConnState::kHandshake || reactor_.dispatch.room(callbacks.handshake));
}

} // namespace wm

#endif
