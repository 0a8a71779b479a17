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
    /// As inherited(), before it has been asked.
    static bool is_inherited() { return inherited_pipe() > 2; }

    /// In a child: the daemon's own to say.
    void forget() { pipe_.reset(); }

    /// Tells the launcher how the start went.
    void tell(int exit_code);

private:
    static int inherited_pipe();

    Fd pipe_;
};

} // namespace wm

#endif
