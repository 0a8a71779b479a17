/**
 * @file
 * The kinds of flags that settings have, and the flags that every server has. A setting is defined once, by one of these calls: --help, the
 * config file, variables and `check` have it then.
 */
#ifndef WM_SERVE_FLAGS_H
#define WM_SERVE_FLAGS_H

#include "shared/duration.h"

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace wm::serve {

struct InstanceOptions;

/// Adds a setting that takes one text; its default is the value that is there.
CLI::Option *add_text(CLI::App &command, const char *flag, const char *type, std::string &out, const char *text);
/// Adds a setting that may be given several times.
CLI::Option *add_list(CLI::App &command, const char *flag, const char *type, std::vector<std::string> &out, const char *text);
CLI::Option *add_switch(CLI::App &command, const char *flag, bool &out, const char *text);
/// Adds a setting that takes a whole number from 1 on.
CLI::Option *add_number(CLI::App &command, const char *flag, int64_t &out, const char *text);
/// The same, with the number that is there as its default.
CLI::Option *add_number_with_default(CLI::App &command, const char *flag, int64_t &out, const char *text);
/// Adds --count: a number of processes, or `auto`, one for each processor that this process may use.
CLI::Option *add_count(CLI::App &command, int64_t &out, const char *text);
inline constexpr DurationRange kOrZero = {.zero = true};
/// Adds a setting that takes a duration in that range.
CLI::Option *add_duration(CLI::App &command, const char *flag, const DurationRange &range, int64_t &out_ms, const char *text);

/// Adds the settings of the instance.
void add_instance_flags(CLI::App &command, InstanceOptions &options);

} // namespace wm::serve

#endif
