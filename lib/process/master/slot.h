/**
 * @file
 * A slot of the master: one process that has to run, as a state machine over process ids. No system calls;
 * the master's thread.
 *
 *                      kEmpty     kStarting  kServing    kReplacing          kSucceeding
 *   started            kStarting  -          kReplacing  -                   -
 *   process ready      -          kServing   -           -                   -
 *   successor ready    -          -          -           kServing            kServing
 *   process ended      -          kEmpty     kEmpty      kSucceeding         -
 *   successor ended    -          -          -           kServing            kEmpty
 *   release(pid)       as ended, without a pause: the process was told to end
 *   close              kClosed, for good
 *
 * A process that was told to end has left its slot; any number of them may still be ending.
 */
#ifndef WM_PROCESS_MASTER_SLOT_H
#define WM_PROCESS_MASTER_SLOT_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace wm {

class Worker;
struct Identity;
struct Service;

enum class SlotState {
    kEmpty,      ///< no process; one is due at start_at_ms()
    kStarting,   ///< a process starts: at first, or after a death
    kServing,    ///< a process serves
    kReplacing,  ///< a process serves, and its successor starts
    kSucceeding, ///< the process has died while its successor starts
    kClosed,     ///< the master stops: no process is started any more
};

/// The role of a process in its slot.
enum class SlotRole { kLeaving, kStarting, kServing, kSuccessor };

/// What the processes of a slot run.
struct SlotJob {
    Worker *worker = nullptr;         ///< one of the two
    const Service *service = nullptr; ///< runs in one slot
    size_t place = 0;                 ///< among the app's workers, or its services
    int index = 0;                    ///< among the processes of that worker
    const Identity *identity = nullptr;

    const std::string &name() const;
    bool reloadable() const;
    /// Whether every other process is linked to it.
    bool joins() const;
    /// "worker[NAME:PID]", "service[NAME:PID]": as the log names a process.
    std::string label(pid_t pid) const;
    const char *kind() const { return service ? "service" : "worker"; }
};

class Slot {
public:
    explicit Slot(const SlotJob &runs) : job(runs) {}

    SlotState state() const { return state_; }
    bool can_start() const { return state_ == SlotState::kEmpty || state_ == SlotState::kServing; }
    bool is_serving() const { return state_ == SlotState::kServing || state_ == SlotState::kReplacing; }
    /// No process serves or starts for the first time, so that `status` shows a restart.
    bool is_gap() const { return state_ == SlotState::kEmpty || state_ == SlotState::kSucceeding; }
    /// The process that serves, or in kStarting the one that starts; 0: none.
    pid_t process() const { return process_; }
    /// 0: none.
    pid_t successor() const { return successor_; }
    SlotRole role(pid_t pid) const;
    /// In kEmpty and kSucceeding.
    int64_t start_at_ms() const { return start_at_ms_; }

    /// A process was started; only if can_start().
    void started(pid_t pid);
    /// No process could be started: the next attempt.
    void retry_at(int64_t ms) { start_at_ms_ = ms; }
    /// A process is ready; returns the one that it replaces, 0: none. Only for kStarting and kSuccessor.
    pid_t ready(pid_t pid);
    /// A process has ended, after serving for served_ms (-1: it was never ready). Returns its role.
    SlotRole ended(pid_t pid, int64_t served_ms, int64_t now_ms);
    /// The successor of a process that has served for served_ms cannot serve, and the process is going to be released all the
    /// same: the next start comes after the pause of an early death.
    void successor_failed(int64_t served_ms, int64_t now_ms);
    /// A process was told to end.
    void release(pid_t pid);
    /// A handover has brought a process that serves: the next death is the first in a row.
    void forget_deaths() { young_deaths_ = 0; }
    void close();

    SlotJob job;

private:
    void vacate(SlotRole role);
    void plan_start(bool after_young_death, int64_t served_ms, int64_t now_ms);

    SlotState state_ = SlotState::kEmpty;
    pid_t process_ = 0;
    pid_t successor_ = 0;
    int young_deaths_ = 0; ///< in a row
    int64_t start_at_ms_ = 0;
};

/// The pause before the next start after so many early deaths in a row: 0, 0.1, 0.2, 0.4 ... 10 s.
int64_t pause_after(int deaths);

} // namespace wm

#endif
