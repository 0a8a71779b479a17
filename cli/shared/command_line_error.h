/**
 * @file
 * What is wrong with a command line of the tools, and what to type instead, where CLI11 only says that it is wrong. Any thread.
 */
#ifndef WM_CLI_COMMAND_LINE_ERROR_H
#define WM_CLI_COMMAND_LINE_ERROR_H

#include <CLI/App.hpp>
#include <CLI/Error.hpp>
#include <string>
#include <vector>

namespace wm {

/// The long names of the flags, with their dashes.
std::vector<std::string> long_flags(const CLI::App &app);

/// The text for a command line that `app`, the innermost one, has rejected with `error`: one sentence without the program's name and
/// without a full stop.
std::string describe_command_line(const CLI::App &app, const CLI::ParseError &error);

/// Makes a flag behind an option an error: CLI11 takes it as the value of the option. To be called when all options are there.
void refuse_flags_as_values(CLI::App &app);

/// The error of the first word that is a long flag of `app` behind one dash, "" if there is none: CLI11 takes -server as -s erver.
std::string find_single_dash(const CLI::App &app, int argc, char **argv);

/// The text for a flag that does not exist, with the one that may be meant.
std::string describe_unknown_flag(const CLI::App &app, const std::string &word);

} // namespace wm

#endif
