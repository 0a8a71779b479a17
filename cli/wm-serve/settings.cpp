#include "wm-serve/settings.h"

#include "shared/nearest.h"
#include "wm-serve/config_file.h"
#include "wm-serve/engine_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <map>
#include <string_view>
#include <unistd.h>

namespace wm::serve {

namespace {

constexpr std::string_view kNoSettings[] = {"WM_PUSH_SERVER", "WM_PUSH_SECRET_FILE", kEnginePassword}; // two are those of wm-push
constexpr const char *kFlag = "flag", *kDefault = "default";
constexpr std::string_view kWithLogin = "engine"; // the setting whose value may have a password

/// The options that are settings: all but --help, --config and the command's.
std::vector<CLI::Option *> settings_of(CLI::App &command)
{
    return command.get_options([](const CLI::Option *option) { return option->get_configurable() && !option->get_lnames().empty(); });
}

const std::string &name_of(const CLI::Option &option)
{
    return option.get_lnames().front();
}

bool is_switch(const CLI::Option &option)
{
    return option.get_expected_max() == 0;
}

bool is_list(const CLI::Option &option)
{
    return option.get_expected_max() > 1;
}

/// The variable of a setting of a sub-command: WM_PUSH_MAX_PAGES.
std::string variable_of(const CLI::App &command, const std::string &name)
{
    std::string variable = "WM_" + command.get_name() + "_" + name;
    for (char &c : variable)
        c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return variable;
}

/// Gives an option its values as the command line would. Returns an error without the option's name, or nothing.
std::string give(CLI::Option &option, std::vector<std::string> values)
{
    if (is_switch(option)) {
        static const std::map<std::string, const char *> kTruth = {{"true", "true"}, {"yes", "true"}, {"on", "true"}, {"1", "true"},
                                                                   {"false", ""},    {"no", ""},      {"off", ""},    {"0", ""}};
        auto truth = values.size() == 1 ? kTruth.find(values[0]) : kTruth.end();
        if (truth == kTruth.end())
            return "give true or false";
        if (*truth->second == '\0')
            return "";
        values = {truth->second};
    }
    if (values.empty() || std::find(values.begin(), values.end(), "") != values.end())
        return kIsEmpty; // an empty list would allow anything
    if (!is_list(option) && values.size() != 1)
        return "takes one value";
    try {
        for (const std::string &value : values)
            option.add_result(value);
        option.run_callback();
    } catch (const CLI::ParseError &error) {
        std::string text = error.what(), name = option.get_name() + ": ";
        return text.starts_with(name) ? text.substr(name.size()) : text;
    }
    return "";
}

/// The values in a variable: a list has commas or spaces between them.
std::vector<std::string> split(const std::string &text, bool list)
{
    if (!list)
        return {text};
    std::vector<std::string> values;
    size_t begin = 0;
    while ((begin = text.find_first_not_of(", ", begin)) != std::string::npos) {
        size_t end = std::min(text.find_first_of(", ", begin), text.size());
        values.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return values;
}

/// Warns of variables that look like misspelled ones. Others may be there for other reasons, as those that Kubernetes sets for a service.
void check_variables(const CLI::App &command, const std::vector<CLI::Option *> &options, std::vector<std::string> &warnings)
{
    const std::string prefix = variable_of(command, "");
    std::vector<std::string> names = {"CONFIG"};
    for (const CLI::Option *option : options)
        names.push_back(variable_of(command, name_of(*option)).substr(prefix.size()));
    for (char **each = environ; *each != nullptr; each++) {
        std::string_view variable(*each);
        variable = variable.substr(0, variable.find('='));
        const auto *end = std::end(kNoSettings);
        if (!variable.starts_with(prefix) || std::find(std::begin(kNoSettings), end, variable) != end)
            continue;
        std::string_view name = variable.substr(prefix.size());
        std::string meant = nearest(name, names);
        if (!meant.empty() && meant != name)
            warnings.push_back(std::string(variable) + " is not used: did you mean " + (prefix + meant).append("?"));
    }
}

/// Values by the names of settings, and where they are from.
using Found = std::map<std::string, ConfigEntry>;

/// The error of a key of the config file that is no setting. One that looks like the name of an instance may have been meant as that.
SettingError unknown_key(const CLI::App &command, const ConfigEntry &entry, const std::vector<std::string> &names)
{
    if (command.get_option_no_throw("--" + entry.key) != nullptr)
        return {entry.place + ": '" + entry.key + "' is a flag only, no setting"};
    return {entry.place + ": unknown setting '" + entry.key + "'" + did_you_mean(entry.key, names),
            names_instance(nearest(entry.key, names))};
}

/// Reads the config file and checks its keys.
std::string find_in_file(const CLI::App &command, const std::vector<CLI::Option *> &options, const std::string &path, Found &out,
                         std::vector<SettingError> &errors)
{
    std::vector<ConfigEntry> entries;
    std::string error = read_config_file(path, entries);
    if (!error.empty())
        return error;
    std::vector<std::string> names;
    std::transform(options.begin(), options.end(), std::back_inserter(names), [](const CLI::Option *option) { return name_of(*option); });
    for (ConfigEntry &entry : entries) {
        if (std::find(names.begin(), names.end(), entry.key) == names.end()) {
            errors.push_back(unknown_key(command, entry, names));
            continue;
        }
        std::string key = entry.key;
        out.emplace(key, std::move(entry));
    }
    return "";
}

/// Gives an option what the environment says, or else the file. Sets `source` if one of them does.
std::string give_from(const CLI::App &command, CLI::Option &option, const Found &file, std::string &source)
{
    std::string name = name_of(option), variable = variable_of(command, name);
    const char *value = std::getenv(variable.c_str());
    if (value != nullptr && *value != '\0') {
        source = variable;
        std::string error = give(option, split(value, is_list(option)));
        return error.empty() ? "" : variable + ": " + error;
    }
    auto found = file.find(name);
    if (found == file.end())
        return "";
    source = found->second.place;
    bool truth = found->second.has_truth && !is_switch(option);
    std::string error = truth ? "takes a text or a number, not true or false" : give(option, found->second.values);
    return error.empty() ? "" : source + ": " + name + ": " + error;
}

const Setting *find_setting(const Settings &settings, std::string_view name)
{
    auto same = [name](const Setting &setting) { return setting.name == name; };
    auto found = std::find_if(settings.all.begin(), settings.all.end(), same);
    return found == settings.all.end() ? nullptr : &*found;
}

/// What is wrong with a URL that the command line has given: any user of the machine can see it there.
std::string seen_error(const CLI::App &command, const Settings &settings)
{
    const Setting *engine = find_setting(settings, kWithLogin), *file = find_setting(settings, "engine-password-file");
    if (!engine || engine->source != kFlag)
        return "";
    const char *variable = std::getenv(kEnginePassword);
    bool elsewhere = (variable && *variable != '\0') || (file && !file->values.empty());
    bool seen = has_password(command.get_option("--engine")->results().front(), elsewhere);
    return seen ? std::string("--engine has a password, which every user of this machine can see: use --engine-password-file FILE or ") +
                      kEnginePassword
                : "";
}

Setting row_of(const CLI::Option &option, std::string source)
{
    Setting row = {name_of(option), option.results(), std::move(source), is_list(option), is_switch(option)};
    if (row.name == kWithLogin)
        for (std::string &value : row.values)
            value = without_login(value);
    if (row.values.empty() && !option.get_default_str().empty())
        row.values = {option.get_default_str()};
    return row;
}

} // namespace

std::string Settings::explain(const std::string &error) const
{
    std::string text = error;
    for (const Setting &setting : all)
        if (setting.source != kFlag && setting.source != kDefault && error.find("--" + setting.name + " ") != std::string::npos)
            text += "; --" + setting.name + " is set by " + setting.source;
    return text;
}

bool names_instance(const std::string &setting)
{
    return setting == "name" || setting == "run-dir";
}

void complete_settings(CLI::App &command, const std::string &config, Settings &out)
{
    std::vector<CLI::Option *> options = settings_of(command);
    check_variables(command, options, out.warnings);
    const std::string config_variable = variable_of(command, "config");
    const char *variable = std::getenv(config_variable.c_str());
    std::string path = config.empty() && variable != nullptr ? variable : config;
    Found file;
    std::string error = path.empty() ? "" : find_in_file(command, options, path, file, out.errors);
    if (!error.empty())
        out.errors.push_back({error + (config.empty() ? "; " + config_variable + " names this file" : ""), true});
    for (CLI::Option *option : options) {
        std::string source = option->count() > 0 ? kFlag : kDefault;
        error = option->count() == 0 ? give_from(command, *option, file, source) : "";
        if (error.empty())
            out.all.push_back(row_of(*option, source));
        else
            out.errors.push_back({error, names_instance(name_of(*option))});
    }
    if (std::string seen = seen_error(command, out); !seen.empty())
        out.errors.push_back({seen});
}

} // namespace wm::serve
