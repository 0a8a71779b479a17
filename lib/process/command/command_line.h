/**
 * @file
 * The command line of wm_app_main: start, stop, restart, reload, status, connections, and their flags. Pure.
 */
#ifndef WM_PROCESS_COMMAND_COMMAND_LINE_H
#define WM_PROCESS_COMMAND_COMMAND_LINE_H

#include <string>

namespace wm {

enum class Verb { kNone, kStart, kStop, kRestart, kReload, kStatus, kConnections, kHelp };

struct CommandLine {
    Verb verb = Verb::kNone;
    bool daemon = false;   ///< -d; with status: refreshes every second
    bool graceful = false; ///< -g
    bool quiet = false;    ///< -q
    bool json = false;     ///< --json, status and connections
    std::string name;      ///< --name, empty: the app's
    std::string worker;    ///< --worker, connections: of workers with that name only
    std::string sort;      ///< --sort, connections: a column as in the listing, lower case: "send-q"
    std::string uid;       ///< --uid, connections: of that uid in a hub only

    /// 0, or WM_EINVAL with a detail that names the word and the right form. Flags and the verb in any order,
    /// "-dgq" as "-d -g -q", "--name=x" as "--name x". The detail for a misspelled verb or flag names the
    /// nearest. A flag that the verb does not take is an error, and so are a second verb and a second value.
    /// Without a verb it stays kNone and that is no error: the caller prints the usage. help, -h and --help
    /// ask for it beside any verb. argv[0] is the program and skipped; the previous content of the object is
    /// discarded.
    int parse(int argc, const char *const *argv);
};

/// The columns that --sort takes: those of the listing, lower case, the addresses as "local" and "foreign".
bool is_sort_column(const std::string &name);

/// "start"; "" for kNone.
const char *verb_name(Verb verb);

/// The help text; fits a screen of 24 lines and 79 columns. Shows the last part of the program's path.
std::string usage(const std::string &program);

} // namespace wm

#endif
