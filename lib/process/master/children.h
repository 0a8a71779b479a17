/**
 * @file
 * The master's children: slots, one for each process that there has to be, and the processes that live now. Starts them, hears of their
 * end, and starts others in their place, after a pause when they die young. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_CHILDREN_H
#define WM_PROCESS_MASTER_CHILDREN_H

#include "core/log.h"
#include "core/loop.h"
#include "process/channel.h"
#include "process/child_plan.h"
#include "process/identity.h"
#include "process/master/socket_store.h"
#include "process/master/status_pages.h"

#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

class Children;

struct Child {
    enum class Phase { kStarting, kServing, kLeaving };

    Children *table = nullptr;
    pid_t pid = 0;
    size_t slot = 0;
    size_t page = StatusPages::kNone;
    Phase phase = Phase::kStarting;
    bool killed = false; ///< by us, because it did not end
    bool silent = false; ///< its end of the channel is closed, and so is its life, or will be soon
    Channel channel;
    Watch watch;
    int64_t ready_ms = -1;
    int64_t kill_at_ms = Loop::kNever;
    std::string failure; ///< what it has said about its start
    LogThrottle refusals;
};

/// One process that there has to be.
struct Slot {
    Worker *worker = nullptr;
    size_t worker_at = 0; ///< its place among the app's workers
    int index = 0;        ///< among the processes of that worker
    const Identity *identity = nullptr;
    Child *serving = nullptr;   ///< or starting, for the first time or after a death
    Child *successor = nullptr; ///< of a reload, until it is ready
    int young_deaths = 0;
    int64_t start_at_ms = 0; ///< while nothing serves
};

class ChildEvents {
public:
    /// In the master, before it forks.
    virtual void forking() = 0;
    /// In a child, before anything else, with signals blocked.
    virtual void forked() = 0;
    virtual void child_ready(Child &child) = 0;
    virtual void child_died(Child &child, int status) = 0;
    virtual void child_listed(Child &child, uint64_t listing) = 0;
    virtual void log_full() = 0;

protected:
    ~ChildEvents() = default;
};

class Children {
public:
    Children(Loop &loop, SocketStore &sockets, ChildEvents &events);
    Children(const Children &) = delete;
    Children &operator=(const Children &) = delete;

    void add_slots(Worker &worker, size_t worker_at, const Identity &identity);
    /// Shared memory for all that can live at a time. False with errno.
    bool open_pages();
    /// What every plan says from now on: log, output, console.
    void set_common(const ChildPlan &common) { common_ = common; }

    enum class Started { kYes, kNo, kChild };
    /// Starts a process in the slot, as its successor or as the one that serves. kChild: this is that process. kNo: with the detail.
    Started start(size_t slot, bool successor);
    /// Starts what is due, in slots that nothing serves.
    Started start_due(int64_t now_ms);

    /// Reads what they have said so far.
    void hear();
    /// Takes in those that have ended.
    void reap(int64_t now_ms);
    /// Ends those whose time is over.
    void kill_late(int64_t now_ms);
    /// When kill_late or start_due has something to do.
    int64_t due_ms() const;

    /// Has it end: with that message, and by force when it has not within limit_ms.
    void dismiss(Child &child, MessageKind how, int32_t timeout_ms, uint64_t spread_ms, int64_t limit_ms);
    void kill_all();
    /// No process is started any more.
    void close_slots();
    bool closed() const { return closed_; }
    /// To each that is not on its way out.
    void tell(MessageKind kind, int fd);

    std::vector<Slot> &slots() { return slots_; }
    const std::vector<std::unique_ptr<Child>> &all() const { return children_; }
    const StatusPages &pages() const { return pages_; }
    bool all_ready() const;
    bool any_ready() const;
    size_t leaving() const;

    /// In a child: what it was told, as whom it runs, and its page.
    const ChildPlan &plan() const { return plan_; }
    const Identity &identity() const { return *slots_[plan_slot_].identity; }
    StatusPage *page() const { return pages_.at(plan_.page); }
    /// In a child: lets go of everything but what the plan names.
    void forget();

private:
    static void readable(Child *child);
    void read(Child &child, int most);
    void heard(Child &child, Message &message);
    void keep(Child &child, Message &message);
    void reap_orphans();
    void died(Child &child, int status, int64_t now_ms);
    void plan_restart(Slot &slot, const Child &child, int64_t now_ms);
    void remove(const Child &child);

    Loop &loop_;
    SocketStore &sockets_;
    ChildEvents &events_;
    StatusPages pages_;
    std::vector<Slot> slots_;
    std::vector<std::unique_ptr<Child>> children_;
    ChildPlan common_;
    ChildPlan plan_;
    size_t plan_slot_ = 0;
    bool closed_ = false;
};

} // namespace wm

#endif
