/**
 * @file
 * The running instances that a user may have meant, for errors.
 */
#ifndef WM_PROCESS_RUNNING_LIST_H
#define WM_PROCESS_RUNNING_LIST_H

#include "process/instance.h"

#include <string>

namespace wm {

/// A line for each other instance in run_dir whose program has the same file name, with its path and the
/// --name that reaches it; empty if there is none.
std::string list_running(const Instance &instance);

/// The same for this instance in other run_dirs: those of other users, of systemd, and of this user with another environment. A line has
/// the program, its user, the directory, and how to reach it.
std::string list_elsewhere(const Instance &instance);

} // namespace wm

#endif
