/**
 * @file
 * Reads a file of settings whole: a certificate, a key, a secret. Any thread.
 */
#ifndef WM_CORE_SMALL_FILE_H
#define WM_CORE_SMALL_FILE_H

#include <cstddef>
#include <string>

namespace wm {

/// A regular file of at most `most` bytes: 0, or a WM_E... code with `what`, the path and the reason in its detail.
int read_small_file(const char *what, const std::string &path, size_t most, std::string &out);

/// The same, of a file that is for its owner alone; also for its group, if root owns it: root has chosen its members.
int read_private_file(const char *what, const std::string &path, size_t most, std::string &out);

} // namespace wm

#endif
