/**
 * @file
 * Replaces processes that have asked for it (wm_app_stop, max_requests): one at a time of each worker, the others wait in
 * turn. The successor serves first, then the old process drains. If no successor comes to serve in time, the old one drains
 * all the same, as it may have asked for want of memory: one that is late takes over once it serves, one that has died
 * counts as an early death of the slot. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_REPLACEMENTS_H
#define WM_PROCESS_MASTER_REPLACEMENTS_H

#include "process/master/handover.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

class Replacements {
public:
    Replacements(Children &children, const AppOptions &options) : children_(children), options_(options) {}

    void request(const Child &child);
    /// Does the steps that are possible now. Without may_start (a reload runs) none begins. kChild: this is a new process.
    Children::Started step(int64_t now_ms, bool may_start);
    void child_ready(Child &child, Child *replaced);
    void child_died(const Child &child, SlotRole role, int status, int64_t now_ms);
    /// The master stops.
    void cancel();
    /// As of the last step().
    int64_t due_ms() const { return due_ms_; }

private:
    /// Ends with the old process, so that a worker has no more than one process too many.
    struct Replacement {
        pid_t old;
        const Worker *worker;
        Handover handover;
    };

    Children::Started start_waiting(int64_t now_ms);
    Children::Started start(Child &old, int64_t now_ms);
    void fail(const Replacement &failed, const std::string &why, int64_t now_ms);
    void drain(const Replacement &failed, const std::string &how);
    bool is_busy(const Worker *worker) const;

    Children &children_;
    const AppOptions &options_;
    std::vector<pid_t> waiting_;
    std::vector<Replacement> running_;
    int64_t due_ms_ = Loop::kNever;
};

} // namespace wm

#endif
