/**
 * @file
 * The app: a loop with everything that runs on it. Knows the order of a turn, and how other threads reach it.
 *
 * The app's thread but where it says otherwise; owns its workers, its parts (hubs), its timers and its connections.
 */
#ifndef WM_WORKER_APP_H
#define WM_WORKER_APP_H

#include "conn/connection.h"
#include "conn/dispatch.h"
#include "conn/expiry.h"
#include "conn/inbox.h"
#include "conn/lifecycle.h"
#include "conn/outbox.h"
#include "conn/todo_list.h"
#include "core/deadlines.h"
#include "core/loop.h"
#include "core/mailbox.h"
#include "core/slot_table.h"
#include "session/codecs.h"
#include "session/http/requests.h"
#include "worker/commands.h"
#include "worker/process_link.h"
#include "worker/shutdown.h"
#include "worker/status_writer.h"
#include "worker/timers.h"
#include "worker/worker.h"

#include <atomic>
#include <memory>
#include <vector>

namespace wm {

/// What other layers hang into an app: it hears of connections that end and runs its own commands of other threads.
class AppPart {
public:
    virtual ~AppPart() = default;
    virtual void released(Connection &conn) = 0;
    virtual void run(Command &command) = 0;
};

class App {
public:
    static constexpr size_t kMaxCodecs = 64;

    /// nullptr when all indexes are taken, with the detail.
    static App *make();
    /// Frees it now, or, inside one of its callbacks, when the run or poll returns.
    /// WM_ETHREAD while another thread is inside.
    int release();

    /// The app at that index if the calling thread is its thread, else nullptr.
    static App *of_this_thread(uint32_t index)
    {
        Mailbox *mailbox = Mailbox::at(index);
        return mailbox && mailbox->owner.load(std::memory_order_relaxed) == thread_token() ? mailbox->app : nullptr;
    }
    bool on_thread() const { return mailbox_->owner.load(std::memory_order_relaxed) == thread_token(); }

    int run();
    int run_once(int64_t timeout_ms);
    int poll(wm_event *events, size_t cap, int64_t timeout_ms, size_t *count);
    int flush();
    int fd();
    int open_loop();

    /// Any thread.
    void request_stop();
    /// The successor serves: this app lets its connections go, and stops when the last has gone or the time is over (see Shutdown).
    /// Websockets hear `code`.
    void request_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code);

    int set_option(const char *name, int64_t value);
    /// Whether a listener that the host closes is to be closed at the master too: not when the process only ends.
    bool tells_master() const { return link && !abandoning_ && !freeing_ && !shutdown.begun(); }

    /// nullptr: a worker that only starts.
    Worker *add_worker(const Address *address, const Scheme &scheme);
    const std::vector<std::unique_ptr<Worker>> &workers() const { return workers_; }
    void add_part(AppPart *part) { parts_.push_back(part); }
    /// From here on nothing can be added.
    bool freeing() const { return freeing_; }
    /// What an attempt to add returns then.
    static int being_freed();
    void remove_part(AppPart *part);
    bool has_part(const AppPart *part) const;

    /// destroy(user) at the end of the turn.
    void retire(void *user, wm_destroy_fn destroy);
    /// A deadline or timer has changed: outside of a turn, the loop's descriptor has to show it.
    void deadline_moved();
    /// Something is to be done at the end of a turn: outside of one, the loop's descriptor has to show it.
    void has_work();

    /// For a call from outside of run and poll that calls back: while one lives the app is not run, and not freed.
    class Visit {
    public:
        explicit Visit(App &app);
        Visit(const Visit &) = delete;
        Visit &operator=(const Visit &) = delete;
        ~Visit();

    private:
        App &app_;
        bool outermost_;
    };

    uint32_t index() const { return index_; }
    bool inside() const { return inside_; }
    bool started() const { return started_; }
    bool stopping() const { return shutdown.stopping(); }
    int64_t max_connections() const;
    uint32_t tick() { return deadlines.tick(loop.now_ms()); }

    AppOptions options;
    AppCallbacks callbacks;
    Loop loop;
    Deadlines deadlines;
    Dispatch dispatch;
    Outbox outbox;
    Inbox inbox;
    Lifecycle lifecycle;
    Expiry expiry;
    TodoList todos;
    HttpRequests requests;
    SlotTable<Connection, kConnSlots> connections;
    Shutdown shutdown;
    Timers timers;
    Commands commands;
    /// To the process's master; nullptr: there is none. Owned by who sets it.
    ProcessLink *link = nullptr;
    StatusWriter status;
    /// By a connection's row. Those of the library; a row may be added, and never changes.
    const Codec *codecs[kMaxCodecs] = {};
    /// Of the running poll: what records point to lives as long as it.
    uint64_t slice_epoch = 1;

private:
    App(uint32_t index, Mailbox *mailbox);
    ~App();

    int enter();
    void leave();
    void stop_pulling();
    int start();
    int abandon_start(int code);
    void turn(int64_t timeout_ms);
    void run_turn(int64_t timeout_ms);
    void end_turn();
    PageState page_state() const;
    void publish_status();
    void sweep_retired();
    void arm_due();
    static void woken(void *self);
    static void due(void *self);

    struct Retired {
        void *user;
        wm_destroy_fn destroy;
    };

    Mailbox *mailbox_;
    uint32_t index_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<AppPart *> parts_;
    std::vector<Retired> retired_;
    int64_t max_by_descriptors_ = 0;
    bool started_ = false;
    bool stopped_ = false;
    std::atomic<bool> inside_{false};
    bool free_later_ = false;
    bool freeing_ = false;
    bool abandoning_ = false; ///< a start has failed, and what it opened is closed again
    bool signalled_ = false;

    friend class Lifecycle;
};

inline const Codec &codec_of(const Connection &conn)
{
    return *conn.owner->app.codecs[conn.codec];
}

inline bool Inbox::wants(const Connection &conn) const
{
    if (conn.flags & (kPaused | kInputBlocked | kNoInput) || conn.todo & kTodoOpen)
        return false;
    const ConnCallbacks &callbacks = conn.owner->callbacks;
    bool room = app_.dispatch.room(callbacks.message) && app_.dispatch.room(callbacks.error);
    return conn.state >= ConnState::kHandshake && conn.state <= ConnState::kCloseSent && room &&
           (conn.state != ConnState::kHandshake || app_.dispatch.room(callbacks.handshake));
}

} // namespace wm

#endif
