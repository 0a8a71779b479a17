/**
 * @file
 * Opens what is appended to: logs. Any thread.
 */
#ifndef WM_CORE_APPEND_FILE_H
#define WM_CORE_APPEND_FILE_H

#include "core/fd.h"

#include <string>

namespace wm {

/// Opens it for appending, along links as open_path(), and makes it with mode 0640. No write waits (O_NONBLOCK), and a FIFO without a
/// reader is an error. Not open, with errno.
Fd open_append(const std::string &path);

/// Makes the last directory of the path, with mode 0755; what fails shows in open_append().
void make_directory_of(const std::string &path);

} // namespace wm

#endif
