/**
 * @file
 * The watches of an app: ids, callbacks and records in front of core/foreign_fds. Owned by the app; the app's thread.
 */
#ifndef WM_WORKER_WATCHES_H
#define WM_WORKER_WATCHES_H

#include "core/file_identity.h"
#include "core/foreign_fds.h"
#include "core/log.h"
#include "core/slot_table.h"
#include "wm/watch.h"

#include <cstdint>
#include <vector>

namespace wm {

class App;

class Watches {
public:
    Watches(App &app, uint32_t generation_base) : app_(app), table_(generation_base) {}

    /// 0, or a WM_E... code with its detail.
    int add(int fd, int32_t events, wm_watch_fn fn, void *user, wm_destroy_fn destroy, wm_watch *watch);
    int set(uint32_t slot, uint32_t generation, int32_t events);
    int remove(uint32_t slot, uint32_t generation);

    /// Registers what was added before the loop was open. 0, or a WM_E... code with its detail.
    int loop_opened();
    /// The loop closes.
    void close();

    /// Calls the destroy notifiers of the remaining watches, when the app is freed.
    void drop_all();
    uint32_t highest_generation() const { return table_.highest_generation(); }

private:
    using Link = uint32_t; ///< a slot + 1; 0: none

    struct Entry {
        int fd;
        FileIdentity file; ///< what it meant when it was added
        uint32_t events;   ///< of Watch::kRead and kWrite
        wm_watch_fn fn;
        void *user;
        wm_destroy_fn destroy;
        uint64_t record = 0;       ///< number of its last record in the overflow list
        uint64_t record_epoch = 0; ///< of the poll that has got its last record
        Link next = 0;             ///< of the same descriptor
        bool linked = false;       ///< registered; false once the descriptor turns out to be closed or another file
    };

    static bool ready(void *self, int fd, uint32_t ready);
    static void lost(void *self, int fd);

    int open_fds();
    int link(uint32_t slot);
    static int no_longer(int fd);
    static int refused(int fd, int number);
    void unlink(uint32_t slot);
    void lose(int fd);
    uint32_t interest_of(int fd);
    Link &first_of(int fd) { return first_[static_cast<size_t>(fd)]; }
    void call(uint32_t slot, uint32_t ready);
    void make_record(uint32_t slot, uint32_t ready);
    uint64_t id_of(uint32_t slot) const;
    void release(uint32_t slot);

    App &app_;
    SlotTable<Entry, kWatchSlots> table_;
    ForeignFds fds_;
    std::vector<Link> first_; ///< by descriptor: its newest watch
    Link cursor_ = 0;         ///< the next to be called for the descriptor that is ready
    LogThrottle lost_throttle_;
};

} // namespace wm

#endif
