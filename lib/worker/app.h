/**
 * @file
 * The app: a loop with everything that runs on it. Knows the order of a turn, and how other threads reach it.
 *
 * The app's thread but where it says otherwise; owns its workers, its parts (hubs), its timers and its connections.
 */
#ifndef WM_WORKER_APP_H
#define WM_WORKER_APP_H

#include "conn/reactor.h"
#include "core/mailbox.h"
#include "worker/callbacks.h"
#include "worker/options.h"
#include "worker/service.h"
#include "worker/setup_error.h"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wm {

struct Address;
struct Scheme;
class AccessLogs;
class Clients;
class Commands;
class OwnKeys;
class Peers;
class ProcessLink;
class Shares;
class Shutdown;
class SignalHandlers;
class StatusWriter;
class Timers;
class Watches;
class Worker;

/// What other layers add to an app: it runs commands of other threads that name it by its id.
class AppPart : public ReactorObserver {
public:
    virtual void run(Command &command) = 0;
    /// The uid that the part knows a connection by, for listings; empty: none.
    virtual std::string_view uid_of(const Connection &) const { return {}; }
    /// A number that the process never uses again, so that a command reaches neither a later part at the same address nor one of a later
    /// app at the same index.
    uint64_t id() const { return id_; }

private:
    friend class App;
    uint64_t id_ = 0;
};

class App {
public:
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
    /// The error of a call elsewhere.
    int wrong_thread() const { return mailbox_->wrong_thread(); }
    /// Whether this process is a child of fork(2) and the app its parent's.
    bool forked() const { return mailbox_->forked(); }

    int run();
    int run_once(int64_t timeout_ms);
    int poll(wm_event *events, size_t cap, int64_t timeout_ms, size_t *count);
    int flush();
    int fd();
    int open_loop();

    /// Any thread. 0 or WM_EFORK.
    int request_stop();
    /// wm_app_stop: with a master another process takes the place of this one, else as request_stop.
    int request_end();
    /// The successor serves: this app lets its connections go, and stops when the last has gone or the time is over (see Shutdown).
    /// Websockets hear `code`.
    void request_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code);

    int set_option(const char *name, int64_t value);
    int set_option(const char *name, const char *value);
    /// Whether a listener that the host closes is to be closed at the master too: not when the process only ends.
    bool tells_master() const;

    /// nullptr: a worker that only starts.
    Worker *add_worker(const Address *address, const Scheme &scheme);
    const std::vector<std::unique_ptr<Worker>> &workers() const { return workers_; }
    void add_part(AppPart *part);
    /// Has the master run a process for it; without a master there is none. Before the app starts.
    void add_service(Service service);
    const std::vector<Service> &services() const { return services_; }
    /// From here on nothing can be added.
    bool freeing() const { return freeing_; }
    /// What an attempt to add returns then.
    static int being_freed();
    void remove_part(AppPart *part);
    /// A worker or client was released: freed at the end of the turn in which its last connection has ended.
    void endpoint_released() { endpoint_released_ = true; }
    /// A worker stops: the end of the turn finishes that.
    void worker_stops();
    AppPart *find_part(uint64_t id) const;
    /// The uid of a connection, of the first part that knows one; empty: none.
    std::string_view uid_of(const Connection &conn) const;

    /// A HostCall after which observers see the app idle.
    class Visit {
    public:
        explicit Visit(App &app);
        Visit(const Visit &) = delete;
        Visit &operator=(const Visit &) = delete;
        ~Visit();

    private:
        App &app_;
        HostCall call_;
    };

    uint32_t index() const { return reactor.index(); }
    bool started() const { return started_; }

    /// A call that sets the app up has returned: an error is kept for the start, if it was before that.
    void note_setup(const SetupCall &call, int result);
    /// 0, or the error of such a call.
    int check_setup() { return setup_error_.report(); }
    /// The host reads the calling thread's last error.
    static void read_last_error();

    AppOptions options;
    AppCallbacks callbacks;
    Reactor reactor;
    const std::unique_ptr<Sessions> sessions;
    const std::unique_ptr<Timers> timers;
    const std::unique_ptr<Clients> clients;
    const std::unique_ptr<Watches> watches;
    const std::unique_ptr<SignalHandlers> signals;
    const std::unique_ptr<Commands> commands;
    const std::unique_ptr<Shutdown> shutdown;
    const std::unique_ptr<Shares> shares;
    const std::unique_ptr<OwnKeys> own_keys;
    const std::unique_ptr<AccessLogs> access_logs;
    const std::unique_ptr<StatusWriter> status;
    /// To the process's master; nullptr: there is none. Owned by who sets it.
    ProcessLink *link = nullptr;
    /// The other processes that share uids with this one; nullptr: the app has no hub.
    std::unique_ptr<Peers> peers;
    /// The address of the last client of which the log says that it does not verify its server.
    std::string told_unverified;

private:
    App(uint32_t index, Mailbox *mailbox);
    ~App();

    int open_base_loop();
    void close_loop();
    int enter(bool polls = false);
    void leave();
    static bool is_parents(App *app);
    void end_connections();
    void abandon();
    void stop_pulling();
    int start_or_abandon();
    int start();
    int refused(const Worker &worker, int32_t verdict) const;
    int abandon_start(int code);
    void report_failed_start(int code, const char *text);
    void turn(int64_t timeout_ms);
    void run_turn(int64_t timeout_ms);
    void end_turn();
    void finish_shutdown();
    void release_retired();
    void release_workers();
    void finish_stops();
    void arm_due();
    bool has_work() const;
    int64_t next_wake_ms();
    void set_limits();
    void ask_to_be_replaced();
    static void arm(void *self);
    static void end_call(void *self);
    static void woken(void *self);
    static void due(void *self);

    Mailbox *mailbox_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<AppPart *> parts_;
    std::vector<Service> services_;
    SetupError setup_error_;
    int64_t wake_at_ms_ = Loop::kNever;      ///< the next step of max_wait_ms
    bool unsettled_ = true;                  ///< the host, or a turn that failed, may have left work for the next turn
    std::atomic<bool> end_requested_{false}; ///< with a master: it is to be asked for a successor
    bool started_ = false;
    bool stopped_ = false;
    bool endpoint_released_ = false; ///< a worker or client is to be freed
    bool worker_stops_ = false;      ///< the stop of one of workers_ is due
    bool forked_elsewhere_ = false;  ///< in a child: by another thread than the app's, which may have been at work
    bool freeing_ = false;
    bool abandoning_ = false; ///< a start has failed, and what it opened is closed again
};

} // namespace wm

#endif
