/**
 * @file
 * A file in memory that no path leads to, for what one process hands to another with the descriptor. Any thread.
 */
#ifndef WM_PROCESS_SEALED_FILE_H
#define WM_PROCESS_SEALED_FILE_H

#include "core/fd.h"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace wm {

/// A file with these parts, close-on-exec, that nobody can change. Not open, with errno.
Fd make_sealed_file(const char *name, std::initializer_list<std::string_view> parts);

/// Reads such a file, of at most `most` bytes. False: it is longer, cannot be read, or is another file, which might block or change.
bool read_sealed_file(int fd, size_t most, std::string &out);

} // namespace wm

#endif
