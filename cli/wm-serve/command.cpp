#include "wm-serve/command.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace wm::serve {

const std::vector<std::string> kCommands = {"start", "stop", "restart", "reload", "status", "connections", "check", "help"};

std::string Command::error() const
{
    const std::pair<bool, const char *> others[] = {
        {daemon, "-d"}, {graceful, "-g"}, {quiet, "-q"}, {!worker.empty(), "--worker"}, {!sort.empty(), "--sort"}, {!uid.empty(), "--uid"}};
    for (auto [given, flag] : others)
        if (checks() && given)
            return std::string("'check' takes no '") + flag + "': it has settings, and --json";
    return "";
}

std::vector<std::string> Command::arguments(const std::string &tool, const std::string &name) const
{
    std::vector<std::string> out = {tool, verb, "--name=" + name};
    auto add = [&out](bool given, const char *flag) {
        if (given)
            out.emplace_back(flag);
    };
    add(daemon, "-d");
    add(graceful, "-g");
    add(json, "--json");
    add(quiet || starts(), "-q"); // the server announces itself, with more detail
    auto add_value = [&out](const std::string &value, const char *flag) {
        if (!value.empty())
            out.push_back(flag + value);
    };
    add_value(worker, "--worker=");
    add_value(sort, "--sort=");
    add_value(uid, "--uid=");
    return out;
}

void add_command(CLI::App &app, const std::string &addresses, Command &command)
{
    // `help` prints the library's usage with all commands and flags: here one line is enough.
    constexpr const char *kHidden = "";
    std::string text = "start [-d], stop, restart, reload [-g], status, connections, check; `help` explains them";
    app.add_option(addresses.empty() ? "command" : "words", command.words, addresses.empty() ? text : addresses + "; or a command: " + text)
        ->type_name(addresses)
        ->expected(0, CLI::detail::expected_max_vector_size);
    for (CLI::Option *flag : {
             app.add_flag("-d,--daemon", command.daemon),
             app.add_flag("-g,--graceful", command.graceful),
             app.add_flag("-q,--quiet", command.quiet),
             app.add_flag("--json", command.json),
             app.add_option("--worker", command.worker)->type_name("NAME"),
             app.add_option("--sort", command.sort)->type_name("COLUMN"),
             app.add_option("--uid", command.uid)->type_name("UID"),
         })
        flag->group(kHidden)->configurable(false);
}

} // namespace wm::serve
