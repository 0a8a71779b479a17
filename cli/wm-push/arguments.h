/**
 * @file
 * Parses and checks the command line of wm-push.
 */
#ifndef WM_PUSH_ARGUMENTS_H
#define WM_PUSH_ARGUMENTS_H

#include "wm-push/dial.h"
#include "wm-push/words.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace wm {

/// Where bodies come from.
enum class BodySource {
    kArgument,
    kMembers,
    kFile,
    kWholeInput,   ///< asked for, with -
    kInputInPlace, ///< standard input, because BODY is missing
    kInputLines,
};

struct Arguments {
    Verb verb = Verb::kPush;
    std::vector<std::string> uids; ///< each 1 to 255 bytes of UTF-8; of a push: none is to a group, or to all if `group` is empty
    std::string group;             ///< 1 to 255 bytes of UTF-8
    std::string except;            ///< of a group; empty: no uid
    std::string code;              ///< of a kick, digits; empty: the server's default
    std::string reason;            ///< of a kick
    std::string latest;            ///< of a push, its key: 1 to 255 bytes of UTF-8; empty: none
    std::string slow;              ///< of a push without a key: close or drop-oldest; empty: what the server does
    std::string target;            ///< of a push, in words for sh, as in push_command
    BodySource source = BodySource::kArgument;
    std::string body;                 ///< of kArgument; the path of kFile
    std::vector<std::string> members; ///< of -k
    Destination server;
    std::chrono::milliseconds timeout{2000};
    bool timeout_given = false;
    bool quiet = false;
    bool json = false;
};

/// Parses the command line and the environment. Returns the exit code if the program ends here: kExitOk after --help or --version,
/// kExitUsage after an error message on stderr.
std::optional<int> parse_arguments(int argc, char **argv, Arguments &out);

} // namespace wm

#endif
