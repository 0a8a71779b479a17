/**
 * @file
 * The command of a sub-command: what wm_app_main does, with the flags of that.
 */
#ifndef WM_SERVE_COMMAND_H
#define WM_SERVE_COMMAND_H

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wm::serve {

struct Command {
    std::vector<std::string> words; ///< that are no flags: a verb, and the addresses that some sub-commands take
    std::string verb = "start";
    bool daemon = false;
    bool graceful = false;
    bool quiet = false;
    bool json = false;
    std::string worker;
    std::string sort;
    std::string uid;

    bool checks() const { return verb == "check"; }
    bool helps() const { return verb == "help"; }
    bool starts() const { return verb == "start" || verb == "restart"; }

    /// The error of a flag that `check` does not have, or empty; the library reports those of the other commands.
    std::string error() const;
    /// The words for wm_app_main; `tool` is the first of them.
    std::vector<std::string> arguments(const std::string &tool, const std::string &name) const;
};

/// The words that may stand for it.
extern const std::vector<std::string> kCommands;

/// Adds the command word and its flags. `addresses`: the addresses that may stand with it, as "FROM TO"; empty: none.
void add_command(CLI::App &app, const std::string &addresses, Command &command);

} // namespace wm::serve

#endif
