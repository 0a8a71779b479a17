/**
 * @file
 * Parses the command line of wm-serve.
 */
#ifndef WM_SERVE_COMMAND_LINE_H
#define WM_SERVE_COMMAND_LINE_H

#include "wm-serve/command.h"
#include "wm-serve/push_options.h"

#include <optional>

namespace wm::serve {

inline constexpr int kUsage = 2; ///< exit code of an error in the command line

struct CommandLine {
    Command command;
    PushOptions options;
};

/// Returns the exit code if the program ends here: 0 after --help or --version, kUsage after an error message on standard error.
std::optional<int> parse_command_line(int argc, char **argv, CommandLine &out);

} // namespace wm::serve

#endif
