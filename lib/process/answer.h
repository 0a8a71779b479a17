/**
 * @file
 * Answers on the control socket. Compatible between versions: a command of one version may ask a master of
 * another.
 */
#ifndef WM_PROCESS_ANSWER_H
#define WM_PROCESS_ANSWER_H

namespace wm {

/// Exit codes of wm_app_main.
enum ExitCode { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitNotRunning = 3, kExitRunning = 4 };

/// First byte of an answer's packet.
enum class Answer : char {
    kOutput = 'o',  ///< a line for standard output
    kError = 'e',   ///< a line for standard error
    kFile = 'f',    ///< a descriptor of a file for standard output
    kTimeout = 'p', ///< ms until the kEnd at the latest
    kEnd = 'x',     ///< the exit code, in decimal
};

} // namespace wm

#endif
