#include "shared/command_line_error.h"

#include "shared/nearest.h"
#include "shared/printable.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <string_view>

namespace wm {

namespace {

const std::string kNeedsValue = "needs a value, not the flag ";

/// The long flag that begins with a letter, if it is the only one.
std::string flag_of_letter(const std::vector<std::string> &flags, char letter)
{
    auto begins = [letter](const std::string &flag) { return flag[2] == std::tolower(static_cast<unsigned char>(letter)); };
    bool one = std::count_if(flags.begin(), flags.end(), begins) == 1;
    return one ? *std::find_if(flags.begin(), flags.end(), begins) : "";
}

/// The option that an error of CLI11 is about: its text begins with the name.
const CLI::Option *option_of(const CLI::App &app, const std::string &text)
{
    for (const CLI::Option *option : app.get_options())
        if (text.starts_with(option->get_name() + ":"))
            return option;
    return nullptr;
}

std::string describe_count(const CLI::App &app, const std::string &text)
{
    const CLI::Option *option = option_of(app, text);
    if (option == nullptr)
        return text;
    std::string name = option->get_name();
    if (text.ends_with(" missing"))
        return name + " needs a value: " + name + " " + option->get_type_name();
    return name + " is given more than once; leave one";
}

/// For values of the wrong kind. CLI11 writes "Could not convert: NAME = VALUE".
std::string describe_conversion(const CLI::App &app, const std::string &text)
{
    size_t colon = text.find(": ");
    size_t equals = text.find(" = ");
    if (colon == std::string::npos || equals == std::string::npos)
        return text;
    std::string name = text.substr(colon + 2, equals - colon - 2);
    std::string value = text.substr(equals + 3);
    const CLI::Option *option = option_of(app, name + ":");
    if (option != nullptr && option->get_expected_min() == 0)
        return name + " takes no value; leave out =" + value;
    return name + " " + value + ": \"" + value + "\" is not a whole number";
}

} // namespace

std::vector<std::string> long_flags(const CLI::App &app)
{
    std::vector<std::string> flags;
    for (const CLI::Option *option : app.get_options())
        for (const std::string &name : option->get_lnames())
            flags.push_back("--" + name);
    return flags;
}

std::string describe_unknown_flag(const CLI::App &app, const std::string &word)
{
    std::string flag = word.substr(0, word.find('='));
    std::string text = "unknown flag '" + printable_as_typed(flag) + "'";
    std::vector<std::string> flags = long_flags(app);
    if (flag.size() != 2)
        return text + did_you_mean(flag, flags);
    std::string near = flag_of_letter(flags, flag[1]);
    return text + (near.empty() ? "" : ": did you mean '" + near + "'?");
}

std::string describe_command_line(const CLI::App &app, const CLI::ParseError &error)
{
    std::string text = printable_as_typed(error.what()); // a value in it is at its end
    if (dynamic_cast<const CLI::ExtrasError *>(&error) != nullptr) {
        std::vector<std::string> rest = app.remaining();
        std::string word = rest.empty() ? "" : rest.front();
        return word.starts_with('-') ? describe_unknown_flag(app, word) : "unexpected word '" + printable_as_typed(word) + "'";
    }
    if (dynamic_cast<const CLI::ArgumentMismatch *>(&error) != nullptr)
        return describe_count(app, text);
    const CLI::Option *option = option_of(app, text);
    if (option != nullptr && text.starts_with(option->get_name() + ": " + kNeedsValue))
        return text.erase(option->get_name().size(), 1) + "; type " + option->get_name() + " " + option->get_type_name();
    if (dynamic_cast<const CLI::ConversionError *>(&error) != nullptr)
        return describe_conversion(app, text);
    return text;
}

void refuse_flags_as_values(CLI::App &app)
{
    std::vector<std::string> flags = long_flags(app);
    for (const CLI::Option *option : app.get_options())
        for (const std::string &letter : option->get_snames())
            flags.push_back("-" + letter);
    for (CLI::Option *option : app.get_options([](const CLI::Option *each) { return !each->get_lnames().empty(); }))
        option->check([flags](const std::string &value) {
            bool is_flag = std::find(flags.begin(), flags.end(), value.substr(0, value.find('='))) != flags.end();
            return is_flag ? kNeedsValue + value : "";
        });
}

std::string find_single_dash(const CLI::App &app, int argc, char **argv)
{
    std::vector<std::string> flags = long_flags(app);
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; i++) {
        std::string word = argv[i];
        std::string flag = "-" + word.substr(0, word.find('='));
        if (word.size() > 2 && std::find(flags.begin(), flags.end(), flag) != flags.end())
            return "unknown flag '" + flag.substr(1) + "': did you mean '" + flag + "'?";
    }
    return "";
}

} // namespace wm
