/**
 * @file
 * The exit codes of wm-push, which scripts rely on, and a failure that ends a
 * run with one of them. From 65 on as in sysexits.h.
 */
#ifndef WM_PUSH_EXIT_CODE_H
#define WM_PUSH_EXIT_CODE_H

#include <string>

namespace wm {

enum ExitCode : int {
    kExitOk = 0,           ///< every push was answered ok
    kExitFail = 1,         ///< every push was answered fail
    kExitUsage = 2,        ///< the command line is wrong
    kExitMixed = 3,        ///< some ok, some fail
    kExitBadBody = 65,     ///< a body cannot be pushed
    kExitUnreachable = 69, ///< no server, or it went away
    kExitTimeout = 75,     ///< no answer in time: trying again may help
};

/// What ended a run early. The text is one line for stderr, without the
/// program's name.
struct Failure {
    ExitCode code = kExitOk;
    std::string text;
};

} // namespace wm

#endif
