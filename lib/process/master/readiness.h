/**
 * @file
 * Whether the services of a program are ready, as they tell, and who learns of it: each process of a worker, and the service manager. The
 * master's thread.
 */
#ifndef WM_PROCESS_MASTER_READINESS_H
#define WM_PROCESS_MASTER_READINESS_H

#include "core/loop.h"
#include "process/master/children.h"
#include "process/master/notify.h"

#include <cstdint>
#include <set>
#include <string>

namespace wm {

class Readiness {
public:
    Readiness(Children &children, const Notify &notify) : children_(children), notify_(notify) {}

    /// All processes serve: from here on the service manager is told of the services, with `state` before that.
    void serves(const std::string &state) { state_ = state; }
    /// To the service manager: a reload begins, and has ended.
    void reloads() const;
    void reloaded() const;
    /// Tells what has changed.
    void step(int64_t now_ms);
    /// The master stops: nothing is told any more.
    void stop();
    int64_t due_ms() const { return due_ms_; }

private:
    std::string find_why();
    void tell_processes(int64_t now_ms);
    void tell_manager(int64_t now_ms);

    Children &children_;
    const Notify &notify_;
    std::set<size_t> slots_;  ///< of services that have told something
    std::string why_;         ///< empty: all are ready
    uint64_t generation_ = 0; ///< of why_
    std::string state_;       ///< empty: not all processes serve yet
    std::string told_;        ///< what the service manager was told last
    bool stopping_ = false;
    bool ready_ = false; ///< it was told READY, which cannot be taken back
    int64_t extend_at_ms_ = 0;
    int64_t due_ms_ = Loop::kNever;
};

} // namespace wm

#endif
