/**
 * @file
 * The exit codes of wm-push, which scripts rely on; those from 65 follow sysexits.h. Also the failure that ends a run with one.
 */
#ifndef WM_PUSH_EXIT_CODE_H
#define WM_PUSH_EXIT_CODE_H

#include <string>

namespace wm {

enum ExitCode : int {
    kExitOk = 0,            ///< every answer was ok
    kExitFail = 1,          ///< every answer was fail
    kExitUsage = 2,         ///< the command line is wrong
    kExitMixed = 3,         ///< some ok, some fail
    kExitBadBody = 65,      ///< a body cannot be pushed
    kExitUnreachable = 69,  ///< no server, or it closed the connection
    kExitOutput = 74,       ///< answers could not be printed
    kExitTimeout = 75,      ///< no answer in time, or the server does not know; a retry may help
    kExitNotPermitted = 77, ///< the secret is missing, or refused, or the server does not know it
};

/// Why a run ended early. The text is one line for stderr, without the program's name.
struct Failure {
    ExitCode code = kExitOk;
    std::string text;
};

} // namespace wm

#endif
