// wm-serve: ready-made servers of libwm, one for each sub-command.

#include "wm-serve/command_line.h"
#include "wm-serve/push_server.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <sys/resource.h>

namespace {

using wm::serve::CommandLine;
using wm::serve::kUsage;
using wm::serve::parse_command_line;
using wm::serve::PushServer;

/// Raises the soft limit to the hard limit: shells start with a low one.
void raise_descriptor_limit()
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int run_push(const CommandLine &line)
{
    std::string error = line.options.error();
    if (!error.empty()) {
        fprintf(stderr, "wm-serve push: %s\n", error.c_str());
        return kUsage;
    }
    raise_descriptor_limit();
    PushServer server(line.options);
    if (!server.setup())
        return kUsage;
    std::string warning = line.command.starts() ? line.options.warning() : "";
    if (!warning.empty())
        fprintf(stderr, "wm-serve push: warning: %s\n", warning.c_str());
    signal(SIGPIPE, SIG_IGN); // writing to a closed standard output must not end the process
    return server.run(line.command.arguments(line.options.name), line.command.starts() && !line.command.quiet);
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
