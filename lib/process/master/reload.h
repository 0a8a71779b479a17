/**
 * @file
 * A reload: one slot after the other gets a new process, and the old one drains when the new one serves. A
 * reload that is requested during another starts after it. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_RELOAD_H
#define WM_PROCESS_MASTER_RELOAD_H

#include "process/master/handover.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wm {

class Reload {
public:
    Reload(Children &children, const AppOptions &options) : children_(children), options_(options), handover_(children, options) {}

    /// Requests a reload, after the current one. Returns its number.
    uint64_t request(bool graceful);
    bool requested() const { return requested_ && !running_; }
    bool running() const { return running_; }
    uint64_t number() const { return number_; }

    void begin();
    /// Does the steps that are possible now. kChild: this is a new process.
    Children::Started step(int64_t now_ms);
    /// With the process that it replaces; nullptr: none.
    void child_ready(Child &child, Child *replaced);
    void child_died(const Child &child, SlotRole role, int status);
    /// Whether it is over; failure() is empty, or the reason why it has failed.
    bool finished() const { return finished_; }
    const std::string &failure() const { return failure_; }
    size_t replaced() const { return replaced_; }
    void end();
    void cancel(const std::string &why);

    int64_t due_ms() const;
    /// An upper bound.
    int64_t longest_ms() const;

private:
    int64_t timeout_ms() const { return graceful_ ? options_.graceful_timeout_ms : options_.reload_timeout_ms; }
    bool is_current(const Slot &slot);
    bool awaits_slot(const Slot &slot, int64_t now_ms);
    void give_up(const std::string &why);

    Children &children_;
    const AppOptions &options_;
    std::vector<size_t> pending_;
    Handover handover_;                       ///< of the slot whose new process is starting
    int64_t slot_deadline_ms_ = Loop::kNever; ///< for a slot whose process starts already
    uint64_t number_ = 0;
    size_t replaced_ = 0;
    bool running_ = false;
    bool finished_ = false;
    bool graceful_ = false;
    bool requested_ = false;
    bool requested_graceful_ = false;
    std::string failure_;
};

} // namespace wm

#endif
