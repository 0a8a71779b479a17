#include "wm-serve/command_line.h"

#include "shared/command_line_error.h"
#include "shared/nearest.h"
#include "shared/print_text.h"
#include "shared/printable.h"
#include "wm/version.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace wm::serve {

namespace {

/// Shows the default of an option behind its text instead of its name.
class HelpFormat : public CLI::Formatter {
public:
    std::string make_option_opts(const CLI::Option *option) const override
    {
        return option->get_positional() || option->get_type_size() == 0 || option->get_type_name().empty() ? ""
                                                                                                           : " " + option->get_type_name();
    }

    std::string make_option_usage(const CLI::Option *option) const override
    {
        std::string addresses = option->get_type_name();
        return (addresses.empty() ? "" : "[" + addresses + "] ") + "[command]";
    }

    std::string make_option_desc(const CLI::Option *option) const override
    {
        bool shown = option->get_expected_min() > 0 && !option->get_default_str().empty();
        return option->get_description() + (shown ? " (default: " + option->get_default_str() + ")" : "");
    }
};

/// Behind an unknown word: what was meant, or where nothing is near all that there is.
std::string hint_or_all(const std::string &word, const std::vector<std::string> &names)
{
    std::string hint = did_you_mean(word, names);
    if (!hint.empty())
        return hint;
    std::string list;
    for (size_t i = 0; i < names.size(); i++)
        list += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
    return (names.size() == 1 ? ": there is " : ": there are ") + list;
}

/// "wm-serve push, wm-serve pipe or wm-serve echo".
std::string all_tools()
{
    std::string list;
    const std::vector<SubCommand> &all = sub_commands();
    for (size_t i = 0; i < all.size(); i++)
        list += (i == 0 ? "" : i + 1 == all.size() ? " or " : ", ") + all[i].tool();
    return list;
}

/// The error where no sub-command comes first.
std::string first_word_error(const CLI::App &app, const std::string &first)
{
    if (first.empty())
        return "a sub-command is required: " + all_tools();
    std::string name = first.substr(0, first.find('='));
    for (const SubCommand &sub : sub_commands()) {
        std::vector<std::string> flags = long_flags(*app.get_subcommand(sub.name));
        if (first[0] == '-' && std::find(flags.begin(), flags.end(), name) != flags.end())
            return name + " belongs behind the sub-command: " + sub.tool().append(" ").append(name);
    }
    if (first[0] == '-')
        return "unknown flag '" + name + "'" + did_you_mean(name, {"--help", "--version"});
    if (nearest(first, sub_command_names()).empty() && !nearest(first, kCommands).empty())
        return "'" + first + "' is a command of a sub-command: wm-serve push " + nearest(first, kCommands);
    return "unknown sub-command '" + first + "'" + hint_or_all(first, sub_command_names());
}

/// The error of the first flag with an empty value, "" if there is none. CLI11 takes the word behind --flag= as its value.
std::string find_empty_value(const CLI::App &command, int argc, char **argv)
{
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; i++) {
        std::string word = argv[i], flag = word.substr(0, word.find('='));
        const CLI::Option *option = flag.starts_with("--") ? command.get_option_no_throw(flag) : nullptr;
        if (option == nullptr)
            continue;
        bool is_next = word == flag && option->get_expected_max() > 0 && i + 1 < argc && *argv[i + 1] == '\0';
        if (is_next || word == flag + "=")
            return flag + ": " + kIsEmpty;
    }
    return "";
}

/// "push": "wm-serve push"; nothing: "wm-serve".
int print_error(const SubCommand *sub, const std::string &text)
{
    std::string tool = sub ? sub->tool() : "wm-serve";
    fprintf(stderr, "%s: %s\nTry %s --help.\n", tool.c_str(), printable_as_typed(text, kMaxErrorText).c_str(), tool.c_str());
    return kUsage;
}

/// Gives an address to the next setting that takes one. Returns an error, or nothing.
std::string take_address(CLI::App &app, const SubCommand &sub, const std::string &word, size_t &next)
{
    if (next == sub.addresses.size())
        return "unexpected address '" + word + "'" + (next == 0 ? "" : ": there is " + sub.shown_addresses());
    const AddressWord &address = sub.addresses[next];
    CLI::Option *option = app.get_option("--" + std::string(address.setting));
    if (!address.repeats) {
        next++;
        if (option->count() > 0)
            return option->get_name() + " is given, and " + address.shown + " besides; leave one";
    }
    option->add_result(word);
    return "";
}

/// Sorts the words that are no flags: those with "://" are addresses, one is the command. Returns an error, or nothing.
std::string take_words(CLI::App &app, const SubCommand &sub, Command &command)
{
    size_t next = 0;
    bool has_verb = false;
    for (const std::string &word : command.words) {
        bool is_address = word.find("://") != std::string::npos && !sub.addresses.empty();
        std::string wrong;
        if (is_address)
            wrong = take_address(app, sub, word, next);
        else if (has_verb)
            wrong = "unexpected word '" + printable_as_typed(word) + "'";
        else if (std::find(kCommands.begin(), kCommands.end(), word) == kCommands.end())
            wrong = !sub.addresses.empty() && word.find_first_of(":/") != std::string::npos
                        ? "'" + word + "' has no scheme: an address is for instance tcp://127.0.0.1:8080 or unix:///PATH"
                        : "unknown command '" + word + "'" + hint_or_all(word, kCommands);
        if (!wrong.empty())
            return wrong;
        if (!is_address) {
            command.verb = word;
            has_verb = true;
        }
    }
    for (const AddressWord &address : sub.addresses)
        if (CLI::Option *option = app.get_option("--" + std::string(address.setting)); option->count() > 0)
            option->run_callback();
    return "";
}

/// Adds a sub-command with all its flags, which write to the server.
CLI::App *add_sub_command(CLI::App &app, const SubCommand &sub, Server &server, CommandLine &out, std::string &config)
{
    CLI::App *command = app.add_subcommand(sub.name, sub.text);
    command->get_formatter()->column_width(31);
    command->footer(sub.examples);
    server.add_flags(*command);
    command->add_option("--config", config, "file of these settings, in TOML")->type_name("FILE")->configurable(false);
    add_command(*command, sub.shown_addresses(), out.command);
    refuse_flags_as_values(*command);
    return command;
}

} // namespace

std::optional<int> parse_command_line(int argc, char **argv, CommandLine &out)
{
    CLI::App app("Ready-made servers of libwm", "wm-serve");
    app.set_version_flag("--version", wm_version());
    app.require_subcommand(1);
    app.formatter(std::make_shared<HelpFormat>());
    std::string first = argc > 1 ? argv[1] : "", config;
    out.sub = find_sub_command(first);
    CLI::App *command = nullptr;
    std::vector<std::unique_ptr<Server>> others;
    for (const SubCommand &sub : sub_commands()) {
        std::unique_ptr<Server> server = sub.make();
        CLI::App *added = add_sub_command(app, sub, *server, out, config);
        if (&sub == out.sub)
            command = added;
        (&sub == out.sub ? out.server : others.emplace_back()) = std::move(server);
    }
    std::string wrong = command ? find_single_dash(*command, argc, argv) : "";
    if (wrong.empty() && command)
        wrong = find_empty_value(*command, argc, argv);
    if (!wrong.empty())
        return print_error(out.sub, wrong);
    try {
        app.parse(argc, argv);
        wrong = take_words(*command, *out.sub, out.command);
    } catch (const CLI::Success &success) { // --help and --version
        std::ostringstream text;
        app.exit(success, text);
        return print_text("wm-serve", text.str()) ? 0 : 1;
    } catch (const CLI::ParseError &error) {
        wrong = command ? describe_command_line(*command, error) : first_word_error(app, first);
    }
    if (!wrong.empty())
        return print_error(out.sub, wrong);
    out.error = out.command.error();
    complete_settings(*command, config, out.settings);
    return std::nullopt;
}

} // namespace wm::serve
