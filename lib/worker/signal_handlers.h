/**
 * @file
 * The signals that a host has in its app's loop: ids, callbacks and records in front of core/signal_arrivals. Owned by the
 * app; the app's thread.
 */
#ifndef WM_WORKER_SIGNAL_HANDLERS_H
#define WM_WORKER_SIGNAL_HANDLERS_H

#include "core/signal_arrivals.h"
#include "core/slot_table.h"
#include "wm/watch.h"

#include <cstdint>
#include <initializer_list>

namespace wm {

class App;

class SignalHandlers {
public:
    SignalHandlers(App &app, uint32_t generation_base) : app_(app), table_(generation_base) {}

    /// 0, or a WM_E... code with its detail.
    int add(int32_t number, wm_signal_fn fn, void *user, wm_destroy_fn destroy, wm_signal *signal);
    int remove(uint32_t slot, uint32_t generation);

    /// The processes of a master handle these themselves. 0, or WM_ESTATE if the host has one of them already.
    int reserve(std::initializer_list<int> numbers);

    /// The loop, whose eventfd this is, has opened: signals wake it.
    void loop_opened(int wake_fd);
    /// The app does not run, for now or for good: the dispositions of before are restored.
    void suspend();
    /// Calls what has arrived.
    void run()
    {
        if (SignalArrivals::pending(index_of_app()) != 0)
            call_arrived();
    }

    /// Calls the destroy notifiers of the remaining registrations, when the app is freed.
    void drop_all();
    uint32_t highest_generation() const { return table_.highest_generation(); }

private:
    struct Entry {
        int number;
        wm_signal_fn fn;
        void *user;
        wm_destroy_fn destroy;
        uint64_t record = 0; ///< number of its last record in the overflow list
    };

    uint32_t index_of_app() const;
    int check(int32_t number) const;
    int is_reserved(int number) const;
    bool has(int number);
    uint64_t id_of(uint32_t slot) const;
    void call_arrived();
    void deliver(uint32_t slot);
    void release(uint32_t slot);

    App &app_;
    SlotTable<Entry, kSignalSlots> table_;
    uint64_t reserved_ = 0;  ///< signal_bit() of each
    bool suspended_ = false; ///< until the loop opens
};

} // namespace wm

#endif
