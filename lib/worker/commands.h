/**
 * @file
 * Commands of other threads: put into the app's mailbox on any thread, run in order on the app's. Owned by the app.
 */
#ifndef WM_WORKER_COMMANDS_H
#define WM_WORKER_COMMANDS_H

#include "core/mailbox.h"

#include <vector>

namespace wm {

class App;
struct Connection;

class Commands {
public:
    Commands(App &app, Mailbox *mailbox) : app_(app), mailbox_(mailbox) {}

    /// Any thread: WM_QUEUED, WM_EFULL or WM_ESTOPPED.
    int post(const Command &command);
    // For a caller that holds the mailbox's mutex.
    /// 0, or why a command of that cost is not taken now.
    int check_locked(size_t cost) const;
    /// Takes a command that has been checked: WM_QUEUED or WM_ENOMEM.
    int post_locked(const Command &command);

    /// Runs what other threads have asked for.
    void run();
    /// Refuses commands from here on: none would ever run.
    void refuse();
    /// Drops commands that have not run, with the notifiers that their callers wait for; without `replies` only `destroy`, as the
    /// result is to come in another process.
    void drop(bool replies);

private:
    bool reserve(const Command &command);
    void run_one(Command &command);
    void take_mailbox();
    void drop_one(Command &command, bool replies);
    void run_send(Connection &conn, const Command &command);

    App &app_;
    Mailbox *mailbox_;
    std::vector<Command> taken_; ///< out of the mailbox, and not run yet
};

} // namespace wm

#endif
