/**
 * @file
 * The change of process in one slot: the successor starts, and when it serves, the old process drains. A reload does it
 * for one slot after the other, a replacement for a process that has asked. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_HANDOVER_H
#define WM_PROCESS_MASTER_HANDOVER_H

#include "process/master/children.h"

#include <cstdint>
#include <string>

namespace wm {

class Handover {
public:
    Handover(Children &children, const AppOptions &options) : children_(&children), options_(&options) {}

    /// Starts a process in a slot that can_start(); in an empty one it succeeds nobody. kChild: this is that process. kNo:
    /// with the detail.
    Children::Started start(size_t slot, int64_t now_ms);
    /// Until end(), or until one of the functions below has returned true.
    bool running() const { return slot_ != kNone; }
    size_t slot() const { return slot_; }
    int64_t due_ms() const { return deadline_ms_; }

    /// True when the new process serves. `replaced` (nullptr: none) gets that message, and timeout_ms to drain.
    bool child_ready(Child &child, Child *replaced, MessageKind how, int64_t timeout_ms);
    /// True when the new process has died before; *why is the reason.
    bool child_died(const Child &child, SlotRole role, int status, std::string *why);
    /// True when the new process is not ready in time. It starts on.
    bool is_late(int64_t now_ms, std::string *why);
    /// The new process is told to stop; then as end().
    void give_up();
    void end();

    /// Lets a process drain without a successor.
    void drain(Child &child, MessageKind how, int64_t timeout_ms);
    /// The longest that a drain may take.
    static int64_t limit_ms(int64_t timeout_ms);
    /// Why a reload fails that has waited for a process as long as a handover does.
    static std::string late_text(const AppOptions &options);

private:
    static constexpr size_t kNone = SIZE_MAX;

    Children *children_;
    const AppOptions *options_;
    size_t slot_ = kNone;
    int64_t deadline_ms_ = Loop::kNever;
};

} // namespace wm

#endif
