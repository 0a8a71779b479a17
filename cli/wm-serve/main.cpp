// wm-serve: ready-made servers of libwm. One sub-command a server.

#include "wm-serve/push_server.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <map>
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

/// 500ms, 10s, 2m.
CLI::AsNumberWithUnit duration()
{
    std::map<std::string, int64_t> units = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
    return CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME");
}

void add_push(CLI::App &app, PushOptions &options)
{
    CLI::App *push = app.add_subcommand("push", "Push messages to web pages by uid");
    push->get_formatter()->column_width(52);
    push->footer(kExamples);
    push->add_option("--listen", options.listen, "websocket address for pages")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--inner", options.inner, "line port for back ends, or off")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--http", options.http, "page to try and POST /push, or off")->capture_default_str()->type_name("ADDRESS");
    push->add_option("--origin", options.origins, "origin that pages may have (repeatable; standard: any)")->type_name("URL");
    push->add_option("--host", options.hosts, "name by which --http may be reached (repeatable)")->type_name("NAME");
    push->add_flag("--insecure-inner", options.insecure_inner, "let --inner and --http listen beyond this machine");
    push->add_option("--uid-timeout", options.uid_timeout_ms, "a page's time to say its uid (standard: 10s)")
        ->transform(duration())
        ->type_name("TIME");
    push->add_option("--ping", options.ping_ms, "time between pings (standard: 25s; 0s: none)")->transform(duration())->type_name("TIME");
    push->add_option("--pong-timeout", options.pong_timeout_ms, "time for a page to answer one (standard: 10s)")
        ->transform(duration())
        ->type_name("TIME");
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

} // namespace

int main(int argc, char **argv)
{
    CLI::App app("Ready-made servers of libwm");
    app.set_version_flag("--version", wm_version());
    app.require_subcommand(1);
    PushOptions push;
    add_push(app, push);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help and --version
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        app.exit(error);
        return kUsage;
    }
    return run_push(push);
}
