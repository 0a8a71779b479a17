/**
 * @file
 * The command line of hub_load. Read once in main, constant from there on.
 */
#ifndef WM_TESTS_HUB_LOAD_OPTIONS_H
#define WM_TESTS_HUB_LOAD_OPTIONS_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hub_load {

struct Options {
    std::vector<std::string> pages_at; ///< --pages-at ws://HOST:PORT, as often as there are machines: the pages have them in turn
    std::vector<std::string> lines_at; ///< --lines-at text://HOST:PORT, the same for back ends
    uint32_t pages = 400;              ///< --pages
    uint32_t uids = 200;               ///< --uids: the pages have them in turn
    uint32_t back_ends = 4;            ///< --back-ends: connections that stay
    uint32_t rate = 25;                ///< --rate: pushes a second over these
    uint32_t window = 0;               ///< --window: pushes that each of them keeps unanswered, in place of a rate; 0: the rate
    uint32_t fresh = 25;               ///< --fresh: connections a second for one push each
    uint32_t broadcast_ms = 1000;      ///< --broadcast-ms: time between broadcasts; 0: none
    uint32_t pad = 200;                ///< --pad: most bytes of ballast in a push
    uint32_t seconds = 0;              ///< --seconds: time of the load; 0: until the end of standard input
    uint32_t hang_ms = 30000;          ///< --hang-ms: an answer that takes longer is missing
    uint32_t quiet_ms = 250;           ///< --quiet-ms: a server that drains may end a connection that says nothing for so long
    uint64_t seed = 1;                 ///< --seed
    bool kills = false;                ///< --kills: processes are killed; each is told on standard input, "kill PID"
    bool faults = false;               ///< --faults: machines and what joins them fail; "fault TEXT" and "healed" on standard input
};

/// Parses the command line; on an error prints a message on standard error and exits with 2.
Options parse_options(int argc, char **argv);

} // namespace hub_load

#endif
