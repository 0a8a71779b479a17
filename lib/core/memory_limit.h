/**
 * @file
 * How much memory this process may use: that of the machine, or less where its control groups allow less
 * (cgroups(7)), as in a container. Any thread.
 */
#ifndef WM_CORE_MEMORY_LIMIT_H
#define WM_CORE_MEMORY_LIMIT_H

#include <cstdint>
#include <string>

namespace wm {

/// In bytes. Read once a process.
int64_t memory_limit();

/// The limit of the control groups alone, both versions; INT64_MAX: there is none. `root` stands before the
/// paths of the files, for tests.
int64_t cgroup_memory_limit(const std::string &root);

} // namespace wm

#endif
