// wm-serve: ready-made servers of libwm, one for each sub-command.

#include "shared/duration.h"
#include "wm-serve/push_server.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using wm::serve::PushOptions;
using wm::serve::PushServer;

constexpr int kUsage = 2;

constexpr const char *kExamples = R"(Examples:
  wm-serve push start -d
  wm-push uid1 '{"percent":"88%"}'
  wm-serve push --listen websocket://0.0.0.0:1234 --origin https://example.com)";

/// Adds an option that takes a duration; CLI11 prints the text of the exception.
void add_duration(CLI::App &app, const char *name, bool zero, int64_t &out_ms, const char *text)
{
    auto take = [name, zero, &out_ms](const std::string &given) {
        std::chrono::milliseconds parsed;
        if (!wm::parse_duration(given, zero, parsed))
            throw CLI::ValidationError(name, given + ": " + wm::kDurationForm);
        out_ms = parsed.count();
    };
    app.add_option_function<std::string>(name, take, text)->type_name("TIME");
}

/// The command and flags for wm_app_main, as parsed by CLI11.
struct Command {
    std::string verb = "start";
    bool daemon = false;
    bool graceful = false;
    bool quiet = false;
    bool json = false;
    std::string worker;
    std::string sort;
    std::string uid;

    bool starts() const { return verb == "start" || verb == "restart"; }

    std::vector<std::string> arguments(const std::string &name) const
    {
        std::vector<std::string> out = {"wm-serve push", verb, "--name=" + name};
        auto add = [&out](bool given, const char *flag) {
            if (given)
                out.emplace_back(flag);
        };
        add(daemon, "-d");
        add(graceful, "-g");
        add(json, "--json");
        add(quiet || starts(), "-q"); // the server prints its own, more detailed start message
        if (!worker.empty())
            out.push_back("--worker=" + worker);
        if (!sort.empty())
            out.push_back("--sort=" + sort);
        if (!uid.empty())
            out.push_back("--uid=" + uid);
        return out;
    }
};

void add_command(CLI::App &push, Command &command, PushOptions &options)
{
    // `help` prints the library's usage with all commands and flags: here one line is enough.
    constexpr const char *kHidden = "";
    push.add_option("command", command.verb, "start [-d], stop, restart, reload [-g], status, connections; `help` explains them")
        ->type_name("");
    push.add_flag("-d,--daemon", command.daemon)->group(kHidden);
    push.add_flag("-g,--graceful", command.graceful)->group(kHidden);
    push.add_flag("-q,--quiet", command.quiet)->group(kHidden);
    push.add_flag("--json", command.json)->group(kHidden);
    push.add_option("--worker", command.worker)->group(kHidden);
    push.add_option("--sort", command.sort)->group(kHidden);
    push.add_option("--uid", command.uid)->group(kHidden);
    push.add_option("--name", options.name, "name of the instance")->capture_default_str()->type_name("NAME");
    push.add_option("--run-dir", options.run_dir, "directory of its pid file and control socket")->type_name("PATH");
    push.add_option("--log-file", options.log_file, "log file (default with -d: NAME.log in --run-dir)")->type_name("PATH");
    push.add_option("--user", options.user, "user to run as (needs root)")->type_name("NAME");
    push.add_option("--group", options.group, "group to run as (needs root)")->type_name("NAME");
}

std::string whole_number(const std::string &text)
{
    bool digits = !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string::npos;
    return digits && text.find_first_not_of('0') != std::string::npos ? "" : "\"" + text + "\" is no whole number from 1 to 999999999";
}

void add_push(CLI::App &app, PushOptions &options, Command &command)
{
    CLI::App *push = app.add_subcommand("push", "Push messages to web pages by uid");
    push->get_formatter()->column_width(52);
    push->footer(kExamples);
    push->add_option("--listen", options.listen, "websocket address for pages")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--inner", options.inner, "line port for back ends, or off")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--http", options.http, "test page and POST /push, or off")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--origin", options.origins, "allowed origin of pages (repeatable; default: any)")
        ->type_name("URL")
        ->allow_extra_args(false);
    push->add_option("--host", options.hosts, "allowed Host of --http (repeatable)")->type_name("NAME")->allow_extra_args(false);
    push->add_flag("--insecure-inner", options.insecure_inner, "let other machines reach --inner and --http");
    add_duration(*push, "--uid-timeout", false, options.uid_timeout_ms, "time for a page to send its uid (default: 10s)");
    add_duration(*push, "--ping", true, options.ping_ms, "time between pings (default: 25s; 0s: no pings)");
    add_duration(*push, "--pong-timeout", false, options.pong_timeout_ms, "time for a page to answer a ping (default: 10s)");
    add_duration(*push, "--drain", true, options.drain_ms, "time over which a reload closes the pages (default: 1s)");
    push->add_option("--max-pages", options.max_pages, "pages at a time (default: what the descriptor limit allows)")
        ->type_name("N")
        ->check(whole_number);
    push->add_option("--max-per-ip", options.max_per_ip, "pages of one IP address, IPv6: of a /64 (default: no limit)")
        ->type_name("N")
        ->check(whole_number);
    push->add_option("--count", options.count, "processes")->capture_default_str()->type_name("N");
    add_command(*push, command, options);
}

/// Raises the soft limit to the hard limit: shells start with a low one.
void raise_descriptor_limit()
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int run_push(const PushOptions &options, const Command &command)
{
    std::string error = options.error();
    if (!error.empty()) {
        fprintf(stderr, "wm-serve push: %s\n", error.c_str());
        return kUsage;
    }
    raise_descriptor_limit();
    PushServer server(options);
    if (!server.setup())
        return kUsage;
    std::string warning = command.starts() ? options.warning() : "";
    if (!warning.empty())
        fprintf(stderr, "wm-serve push: warning: %s\n", warning.c_str());
    signal(SIGPIPE, SIG_IGN); // writing to a closed standard output must not end the process
    return server.run(command.arguments(options.name));
}

/// Prints the error of a command line that CLI11 rejects.
int usage_error(int argc, char **argv, const CLI::ParseError &error)
{
    // For a misspelled sub-command CLI11 says only "A subcommand is required".
    std::string first = argc > 1 ? argv[1] : "";
    if (!first.empty() && first[0] != '-' && first != "push")
        fprintf(stderr, "wm-serve: unknown sub-command '%s': did you mean 'push'?\n", first.c_str());
    else
        fprintf(stderr, "wm-serve: %s\n", error.what());
    fputs("Try wm-serve push --help.\n", stderr);
    return kUsage;
}

int run(int argc, char **argv)
{
    CLI::App app("Ready-made servers of libwm");
    app.name("wm-serve");
    app.set_version_flag("--version", wm_version());
    app.require_subcommand(1);
    PushOptions push;
    Command command;
    add_push(app, push, command);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help and --version
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        return usage_error(argc, argv, error);
    }
    return run_push(push, command);
}

} // namespace

int main(int argc, char **argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception &error) {
        fprintf(stderr, "wm-serve: %s\n", error.what());
        return 1;
    }
}
