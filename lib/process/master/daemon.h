/**
 * @file
 * Start in the background: the launcher forks the daemon and waits until it reports the result of its start.
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

    /// Forks twice, with setsid() between. In the launcher it returns when the daemon has reported its start,
    /// with the exit code. With `arguments` the daemon is that program, started by exec(3), and inherited()
    /// is true in it.
    Role fork_away(const std::vector<std::string> &arguments, int *exit_code);
    /// Whether a launcher has started this process as a daemon by exec(3); takes the variable out of the
    /// environment.
    bool inherited();
    /// As inherited(), and leaves the environment as it is.
    static bool is_inherited() { return inherited_pipe() > 2; }

    /// In a child: only the daemon reports.
    void forget() { pipe_.reset(); }

    /// Sends the result of the start to the launcher.
    void report_start(int exit_code);

private:
    static int inherited_pipe();

    Fd pipe_;
};

} // namespace wm

#endif
