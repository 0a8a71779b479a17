/**
 * @file
 * The command of `wm-serve push`: what wm_app_main does, with the flags of that.
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
    /// The words for wm_app_main.
    std::vector<std::string> arguments(const std::string &name) const;
};

/// The words that may stand for it.
extern const std::vector<std::string> kCommands;

/// Adds the command word and its flags.
void add_command(CLI::App &push, Command &command);

} // namespace wm::serve

#endif
