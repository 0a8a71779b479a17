/**
 * @file
 * A wait status in words. Pure.
 */
#ifndef WM_PROCESS_REPORT_EXIT_STATUS_H
#define WM_PROCESS_REPORT_EXIT_STATUS_H

#include <string>

namespace wm {

/// Of waitpid(2): "exited with status 3", "killed by signal 9 (SIGKILL)", "killed by signal 11 (SIGSEGV),
/// core dumped". Names a stop or a continuation, too. asked: by the host of the process; "exited with status 0, as asked".
std::string describe_exit(int wait_status, bool asked = false);

/// "SIGKILL"; "SIGRTMIN", "SIGRTMIN+3"; "signal 77" for a number that has no name.
std::string signal_name(int number);

} // namespace wm

#endif
