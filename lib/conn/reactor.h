/**
 * @file
 * Owns the parts of the data path and what they share: the loop and the table of connections. The app owns
 * the reactor and sets the limits and hooks that the parts need from above; the reactor knows neither workers
 * nor processes nor hubs. The app's thread, except where noted.
 */
#ifndef WM_CONN_REACTOR_H
#define WM_CONN_REACTOR_H

#include "conn/assembly.h"
#include "conn/callback_watch.h"
#include "conn/codec.h"
#include "conn/connection.h"
#include "conn/datagrams.h"
#include "conn/dispatch.h"
#include "conn/ending.h"
#include "conn/endpoint.h"
#include "conn/expiry.h"
#include "conn/fair_share.h"
#include "conn/inbox.h"
#include "conn/lifecycle.h"
#include "conn/outbox.h"
#include "conn/overflow.h"
#include "conn/pipe.h"
#include "conn/todo_list.h"
#include "core/deadlines.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/slot_lists.h"
#include "core/slot_table.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace wm {

struct Sessions;

/// Notifies layers above of the events that they observe.
class ReactorObserver {
public:
    enum Event : uint8_t { kReleased, kStarted, kStopping, kIdle, kEvents };

    virtual ~ReactorObserver() = default;
    /// The connection is about to get its close event; its slot is freed afterwards.
    virtual void released(Connection &) {}
    /// The app has started to serve.
    virtual void started() {}
    /// A stop or drain begins.
    virtual void stopping() {}
    /// The work of a turn is done: the loop waits next, or control returns to the host.
    virtual void idle() {}
};

class Reactor {
public:
    static constexpr size_t kMaxCodecs = 128;

    Reactor(uint32_t index, uint32_t generation_base);
    Reactor(const Reactor &) = delete;
    Reactor &operator=(const Reactor &) = delete;

    /// The index of the app in ids.
    uint32_t index() const { return index_; }
    const Codec &codec(const Connection &conn) const { return *codecs[conn.codec]; }
    uint32_t tick() { return deadlines.tick(loop.now_ms()); }

    /// There is work for the end of a turn. Outside a turn, makes the loop's descriptor readable.
    void has_work();
    /// A deadline or timer has changed: the end of the turn rearms the loop. Outside a turn, does so at once.
    void deadline_moved();
    void end_turn()
    {
        signalled_ = false;
        lifecycle.begin_turn();
    }

    /// Reserves what one more connection may need while it lives, so that nothing fails in the middle of it; false when out of memory.
    bool reserve_connection();

    /// Reserves memory for one retire() of a user pointer with that notifier; false when out of memory.
    bool reserve_retire(wm_destroy_fn destroy);
    void release_retire(wm_destroy_fn destroy) { retirable_ -= destroy != nullptr; }
    /// Calls destroy(user) at the end of the turn. Undoes one reserve_retire().
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

    // Set by the owner.
    size_t max_queue_total = 0;    ///< bytes of memory of all send queues
    size_t max_assembly_total = 0; ///< bytes
    size_t max_kept_total = 0;     ///< bytes
    size_t max_deflate_total = 0;  ///< bytes of the windows that websockets have of their own
    size_t max_file_total = 0;     ///< files that answers hold open
    size_t max_upload_total = 0;   ///< files of forms that requests hold open
    /// Arms the loop for the nearest deadline, timers included.
    void (*arm_due)(void *owner) = nullptr;
    void *owner = nullptr;
    /// Ends a HostCall: frees the owner, if that was asked for while it lived.
    void (*leave)(void *owner) = nullptr;
    /// The owner is freed when its run, poll or HostCall ends.
    bool owner_freed = false;
    /// State that codecs share across connections.
    Sessions *sessions = nullptr;
    /// Indexed by Connection::codec. A row that is set never changes.
    const Codec *codecs[kMaxCodecs] = {};
    /// A stop or drain was requested, so an answer may be the last of its connection. Any thread sets it.
    std::atomic<bool> shutting_down{false};
    /// A run or poll of the owner is in progress, or a HostCall.
    std::atomic<bool> inside{false};
    /// This process is a child of fork(2), which leaves the rest of the turn to the parent.
    bool forked = false;
    /// Identifies the running poll. What its records point to is valid until the value changes.
    uint64_t slice_epoch = 1;

    /// Bytes allocated for all send queues.
    size_t queue_total = 0;
    /// Files that wait to be sent: in send queues, and in answers before their turn.
    size_t file_total = 0;

    /// Data of endpoints on the status page has changed. The status writer resets it.
    bool status_changed = true;

    std::vector<ToldPeer> told_peers; ///< by slot, as far as reserved; of connections with kProxied or kForwarded

    Loop loop;
    CallbackWatch callback_watch;
    Deadlines deadlines;
    SlotTable<Connection, kConnSlots> connections;
    SlotLists silent_links; ///< of Endpoint::silent
    Dispatch dispatch;
    Overflow overflow;
    Outbox outbox;
    FairShare fair_share;
    Assembly assembly;
    Inbox inbox;
    Lifecycle lifecycle;
    Ending ending;
    Pipes pipes;
    Expiry expiry;
    Datagrams datagrams;
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
    size_t retirable_ = 0; ///< reserved, and not retired yet
    std::vector<ReactorObserver *> observers_[ReactorObserver::kEvents];
};

/// A call of the host that may lead to a callback. Outside of run and poll, the owner is not run and not freed while one lives; inside, it
/// does nothing.
class HostCall {
public:
    explicit HostCall(Reactor &reactor) : reactor_(reactor), outermost_(!reactor.inside)
    {
        if (outermost_)
            reactor.inside = true;
    }
    HostCall(const HostCall &) = delete;
    HostCall &operator=(const HostCall &) = delete;
    ~HostCall()
    {
        if (outermost_)
            reactor_.leave(reactor_.owner);
    }

    bool outermost() const { return outermost_; }

private:
    Reactor &reactor_;
    bool outermost_;
};

/// For code without a reactor at hand; elsewhere use Reactor::codec().
inline const Codec &codec_of(const Connection &conn)
{
    return conn.owner->reactor.codec(conn);
}

inline Cold *Connection::make_cold()
{
    if (!cold)
        cold = new (std::nothrow) Cold(owner->reactor.queue_total, owner->reactor.file_total);
    return cold;
}

inline int Outbox::check_size(size_t len) const
{
    return len > reactor_.max_queue_total ? too_long(len) : 0;
}

inline int Outbox::check_total(size_t len)
{
    return reactor_.queue_total + len > reactor_.max_queue_total ? no_room(len) : 0;
}

[[gnu::always_inline]] inline int Outbox::check(Connection &conn, size_t len, bool exempt)
{
    bool is_usual = conn.state <= ConnState::kOpen && !conn.cold && !conn.io && !exempt;
    if (is_usual && conn.out_pending <= static_cast<size_t>(conn.owner->options.max_send_buffer)) [[likely]]
        return check_total(len);
    return check_by_rules(conn, len, exempt);
}

template <class Function>
int Lifecycle::set_callback(Connection &conn, Callback<Function> ConnCallbacks::*event, const Callback<Function> &callback)
{
    bool restores = !callback.fn && !callback.destroy;
    if (restores && !conn.has(kOwnCallbacks))
        return 0;
    if (!make_callbacks(conn) || !reactor_.reserve_retire(callback.destroy))
        return fail(WM_ENOMEM, "out of memory for a callback of a connection");
    Callback<Function> &own = conn.cold->callbacks->*event;
    reactor_.retire(own.user, own.destroy);
    own = callback;
    return 0;
}

inline bool Inbox::wants(const Connection &conn) const
{
    if (conn.flags & kNotParsed)
        return false;
    return conn.state >= ConnState::kHandshake && conn.state <= ConnState::kCloseSent && reactor_.dispatch.has_message_room(conn);
}

inline bool Inbox::wants_next(Connection &conn)
{
    return wants(conn) && reactor_.fair_share.allows(conn);
}

} // namespace wm

#endif
