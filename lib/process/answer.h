/**
 * @file
 * What goes back over the control socket. It outlives versions: a command of one asks a master of another.
 */
#ifndef WM_PROCESS_ANSWER_H
#define WM_PROCESS_ANSWER_H

namespace wm {

/// Exit codes of wm_app_main.
enum ExitCode { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitNotRunning = 3, kExitRunning = 4 };

/// First byte of an answer's packet.
enum class Answer : char {
    kOutput = 'o',   ///< a line for standard output
    kError = 'e',    ///< a line for standard error
    kFile = 'f',     ///< a descriptor, whose content is for standard output
    kPatience = 'p', ///< how many ms the end may take
    kEnd = 'x',      ///< the exit code, in decimal
};

} // namespace wm

#endif
