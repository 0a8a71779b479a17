/**
 * @file
 * What the kernel tells of a process (proc(5)).
 */
#ifndef WM_PROCESS_PROCESS_STATE_H
#define WM_PROCESS_PROCESS_STATE_H

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace wm {

/// Resident memory in bytes; 0 when it cannot be known.
uint64_t resident_bytes(pid_t pid);
/// Whether it is stopped, by SIGSTOP or the like.
bool is_stopped(pid_t pid);
/// Whether it has ended, is ending, or has been sent SIGKILL: what it holds will be free in a moment.
bool is_dying(pid_t pid);
/// Whether its number means the same to it as to this process.
bool shares_pid_namespace(pid_t pid);
/// How many threads this process has.
size_t own_threads();

} // namespace wm

#endif
