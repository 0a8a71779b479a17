/**
 * @file
 * What other threads have asked of an app: taken into its mailbox on any thread, run in order on the app's. Owned by the app.
 */
#ifndef WM_WORKER_COMMANDS_H
#define WM_WORKER_COMMANDS_H

#include "core/mailbox.h"

#include <deque>

namespace wm {

class App;
struct Connection;

class Commands {
public:
    Commands(App &app, Mailbox *mailbox) : app_(app), mailbox_(mailbox) {}

    /// Any thread: WM_QUEUED, WM_EFULL or WM_ESTOPPED.
    int post(const Command &command);
    /// As post, by who holds the mailbox's mutex.
    int post_locked(const Command &command);

    /// Runs what was left, as far as a poll has room for the records.
    void run();
    /// Some wait for room in a poll.
    bool waiting() const { return !postponed_.empty(); }
    /// Nothing is taken any more: it would never be run.
    void refuse();
    /// What was not run is given back to who left it.
    void drop();

private:
    void run_one(Command &command);
    void run_send(Connection &conn, const Command &command);

    App &app_;
    Mailbox *mailbox_;
    std::deque<Command> postponed_; ///< commands that wait for room in a poll
};

} // namespace wm

#endif
