/**
 * @file
 * The program that this process runs: its arguments, and starting it anew.
 */
#ifndef WM_PROCESS_PROGRAM_H
#define WM_PROCESS_PROGRAM_H

#include <string>
#include <vector>

namespace wm {

/// The command line of this process, as the kernel keeps it (proc(5)).
std::vector<std::string> own_arguments();
/// Starts this process's program anew with these arguments, and these variables ("NAME=VALUE") beside its own; returns on failure only,
/// with errno. Between fork and exec: takes no lock of the environment's.
void exec_self(const std::vector<std::string> &arguments, const std::vector<std::string> &variables);

} // namespace wm

#endif
