/**
 * @file
 * Parses and checks the command line of wm-push.
 */
#ifndef WM_PUSH_ARGUMENTS_H
#define WM_PUSH_ARGUMENTS_H

#include "wm-push/dial.h"

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
    BodySource source = BodySource::kArgument;
    bool to_all = false;
    std::string uid;                  ///< 1 to 255 bytes of UTF-8, unless to_all
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
