/**
 * @file
 * Pushes over one connection, pipelined: lines are sent as they arrive, and answers are matched to them in order. Lines of standard input
 * go on over another connection when the server ends the first one, or it is lost.
 *
 * Pushes in flight are bounded in number and bytes, and answers are always read, so that the two sides cannot block each other. A line is
 * repeated only if the server cannot have taken it. Borrows its arguments. One thread; run() returns when every push is answered and the
 * input has ended, or on failure.
 */
#ifndef WM_PUSH_SESSION_H
#define WM_PUSH_SESSION_H

#include "wm-push/connection.h"
#include "wm-push/dial.h"
#include "wm-push/line_feed.h"
#include "wm-push/outage.h"
#include "wm-push/progress.h"
#include "wm-push/push_queue.h"
#include "wm-push/report.h"

#include <chrono>
#include <string>
#include <string_view>

namespace wm {

class Session {
public:
    /// `connection` is one to `server`, by dial(). `timeout` limits the time without progress while pushes are in flight, and that without
    /// a connection.
    Session(Connection &connection, const Destination &server, std::chrono::milliseconds timeout, Report &report)
        : connection_(connection), server_(server), timeout_(timeout), report_(report), queue_(report), outage_(timeout)
    {}

    /// Queues one push: a line without LF. `uid` is for the report.
    void push(std::string_view line, std::string uid = {});
    /// Whether another push may be queued, so that memory stays bounded.
    bool has_room() const { return queue_.has_room(); }

    /// Sends the queued pushes and every line of `feed`, which may be nullptr. The results go to the report. False: the connection is
    /// lost, and the report has the failure.
    bool run(LineFeed *feed);

private:
    using Clock = Connection::Clock;

    /// How a connection ends.
    enum class End : uint8_t {
        kNone,
        kLost, ///< the server may have taken what is not answered
        kTold, ///< the server has said that it has taken nothing more
    };

    bool step(LineFeed *feed, Failure &failure);
    bool take_lines(LineFeed &feed);
    void send_pending();
    bool wait(LineFeed *feed, Failure &failure);
    bool receive(Failure &failure);
    bool take_answers(std::string_view text, Failure &failure);
    bool take_answer(std::string_view answer, Failure &failure);
    bool refuse_answer(std::string_view answer, Failure &failure) const;
    void make_requests(bool for_lines);
    bool reconnect(LineFeed *feed, Failure &failure);
    bool connect_again(LineFeed &feed, Failure &failure);
    bool take_input(LineFeed &feed);
    bool input_ends(LineFeed &feed, std::chrono::milliseconds limit);
    void print(const LineFeed *feed);
    std::string describe_counts() const;

    Connection &connection_;
    const Destination &server_;
    std::chrono::milliseconds timeout_;
    Report &report_;
    Progress progress_;
    PushQueue queue_;
    Outage outage_;
    std::string partial_answer_;
    Clock::time_point last_progress_;
    Clock::time_point connected_ = Clock::now();
    End end_ = End::kNone;
    bool send_closed_ = false;
    bool asked_ = false;     ///< requests were made on this connection
    bool end_asked_ = false; ///< the answer to the request for `end` is due
    bool why_asked_ = false; ///< that to the request for reasons is due, behind it
    bool says_end_ = false;  ///< it says `end`
};

} // namespace wm

#endif
