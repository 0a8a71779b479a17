/**
 * @file
 * The program that this process runs: its place, its arguments, and a fresh start by exec.
 */
#ifndef WM_PROCESS_PROGRAM_H
#define WM_PROCESS_PROGRAM_H

#include <string>
#include <vector>

namespace wm {

/// The absolute path of the program, as it was given: `program` is the first word of its command line, for a
/// script the script. `.`, `..` and double slashes are removed from the text alone; links stay, so that a path
/// through a link is the same one when the link leads elsewhere. Where that is no file, or the word is this
/// executable's name and another file has it in the working directory, the shell has found the program in PATH:
/// the path of the executable.
std::string program_path(const std::string &program);

/// The command line of this process, as the kernel keeps it (proc(5)).
std::vector<std::string> own_arguments();
/// For execve(): ends with nullptr, and borrows the texts.
std::vector<char *> c_strings(const std::vector<std::string> &texts);
/// Starts this process's program again with these arguments, adding variables ("NAME=VALUE") to the
/// environment, and with these descriptors beside those that it hands on; returns on failure only, with errno.
/// Runs between fork and exec, so it must not take the lock of the environment.
void exec_self(const std::vector<std::string> &arguments, const std::vector<std::string> &variables, const std::vector<int> &descriptors);

} // namespace wm

#endif
