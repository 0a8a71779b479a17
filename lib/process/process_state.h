/**
 * @file
 * The state of a process, from proc(5).
 */
#ifndef WM_PROCESS_PROCESS_STATE_H
#define WM_PROCESS_PROCESS_STATE_H

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace wm {

/// Resident memory in bytes; 0 if unknown.
uint64_t resident_bytes(pid_t pid);
/// Whether it is stopped, by SIGSTOP or the like.
bool is_stopped(pid_t pid);
/// Whether it has ended, is ending, or was sent SIGKILL: its locks and ports will be free in a moment.
bool is_dying(pid_t pid);
/// Whether it is in the pid namespace of this process.
bool shares_pid_namespace(pid_t pid);
/// The number of threads of this process.
size_t own_threads();

} // namespace wm

#endif
