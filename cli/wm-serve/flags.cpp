#include "wm-serve/flags.h"

#include "wm-serve/instance_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <sched.h>

namespace wm::serve {

namespace {

bool is_number(const std::string &given)
{
    bool digits = !given.empty() && given.size() <= 9 && given.find_first_not_of("0123456789") == std::string::npos;
    return digits && given.find_first_not_of('0') != std::string::npos;
}

/// That this process may use.
int64_t processors()
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(CPU_COUNT(&set), 1) : 1;
}

} // namespace

CLI::Option *add_text(CLI::App &command, const char *flag, const char *type, std::string &out, const char *text)
{
    return command.add_option(flag, out, text)->type_name(type)->default_str(out);
}

CLI::Option *add_list(CLI::App &command, const char *flag, const char *type, std::vector<std::string> &out, const char *text)
{
    return command.add_option(flag, out, text)->type_name(type)->allow_extra_args(false);
}

CLI::Option *add_switch(CLI::App &command, const char *flag, bool &out, const char *text)
{
    return command.add_flag(flag, out, text)->default_str("false");
}

CLI::Option *add_number(CLI::App &command, const char *flag, int64_t &out, const char *text)
{
    auto check = [](const std::string &given) {
        return is_number(given) ? "" : "\"" + given + "\" is no whole number from 1 to 999999999";
    };
    return command.add_option(flag, out, text)->type_name("N")->check(check);
}

CLI::Option *add_count(CLI::App &command, int64_t &out, const char *text)
{
    auto take = [&out](const std::string &given) {
        if (!is_number(given) && given != "auto")
            throw CLI::ValidationError("--count", "\"" + given + "\" is neither a whole number from 1 to 999999999 nor auto");
        out = given == "auto" ? processors() : std::stol(given);
    };
    return command.add_option_function<std::string>("--count", take, text)->type_name("N")->default_str(std::to_string(out));
}

/// CLI11 prints the text of the exception.
CLI::Option *add_duration(CLI::App &command, const char *flag, const DurationRange &range, int64_t &out_ms, const char *text)
{
    auto take = [flag, range, &out_ms](const std::string &given) {
        std::chrono::milliseconds parsed;
        if (!parse_duration(given, range, parsed))
            throw CLI::ValidationError(flag, given + ": " + duration_error(given, range));
        out_ms = parsed.count();
    };
    std::string usual = duration_text(std::chrono::milliseconds(out_ms));
    return command.add_option_function<std::string>(flag, take, text)->type_name("TIME")->default_str(usual);
}

CLI::Option *add_number_with_default(CLI::App &command, const char *flag, int64_t &out, const char *text)
{
    return add_number(command, flag, out, text)->default_str(std::to_string(out));
}

void add_instance_flags(CLI::App &command, InstanceOptions &options)
{
    add_text(command, "--name", "NAME", options.name, "name of the instance");
    add_text(command, "--run-dir", "PATH", options.run_dir, "directory of its pid file and control socket");
    add_text(command, "--log-file", "PATH", options.log_file, "log file (default with -d: NAME.log in --run-dir)");
    add_text(command, "--log-level", "LEVEL", options.log_level, "debug, info, warning or error");
    add_text(command, "--user", "NAME", options.user, "user to run as (needs root)");
    add_text(command, "--group", "NAME", options.group, "group to run as (needs root)");
}

} // namespace wm::serve
