// wm-serve: ready-made servers of libwm, one for each sub-command.

#include "shared/print_text.h"
#include "shared/printable.h"
#include "wm-serve/check.h"
#include "wm-serve/command_line.h"
#include "wm-serve/push_server.h"
#include "wm-serve/start_files.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using wm::printable_as_typed;
using wm::serve::CommandLine;
using wm::serve::kMaxErrorText;
using wm::serve::kUsage;
using wm::serve::parse_command_line;
using wm::serve::print_check;
using wm::serve::PushServer;
using wm::serve::SettingError;
using wm::serve::Settings;
using wm::serve::start_files_error;

/// Behind what the library says of its commands.
constexpr const char *kMoreHelp = R"(
more commands:
  check            prints the settings that would hold, and where each came
                   from, with --json as one document; opens no port

wm-serve push --help lists the settings.
)";

/// Raises the soft limit to the hard limit: shells start with a low one.
void raise_descriptor_limit()
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/// Decides which errors of the settings end the command: of those that start a server all do. Others need the instance alone, and a
/// mistake elsewhere must not keep them from stopping it. Returns the first, or nothing.
std::string judge(CommandLine &line)
{
    Settings &settings = line.settings;
    if (line.command.helps()) {
        line.options = {};
        settings.warnings.clear();
        return "";
    }
    std::string name = line.options.name_error(), other = line.options.error();
    if (other.empty() && line.command.checks())
        other = start_files_error(line.options); // a start finds out by making them
    if (!name.empty())
        settings.errors.push_back({settings.explain(name), true});
    else if (!other.empty())
        settings.errors.push_back({settings.explain(other)});
    bool needs_all = line.command.starts() || line.command.checks();
    if (std::string warning = line.options.warning(); needs_all && !warning.empty())
        settings.warnings.push_back(settings.explain(warning));
    if (!needs_all)
        line.options = line.options.instance();
    for (const SettingError &error : settings.errors) {
        if (needs_all || error.of_instance)
            return error.text;
        settings.warnings.push_back(error.text);
    }
    return "";
}

void print_error(const std::string &error)
{
    fprintf(stderr, "wm-serve push: %s\n", printable_as_typed(error, kMaxErrorText).c_str());
}

int run_push(CommandLine &line)
{
    raise_descriptor_limit();
    std::string error = line.error.empty() ? judge(line) : line.error;
    PushServer server(line.options);
    if (!error.empty())
        print_error(error);
    else if (!server.setup())
        error = wm_last_error();
    else if (line.command.checks() && !server.check())
        print_error(error = wm_last_error());
    bool in_document = line.command.checks() && line.command.json;
    if (error.empty() && !in_document)
        for (const std::string &each : line.settings.warnings)
            fprintf(stderr, "wm-serve push: warning: %s\n", printable_as_typed(each, kMaxErrorText).c_str());
    if (line.command.checks())
        return print_check(line, error);
    if (!error.empty())
        return kUsage;
    signal(SIGPIPE, SIG_IGN); // writing to a closed standard output must not end the process
    int code = server.run(line.command.arguments(line.options.name), line.command.starts() && !line.command.quiet);
    if (line.command.helps() && code == 0 && !wm::print_text("wm-serve push", kMoreHelp))
        return 1;
    return code;
}

} // namespace

int main(int argc, char **argv)
{
    try {
        CommandLine line;
        if (auto code = parse_command_line(argc, argv, line))
            return *code;
        return run_push(line);
    } catch (const std::exception &error) {
        fprintf(stderr, "wm-serve: %s\n", error.what());
        return 1;
    }
}
