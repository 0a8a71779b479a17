/**
 * @file
 * Pushes over one connection: lines go out as they come, many before the first
 * answer, and answers are given to them in their order.
 *
 * What is in flight is bounded in pushes and bytes, and answers are always
 * read, so that neither side can block the other for good. Borrows all that it
 * is given. One thread; run() returns when every push is answered and the input
 * has ended, or with a failure.
 */
#ifndef WM_PUSH_SESSION_H
#define WM_PUSH_SESSION_H

#include "wm-push/connection.h"
#include "wm-push/line_feed.h"
#include "wm-push/progress.h"
#include "wm-push/report.h"

#include <chrono>
#include <deque>
#include <string>
#include <string_view>

namespace wm {

class Session {
public:
    /// `server` is its name in messages; `timeout` bounds the wait for the next
    /// sign of life while something is in flight.
    Session(Connection &connection, std::string server, std::chrono::milliseconds timeout, Report &report)
        : connection_(connection), server_(std::move(server)), timeout_(timeout), report_(report)
    {}

    /// Queues one push: a line without LF.
    void push(std::string_view line);

    /// Pushes what is queued, and every line of the feed if there is one. The
    /// result is in the report.
    void run(LineFeed *feed);

private:
    using Clock = Connection::Clock;

    /// A push that is not settled: either it waits for its answer, or it is bad
    /// and waits for those before it.
    struct Entry {
        std::string wrong; ///< empty: sent, or about to be
    };

    bool step(LineFeed *feed, Failure &failure);
    bool take_lines(LineFeed &feed);
    bool has_room() const;
    void send_pending();
    bool wait(LineFeed *feed, Failure &failure);
    bool receive(Failure &failure);
    bool take_answers(std::string_view text, Failure &failure);
    bool take_answer(std::string_view answer, Failure &failure);
    void settle_bad();
    void lose_rest(const std::string &why);
    void print(const LineFeed *feed);
    std::string describe_rest() const;

    Connection &connection_;
    std::string server_;
    std::chrono::milliseconds timeout_;
    Report &report_;
    Progress progress_;
    std::deque<Entry> entries_;
    size_t waiting_ = 0; ///< entries that wait for an answer
    std::string out_;
    size_t sent_ = 0; ///< bytes of out_ that have left
    std::string partial_answer_;
    Clock::time_point sign_of_life_;
    bool send_closed_ = false;
};

} // namespace wm

#endif
