/**
 * @file
 * Into the background: the process that was called forks the one that stays, and waits until that one says how its start went.
 */
#ifndef WM_PROCESS_MASTER_DAEMON_H
#define WM_PROCESS_MASTER_DAEMON_H

#include "core/fd.h"

#include <string>
#include <vector>

namespace wm {

class Daemon {
public:
    enum class Role { kForeground, kLauncher, kDaemon };

    /// Forks twice, with a session of its own between. In the launcher it returns when the daemon has said how it went, with the exit
    /// code. With `arguments` the daemon is that program started anew, and finds itself by inherited().
    Role fork_away(const std::vector<std::string> &arguments, int *exit_code);
    /// Whether this process is a daemon that a launcher has started by exec(3).
    bool inherited();

    /// In a child: the daemon's own to say.
    void forget() { pipe_.reset(); }

    /// Tells the launcher how the start went.
    void tell(int exit_code);

private:
    Fd pipe_;
};

/// Has 0, 1 and 2 be open, as /dev/null where they are not: else a lock or a socket would get such a number, and be written to and
/// replaced. False with errno.
bool open_standard();
/// Has standard input read nothing, and standard output and standard error go to `output`, when it is not -1.
void redirect_standard(int output);

/// The command line of this process, as the kernel keeps it (proc(5)).
std::vector<std::string> own_arguments();
/// Starts this process's program anew with these arguments, and these variables ("NAME=VALUE") beside its own; returns on failure only,
/// with errno. Between fork and exec: takes no lock of the environment's.
void exec_self(const std::vector<std::string> &arguments, const std::vector<std::string> &variables);

} // namespace wm

#endif
