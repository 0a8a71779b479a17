/**
 * @file
 * The settings of a sub-command and where each value came from: a flag, else a variable (of push: WM_PUSH_...), else the config file, else
 * the default.
 */
#ifndef WM_SERVE_SETTINGS_H
#define WM_SERVE_SETTINGS_H

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wm::serve {

/// The error of a text or a list that is given and empty: a variable that a script forgot must not lift a limit.
inline constexpr const char *kIsEmpty = "is empty; leave it out, or give a value";

struct Setting {
    std::string name;                ///< the flag without its dashes
    std::vector<std::string> values; ///< as text; none: not set
    std::string source;              ///< flag, the name of a variable, FILE:LINE or default
    bool is_list = false;
    bool is_switch = false;
};

struct SettingError {
    std::string text;
    bool of_instance = false; ///< it hides which instance is meant
};

struct Settings {
    std::vector<Setting> all;
    std::vector<std::string> warnings;
    std::vector<SettingError> errors; ///< each names the source

    /// The error, and the sources of the settings whose flags it names where these were not given as flags.
    std::string explain(const std::string &error) const;
};

/// Whether the setting is one of those that say which instance a command is for.
bool names_instance(const std::string &setting);

/// Gives the settings that have no flag on the parsed command line what the environment and the config file say. An empty path stands for
/// that of the variable, as WM_PUSH_CONFIG. A setting with an error stays at its default.
void complete_settings(CLI::App &command, const std::string &config, Settings &out);

} // namespace wm::serve

#endif
