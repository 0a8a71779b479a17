/**
 * @file
 * The program that this process runs: its arguments, and a fresh start by exec.
 */
#ifndef WM_PROCESS_PROGRAM_H
#define WM_PROCESS_PROGRAM_H

#include <string>
#include <vector>

namespace wm {

/// The command line of this process, as the kernel keeps it (proc(5)).
std::vector<std::string> own_arguments();
/// Starts this process's program again with these arguments, adding variables ("NAME=VALUE") to the
/// environment; returns on failure only, with errno. Runs between fork and exec, so it must not take the lock
/// of the environment.
void exec_self(const std::vector<std::string> &arguments, const std::vector<std::string> &variables);

} // namespace wm

#endif
