/**
 * @file
 * Pushes over one connection, pipelined: lines are sent as they arrive, and answers are matched to them in order.
 *
 * Pushes in flight are bounded in number and bytes, and answers are always read, so that the two sides cannot block each other. Borrows
 * its arguments. One thread; run() returns when every push is answered and the input has ended, or on failure.
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
    /// `server` is the address for messages; `timeout` limits the time without progress while pushes are in flight.
    Session(Connection &connection, std::string server, std::chrono::milliseconds timeout, Report &report)
        : connection_(connection), server_(std::move(server)), timeout_(timeout), report_(report)
    {}

    /// Queues one push: a line without LF.
    void push(std::string_view line);

    /// Sends the queued pushes and every line of `feed`, which may be nullptr. The results go to the report.
    void run(LineFeed *feed);

private:
    using Clock = Connection::Clock;

    /// A push without a reported result: it waits for its answer, or, if it cannot be sent, for those before it.
    struct Entry {
        std::string error; ///< why it cannot be sent; empty: it is sent or queued
    };

    bool step(LineFeed *feed, Failure &failure);
    bool take_lines(LineFeed &feed);
    bool has_room() const;
    void send_pending();
    bool wait(LineFeed *feed, Failure &failure);
    bool receive(Failure &failure);
    bool take_answers(std::string_view text, Failure &failure);
    bool take_answer(std::string_view answer, Failure &failure);
    void report_bad();
    void report_lost(const std::string &why);
    void print(const LineFeed *feed);
    std::string describe_counts() const;

    Connection &connection_;
    std::string server_;
    std::chrono::milliseconds timeout_;
    Report &report_;
    Progress progress_;
    std::deque<Entry> entries_;
    size_t in_flight_ = 0; ///< entries in flight
    std::string out_;
    size_t sent_ = 0; ///< bytes of out_ that have been sent
    std::string partial_answer_;
    Clock::time_point last_progress_;
    bool send_closed_ = false;
};

} // namespace wm

#endif
