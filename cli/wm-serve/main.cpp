// wm-serve: ready-made servers of libwm, one for each sub-command.

#include "shared/print_text.h"
#include "shared/printable.h"
#include "wm-serve/check.h"
#include "wm-serve/command_line.h"
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
using wm::serve::Server;
using wm::serve::SettingError;
using wm::serve::Settings;
using wm::serve::start_files_error;
using wm::serve::SubCommand;

/// Behind what the library says of its commands.
constexpr const char *kMoreHelp = R"(
more commands:
  check            prints the settings that would hold, and where each came
                   from, with --json as one document; opens no port
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
        line.server = line.sub->make();
        settings.warnings.clear();
        return "";
    }
    Server &server = *line.server;
    bool needs_all = line.command.starts() || line.command.checks();
    std::string identity = server.instance().identity_error(), other = server.error();
    if (other.empty() && needs_all)
        other = server.missing();
    if (other.empty() && needs_all)
        other = server.files_error();
    if (other.empty() && line.command.checks())
        other = start_files_error(server.instance()); // a start finds out by making them
    if (!identity.empty())
        settings.errors.push_back({settings.explain(identity), true});
    else if (!other.empty())
        settings.errors.push_back({settings.explain(other)});
    if (needs_all)
        for (const std::string &warning : server.warnings())
            settings.warnings.push_back(settings.explain(warning));
    if (!needs_all)
        server.reset();
    for (const SettingError &error : settings.errors) {
        if (needs_all || error.of_instance)
            return error.text;
        settings.warnings.push_back(error.text);
    }
    return "";
}

/// What help() of the library says, and what is more here.
bool print_more_help(const SubCommand &sub)
{
    std::string addresses = sub.shown_addresses();
    std::string text = kMoreHelp + (addresses.empty() ? "" : "\naddresses: " + addresses + " before or behind the command\n");
    return wm::print_text(sub.tool().c_str(), text + "\n" + sub.tool() + " --help lists the settings.\n");
}

int run(CommandLine &line)
{
    raise_descriptor_limit();
    std::string error = line.error.empty() ? judge(line) : line.error, tool = line.sub->tool();
    if (!error.empty())
        fprintf(stderr, "%s: %s\n", tool.c_str(), printable_as_typed(error, kMaxErrorText).c_str());
    else if (!line.server->setup())
        fprintf(stderr, "%s: %s\n", tool.c_str(), (error = wm_last_error()).c_str());
    else if (line.command.checks() && !line.server->check())
        fprintf(stderr, "%s: %s\n", tool.c_str(), printable_as_typed(error = wm_last_error(), kMaxErrorText).c_str());
    bool in_document = line.command.checks() && line.command.json;
    if (error.empty() && !in_document)
        for (const std::string &each : line.settings.warnings)
            fprintf(stderr, "%s: warning: %s\n", tool.c_str(), printable_as_typed(each, kMaxErrorText).c_str());
    if (line.command.checks())
        return print_check(line, error);
    if (!error.empty())
        return kUsage;
    signal(SIGPIPE, SIG_IGN); // writing to a closed standard output must not end the process
    int code = line.server->run(line.command.arguments(tool, line.server->instance().name), line.command.starts() && !line.command.quiet);
    return line.command.helps() && code == 0 && !print_more_help(*line.sub) ? 1 : code;
}

} // namespace

int main(int argc, char **argv)
{
    try {
        CommandLine line;
        if (auto code = parse_command_line(argc, argv, line))
            return *code;
        return run(line);
    } catch (const std::exception &error) {
        fprintf(stderr, "wm-serve: %s\n", error.what());
        return 1;
    }
}
