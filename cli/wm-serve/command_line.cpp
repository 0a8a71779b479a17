#include "wm-serve/command_line.h"

#include "shared/command_line_error.h"
#include "shared/nearest.h"
#include "shared/print_text.h"
#include "shared/printable.h"
#include "wm-serve/push_flags.h"
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

constexpr const char *kExamples = R"(Examples:
  wm-serve push start -d
  wm-push uid1 '{"percent":"88%"}'
  wm-serve push --listen websocket://0.0.0.0:1234 --origin https://example.com)";

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

bool is_push(const std::string &word)
{
    return word == "push";
}

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

/// The error where `push` does not come first.
std::string first_word_error(const CLI::App &push, const std::string &first)
{
    if (first.empty())
        return "a sub-command is required: wm-serve push";
    std::string name = first.substr(0, first.find('='));
    std::vector<std::string> flags = long_flags(push);
    if (first[0] == '-' && std::find(flags.begin(), flags.end(), name) != flags.end())
        return name + " belongs behind the sub-command: wm-serve push " + name;
    if (first[0] == '-')
        return "unknown flag '" + name + "'" + did_you_mean(name, {"--help", "--version"});
    if (nearest(first, {"push"}).empty() && !nearest(first, kCommands).empty())
        return "'" + first + "' is a command of push: wm-serve push " + nearest(first, kCommands);
    return "unknown sub-command '" + first + "'" + hint_or_all(first, {"push"});
}

/// The error of the first flag with an empty value, "" if there is none. CLI11 takes the word behind --flag= as its value.
std::string find_empty_value(const CLI::App &push, int argc, char **argv)
{
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; i++) {
        std::string word = argv[i], flag = word.substr(0, word.find('='));
        const CLI::Option *option = flag.starts_with("--") ? push.get_option_no_throw(flag) : nullptr;
        if (option == nullptr)
            continue;
        bool is_next = word == flag && option->get_expected_max() > 0 && i + 1 < argc && *argv[i + 1] == '\0';
        if (is_next || word == flag + "=")
            return flag + ": " + kIsEmpty;
    }
    return "";
}

int print_error(const std::string &tool, const std::string &text)
{
    fprintf(stderr, "%s: %s\nTry wm-serve push --help.\n", tool.c_str(), printable_as_typed(text, kMaxErrorText).c_str());
    return kUsage;
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
    std::string config;
    push->add_option("--config", config, "file of these settings, in TOML")->type_name("FILE")->configurable(false);
    add_command(*push, out.command);
    refuse_flags_as_values(*push);
    std::string first = argc > 1 ? argv[1] : "";
    std::string wrong = is_push(first) ? find_single_dash(*push, argc, argv) : "";
    if (wrong.empty() && is_push(first))
        wrong = find_empty_value(*push, argc, argv);
    if (!wrong.empty())
        return print_error("wm-serve push", wrong);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &success) { // --help and --version
        std::ostringstream text;
        app.exit(success, text);
        return print_text("wm-serve", text.str()) ? 0 : 1;
    } catch (const CLI::ParseError &error) {
        return is_push(first) ? print_error("wm-serve push", describe_command_line(*push, error))
                              : print_error("wm-serve", first_word_error(*push, first));
    }
    const std::string &verb = out.command.verb;
    if (std::find(kCommands.begin(), kCommands.end(), verb) == kCommands.end())
        return print_error("wm-serve push", "unknown command '" + verb + "'" + hint_or_all(verb, kCommands));
    out.error = out.command.error();
    complete_settings(*push, config, out.settings);
    return std::nullopt;
}

} // namespace wm::serve
