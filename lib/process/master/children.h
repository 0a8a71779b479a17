/**
 * @file
 * The master's children: its slots and the processes in them. Starts processes, reads their messages, waits
 * for their ends and restarts them, after a pause when they die early. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_CHILDREN_H
#define WM_PROCESS_MASTER_CHILDREN_H

#include "core/event_watch.h"
#include "core/log.h"
#include "core/loop.h"
#include "process/channel.h"
#include "process/child_plan.h"
#include "process/identity.h"
#include "process/master/access_files.h"
#include "process/master/key_store.h"
#include "process/master/settings_store.h"
#include "process/master/slot.h"
#include "process/master/socket_store.h"
#include "process/master/status_pages.h"

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

class Children;

/// A process. Slot::role has its state.
struct Child {
    Children *table = nullptr;
    pid_t pid = 0;
    uint64_t number = 0; ///< of no other process of this master
    size_t slot = 0;
    uint64_t node = 0;    ///< ChildPlan::node
    bool joins = false;   ///< it wants to be joined with others (kJoins)
    bool counted = false; ///< it was told with how many (kPeers)
    size_t page = StatusPages::kNone;
    bool killed = false; ///< the master has sent SIGKILL, because it did not end in time
    bool asked = false;  ///< its host has asked for another process in its place
    bool silent = false; ///< it has closed its end of the channel: it has ended, or can be told nothing any more
    Channel channel;
    EventWatch watch;
    int64_t ready_ms = -1;
    int64_t kill_at_ms = Loop::kNever;  ///< SIGKILL is due
    uint64_t keys = 0;                  ///< the generation of the keys that it has
    uint64_t readiness = 0;             ///< that of Readiness, likewise
    std::optional<std::string> unready; ///< a service's: why; nothing: it has told nothing
    Fd report;                          ///< a service's: what it has told for `status`
    std::string failure;                ///< its error text about a failed start
    int failure_code = 0;               ///< WM_E...
    LogThrottle refusals;
};

class ChildEvents {
public:
    /// In the master, before it forks.
    virtual void forking(const SlotJob &job) = 0;
    /// In a child, first, with signals blocked.
    virtual void forked() = 0;
    /// With the process that it replaces; nullptr: none.
    virtual void child_ready(Child &child, Child *replaced) = 0;
    /// role: of the process in its slot before its end.
    virtual void child_died(Child &child, SlotRole role, int status) = 0;
    /// Its host wants another process in its place.
    virtual void child_asks(Child &child, const std::string &why) = 0;
    virtual void child_listed(Child &child, uint64_t listing) = 0;
    /// Its link of that number, to the process of that node, has ended.
    virtual void child_unlinked(Child &child, uint64_t node, int32_t number) = 0;
    virtual void log_full() = 0;

protected:
    ~ChildEvents() = default;
};

class Children {
public:
    Children(Loop &loop, SocketStore &sockets, KeyStore &keys, AccessFiles &access_files, SettingsStore &settings, ChildEvents &events);
    Children(const Children &) = delete;
    Children &operator=(const Children &) = delete;

    void add_slots(Worker &worker, size_t place, const Identity &identity);
    void add_slot(const Service &service, size_t place, const Identity &identity);
    /// Makes a status page for each process that can live at a time. False with errno.
    bool open_pages();
    /// Sets log, output and console of later processes.
    void set_common(const ChildPlan &common) { common_ = common; }

    enum class Started { kYes, kNo, kChild };
    /// Starts a process in a slot that can_start(). kChild: this is that process. kNo: with the detail.
    Started start(size_t slot);
    /// Starts what is due in empty slots.
    Started start_due(int64_t now_ms);

    /// Reads the messages of all children.
    void read_channels();
    /// Waits for those that have ended.
    void reap(int64_t now_ms);
    /// Kills those whose deadline has passed.
    void kill_late(int64_t now_ms);
    /// When kill_late or start_due has something to do.
    int64_t due_ms() const;

    /// Sends a child the message to end (kStop, kDrain, kLeave), and SIGKILL if it has not ended within
    /// limit_ms.
    void shut_down(Child &child, MessageKind how, int32_t timeout_ms, uint64_t spread_ms, int64_t limit_ms);
    void kill_all();
    /// No process is started any more.
    void close_slots();
    const SlotJob &job(const Child &child) const { return slots_[child.slot].job; }
    /// Sends it to each child that is not leaving; kLog to all.
    void broadcast(MessageKind kind, int fd);
    /// Sends each process the keys that are newer than those that it has.
    void hand_on_keys();
    /// Sends each process the access logs of its worker.
    void hand_on_access_logs();

    std::vector<Slot> &slots() { return slots_; }
    const std::vector<std::unique_ptr<Child>> &all() const { return children_; }
    const StatusPages &pages() const { return pages_; }
    /// nullptr: no process of the master has that id.
    Child *find(pid_t pid) const;
    bool all_ready() const;
    bool any_ready() const;
    size_t leaving() const;
    /// Whether a process of a worker is alive.
    bool any_of_workers() const;
    /// Whether the service of a slot would get other settings if it started now.
    bool has_new_settings(const Slot &slot) { return settings_.have_changed(*slot.job.service); }
    /// Whether there is a service to which every process is linked.
    bool any_joins() const;
    /// A number that changes with every start and end of a process, and with every change of one that serves.
    size_t changes() const { return changes_; }
    /// The node of a service is that of all its processes.
    bool is_service_node(uint64_t node) const { return node != 0 && node <= slots_.size(); }

    /// In a child: its slot.
    const Slot &running() const { return slots_[plan_slot_]; }
    /// In a child: its plan, identity and status page.
    const ChildPlan &plan() const { return plan_; }
    const Identity &identity() const { return *slots_[plan_slot_].job.identity; }
    StatusPage *page() const { return pages_.at(plan_.page); }
    /// In a child: closes all descriptors but those of the plan.
    void forget();

private:
    static void readable(Child *child);
    void read(Child &child, int most);
    void handle(Child &child, Message &message);
    void ready(Child &child);
    void keep_socket(Child &child, Message &message);
    void reap_orphans();
    void ended(Child &child, int status, int64_t now_ms);
    void remove(const Child &child);

    Loop &loop_;
    SocketStore &sockets_;
    KeyStore &keys_;
    AccessFiles &access_files_;
    SettingsStore &settings_;
    ChildEvents &events_;
    StatusPages pages_;
    std::vector<Slot> slots_;
    std::vector<std::unique_ptr<Child>> children_;
    size_t changes_ = 0;
    uint64_t started_ = 0; ///< processes so far
    ChildPlan common_;
    ChildPlan plan_;
    size_t plan_slot_ = 0;
};

} // namespace wm

#endif
