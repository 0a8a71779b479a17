/**
 * @file
 * The command line of wm-push, read and checked.
 */
#ifndef WM_PUSH_ARGUMENTS_H
#define WM_PUSH_ARGUMENTS_H

#include "wm-push/server_address.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace wm {

/// Where bodies come from.
enum class BodySource { kArgument, kMembers, kWholeInput, kInputLines };

struct Arguments {
    BodySource source = BodySource::kArgument;
    bool to_all = false;
    std::string uid; ///< 1 to 255 bytes of UTF-8, unless to_all
    std::string body;
    std::vector<std::string> members; ///< of -k
    ServerAddress server;
    std::chrono::milliseconds timeout{2000};
    bool quiet = false;
    bool json = false;
};

/// Reads the command line and the environment. Returns the exit code when the
/// program ends here: after --help or --version, and with kExitUsage and a
/// message on stderr when something is wrong.
std::optional<int> parse_arguments(int argc, char **argv, Arguments &out);

} // namespace wm

#endif
