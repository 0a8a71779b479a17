/**
 * @file
 * The sub-commands of wm-serve. A further server is a class that derives from Server, and a row here.
 */
#ifndef WM_SERVE_SUB_COMMANDS_H
#define WM_SERVE_SUB_COMMANDS_H

#include "wm-serve/server.h"

#include <memory>
#include <string>
#include <vector>

namespace wm::serve {

/// A setting that an address on the command line gives without its flag.
struct AddressWord {
    const char *setting; ///< its flag without the dashes
    const char *shown;   ///< in the help
    bool repeats = false;
};

struct SubCommand {
    const char *name;
    const char *text;
    std::vector<AddressWord> addresses; ///< in their order
    const char *examples;
    std::unique_ptr<Server> (*make)();

    /// The name of the tool in messages: "wm-serve push".
    std::string tool() const { return std::string("wm-serve ") + name; }
    /// "FROM TO"; empty: it takes no addresses.
    std::string shown_addresses() const;
};

const std::vector<SubCommand> &sub_commands();
/// nullptr: there is none of that name.
const SubCommand *find_sub_command(const std::string &name);
std::vector<std::string> sub_command_names();

} // namespace wm::serve

#endif
