/**
 * @file
 * The command `check`: what would hold at a start, and where each value came from.
 */
#ifndef WM_SERVE_CHECK_H
#define WM_SERVE_CHECK_H

#include "wm-serve/command_line.h"

#include <string>

namespace wm::serve {

/// Prints the settings, as a table where there is no error or as a document with the error and the warnings. Returns the exit code.
int print_check(const CommandLine &line, const std::string &error);

} // namespace wm::serve

#endif
