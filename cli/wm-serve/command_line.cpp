#include "wm-serve/command_line.h"

#include "shared/nearest.h"
#include "wm-serve/push_flags.h"
#include "wm/version.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace wm::serve {

namespace {

constexpr const char *kExamples = R"(Examples:
  wm-serve push start -d
  wm-push uid1 '{"percent":"88%"}'
  wm-serve push --listen websocket://0.0.0.0:1234 --origin https://example.com)";

const std::vector<std::string> kCommands = {"start", "stop", "restart", "reload", "status", "connections", "help"};

/// Shows the default of an option behind its text instead of its name.
class HelpFormat : public CLI::Formatter {
public:
    std::string make_option_opts(const CLI::Option *option) const override
    {
        return option->get_type_size() == 0 || option->get_type_name().empty() ? "" : " " + option->get_type_name();
    }

    std::string make_option_desc(const CLI::Option *option) const override
    {
        bool shown = option->get_expected_min() > 0 && !option->get_default_str().empty();
        return option->get_description() + (shown ? " (default: " + option->get_default_str() + ")" : "");
    }
};

std::vector<std::string> flags_of(const CLI::App &app)
{
    std::vector<std::string> names;
    for (const CLI::Option *option : app.get_options())
        for (const std::string &name : option->get_lnames())
            names.push_back("--" + name);
    return names;
}

bool is_push(const std::string &word)
{
    return word == "push";
}

/// The error for a word that no option takes.
std::string extras_error(const CLI::App &push, const std::vector<std::string> &words)
{
    auto flag = std::find_if(words.begin(), words.end(), [](const std::string &word) { return word.size() > 1 && word[0] == '-'; });
    if (flag == words.end())
        return "unexpected word '" + (words.empty() ? "" : words.front()) + "'";
    std::string name = flag->substr(0, flag->find('='));
    return "unknown flag '" + name + "'" + did_you_mean(name, flags_of(push));
}

/// CLI11 takes the word behind an option as its value, even if that is the next flag.
void refuse_flags_as_values(CLI::App &push)
{
    std::vector<std::string> flags = flags_of(push);
    for (CLI::Option *option : push.get_options([](const CLI::Option *each) { return !each->get_lnames().empty(); })) {
        std::string name = option->get_name();
        option->check([name, flags](const std::string &value) {
            bool is_flag = std::find(flags.begin(), flags.end(), value.substr(0, value.find('='))) != flags.end();
            return is_flag ? "needs a value, not the flag " + value : "";
        });
    }
}

/// CLI11 names the option and what it expects: this says how to write it.
std::string missing_value_error(const CLI::App &push, const std::string &text)
{
    std::string name = text.substr(0, text.find(':'));
    const CLI::Option *option = push.get_option_no_throw(name);
    return option ? name + " needs a value: " + name + " " + option->get_type_name() : text;
}

/// The error where `push` does not come first.
std::string first_word_error(const CLI::App &push, const std::string &first)
{
    if (first.empty())
        return "a sub-command is required: wm-serve push";
    std::string name = first.substr(0, first.find('='));
    std::vector<std::string> flags = flags_of(push);
    if (first[0] == '-' && std::find(flags.begin(), flags.end(), name) != flags.end())
        return name + " belongs behind the sub-command: wm-serve push " + name;
    if (first[0] == '-')
        return "unknown flag '" + name + "'" + did_you_mean(name, {"--help", "--version"});
    if (nearest(first, {"push"}).empty() && !nearest(first, kCommands).empty())
        return "'" + first + "' is a command of push: wm-serve push " + nearest(first, kCommands);
    return "unknown sub-command '" + first + "': did you mean 'push'?";
}

std::string error_text(const CLI::App &push, const std::string &first, const CLI::ParseError &error)
{
    if (!is_push(first))
        return first_word_error(push, first);
    if (dynamic_cast<const CLI::ExtrasError *>(&error))
        return extras_error(push, push.remaining());
    if (dynamic_cast<const CLI::ArgumentMismatch *>(&error))
        return missing_value_error(push, error.what());
    return error.what();
}

} // namespace

std::optional<int> parse_command_line(int argc, char **argv, CommandLine &out)
{
    CLI::App app("Ready-made servers of libwm", "wm-serve");
    app.set_version_flag("--version", wm_version());
    app.require_subcommand(1);
    app.formatter(std::make_shared<HelpFormat>());
    CLI::App *push = app.add_subcommand("push", "Push messages to web pages by uid");
    push->get_formatter()->column_width(30);
    push->footer(kExamples);
    add_push_flags(*push, out.options);
    add_command(*push, out.command);
    refuse_flags_as_values(*push);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help and --version
        return app.exit(success);
    } catch (const CLI::ParseError &error) {
        std::string first = argc > 1 ? argv[1] : "";
        std::string text = error_text(*push, first, error);
        fprintf(stderr, "wm-serve%s: %s\nTry wm-serve push --help.\n", is_push(first) ? " push" : "", text.c_str());
        return kUsage;
    }
    return std::nullopt;
}

} // namespace wm::serve
