/**
 * @file
 * Programs of the library's own that it starts: where they are, and a start that hands on nothing of this process.
 */
#ifndef WM_PROCESS_HELPER_H
#define WM_PROCESS_HELPER_H

#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

/// The absolute path of a helper, beside the library or beside the program that it is linked into; empty: it is not installed, or this
/// thread may not run it.
std::string find_helper(const char *name);

/// Whether that process runs the helper that is installed now.
bool runs_helper(pid_t pid, const char *name);

/// Starts it with these arguments, these variables ("NAME=VALUE") and TZ, and these descriptors beside the standard ones; returns on
/// failure only, with errno.
void exec_helper(const std::string &path, const std::vector<std::string> &arguments, const std::vector<std::string> &variables,
                 const std::vector<int> &descriptors);

} // namespace wm

#endif
