/**
 * @file
 * What keeps a server from starting for the sake of its files, as `check` finds it without making one. Any thread.
 */
#ifndef WM_SERVE_START_FILES_H
#define WM_SERVE_START_FILES_H

#include "wm-serve/instance_options.h"

#include <string>

namespace wm::serve {

/// Empty, or an error that names the flag.
std::string start_files_error(const InstanceOptions &options);
/// The same of the path of a file that a start opens for appending, and makes if it is missing, with its last directory; empty: no file.
std::string output_file_error(const std::string &flag, const std::string &path);

} // namespace wm::serve

#endif
