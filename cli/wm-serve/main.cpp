// wm-serve: ready-made servers of libwm. One sub-command a server.

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
#include <thread>
#include <unistd.h>

namespace {

using wm::serve::PushOptions;
using wm::serve::PushServer;

constexpr int kUsage = 2;

constexpr const char *kExamples = R"(
Examples:
  wm-serve push
  wm-push uid1 '{"percent":"88%"}'
  wm-serve push --listen websocket://0.0.0.0:1234 --origin https://example.com

A page says who it is with its first message, and gets what is pushed to that uid:
  const ws = new WebSocket('ws://127.0.0.1:1234');
  ws.onopen = () => ws.send('uid1');
  ws.onmessage = e => alert(e.data);)";

/// An option that takes a duration; CLI11 shows the text that fails it.
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

void add_push(CLI::App &app, PushOptions &options)
{
    CLI::App *push = app.add_subcommand("push", "Push messages to web pages by uid");
    push->get_formatter()->column_width(52);
    push->footer(kExamples);
    push->add_option("--listen", options.listen, "websocket address for pages")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--inner", options.inner, "line port for back ends, or off")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--http", options.http, "page to try and POST /push, or off")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--origin", options.origins, "origin that pages may have (repeatable; standard: any)")
        ->type_name("URL")
        ->allow_extra_args(false);
    push->add_option("--host", options.hosts, "name by which --http may be reached (repeatable)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    push->add_flag("--insecure-inner", options.insecure_inner, "let --inner and --http listen beyond this machine");
    add_duration(*push, "--uid-timeout", false, options.uid_timeout_ms, "a page's time to say its uid (standard: 10s)");
    add_duration(*push, "--ping", true, options.ping_ms, "time between pings (standard: 25s; 0s: none)");
    add_duration(*push, "--pong-timeout", false, options.pong_timeout_ms, "time for a page to answer one (standard: 10s)");
    push->add_option("--count", options.count, "processes")->capture_default_str()->type_name("N");
}

/// As many connections as the administrator allows, not as few as a shell starts with.
void raise_descriptor_limit()
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/// SIGINT and SIGTERM stop the server; the second of them ends it at once.
void stop_on_signals(PushServer &server)
{
    static sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal(SIGPIPE, SIG_IGN); // of our own standard output
    std::thread([&server] {
        int number = 0;
        sigwait(&set, &number);
        server.stop();
        sigwait(&set, &number);
        _exit(128 + number);
    }).detach();
}

int run_push(const PushOptions &options)
{
    std::string wrong = options.wrong();
    if (!wrong.empty()) {
        fprintf(stderr, "wm-serve push: %s\n", wrong.c_str());
        return kUsage;
    }
    raise_descriptor_limit();
    PushServer server(options);
    if (!server.setup())
        return kUsage;
    std::string warning = options.warning();
    if (!warning.empty())
        fprintf(stderr, "wm-serve push: warning: %s\n", warning.c_str());
    stop_on_signals(server);
    return server.run() ? 0 : 1;
}

/// What a command line that CLI11 did not take is answered with.
int usage_error(int argc, char **argv, const CLI::ParseError &error)
{
    // "A subcommand is required" would be all that CLI11 says of a misspelled one.
    std::string first = argc > 1 ? argv[1] : "";
    if (!first.empty() && first[0] != '-' && first != "push")
        fprintf(stderr, "wm-serve: there is no '%s': did you mean 'push'?\n", first.c_str());
    else
        fprintf(stderr, "wm-serve: %s\n", error.what());
    fputs("wm-serve push --help shows what there is.\n", stderr);
    return kUsage;
}

int run(int argc, char **argv)
{
    CLI::App app("Ready-made servers of libwm");
    app.name("wm-serve");
    app.set_version_flag("--version", wm_version());
    app.require_subcommand(1);
    PushOptions push;
    add_push(app, push);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help and --version
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        return usage_error(argc, argv, error);
    }
    return run_push(push);
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
