/**
 * @file
 * Parses the command line of wm-serve, and reads its environment and its config file.
 */
#ifndef WM_SERVE_COMMAND_LINE_H
#define WM_SERVE_COMMAND_LINE_H

#include "wm-serve/command.h"
#include "wm-serve/server.h"
#include "wm-serve/settings.h"
#include "wm-serve/sub_commands.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace wm::serve {

inline constexpr int kUsage = 2;              ///< exit code of an error in the command line
inline constexpr size_t kMaxErrorText = 2000; ///< characters of an error message: it may quote what was given

struct CommandLine {
    const SubCommand *sub = nullptr;
    Command command;
    std::unique_ptr<Server> server; ///< of the sub-command, with its settings
    Settings settings;              ///< where these came from
    std::string error;              ///< of a command's flag, or empty
};

/// Returns the exit code if the program ends here: 0 after --help or --version, 1 if they could not be printed, kUsage after an error
/// message on standard error.
std::optional<int> parse_command_line(int argc, char **argv, CommandLine &out);

} // namespace wm::serve

#endif
