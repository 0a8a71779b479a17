/**
 * @file
 * A reload: one slot after the other gets a new process, and the old one lets its connections go when the new one serves. One that comes
 * while another is under way waits for it. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_RELOAD_H
#define WM_PROCESS_MASTER_RELOAD_H

#include "process/master/children.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wm {

class Reload {
public:
    Reload(Children &children, const AppOptions &options) : children_(children), options_(options) {}

    /// Wants one, after the one that is under way. Who waits for it asks for the number.
    uint64_t want(bool graceful);
    bool wanted() const { return wanted_ && !running_; }
    bool running() const { return running_; }
    uint64_t number() const { return number_; }

    void begin();
    /// Goes on as far as it can. kChild: this is a new process.
    Children::Started step(int64_t now_ms);
    /// With the process that it replaces; nullptr: none.
    void child_ready(Child &child, Child *replaced);
    void child_died(const Child &child, SlotRole role, int status);
    /// It is over; empty, or why it has failed.
    bool finished() const { return finished_; }
    const std::string &failure() const { return failure_; }
    size_t replaced() const { return replaced_; }
    void end();
    void cancel(const std::string &why);

    int64_t due_ms() const;
    /// The longest that it can take.
    int64_t longest_ms() const;

private:
    int64_t timeout_ms() const { return graceful_ ? options_.graceful_timeout_ms : options_.reload_timeout_ms; }
    void give_up(const std::string &why);

    static constexpr size_t kNone = SIZE_MAX;

    Children &children_;
    const AppOptions &options_;
    std::vector<size_t> pending_;
    size_t current_ = kNone; ///< slot whose new process is starting
    int64_t deadline_ms_ = Loop::kNever;
    uint64_t number_ = 0;
    size_t replaced_ = 0;
    bool running_ = false;
    bool finished_ = false;
    bool graceful_ = false;
    bool wanted_ = false;
    bool wanted_graceful_ = false;
    std::string failure_;
};

} // namespace wm

#endif
