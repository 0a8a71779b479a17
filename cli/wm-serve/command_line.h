/**
 * @file
 * Parses the command line of wm-serve, and reads its environment and its config file.
 */
#ifndef WM_SERVE_COMMAND_LINE_H
#define WM_SERVE_COMMAND_LINE_H

#include "wm-serve/command.h"
#include "wm-serve/push_options.h"
#include "wm-serve/settings.h"

#include <cstddef>
#include <optional>
#include <string>

namespace wm::serve {

inline constexpr int kUsage = 2;              ///< exit code of an error in the command line
inline constexpr size_t kMaxErrorText = 2000; ///< characters of an error message: it may quote what was given

struct CommandLine {
    Command command;
    PushOptions options;
    Settings settings; ///< where the options came from
    std::string error; ///< of a command's flag, or empty
};

/// Returns the exit code if the program ends here: 0 after --help or --version, 1 if they could not be printed, kUsage after an error
/// message on standard error.
std::optional<int> parse_command_line(int argc, char **argv, CommandLine &out);

} // namespace wm::serve

#endif
