/**
 * @file
 * The pushes without a reported result, in order, and the bytes of them that have yet to be sent. It tells what of them a server can have
 * taken when its connection is lost. One thread.
 */
#ifndef WM_PUSH_PUSH_QUEUE_H
#define WM_PUSH_PUSH_QUEUE_H

#include "wm-push/report.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace wm {

class PushQueue {
public:
    explicit PushQueue(Report &report) : report_(report) {}

    /// Adds a line without LF; `uid` is for the report.
    void add(std::string_view line, std::string uid = {});
    /// Adds a push that cannot be sent, because of `error`. Its result follows those before it.
    void add_bad(std::string error) { entries_.push_back({{}, {}, std::move(error), 0}); }
    /// Adds a line that is no push, before all others. Its answer is not the queue's.
    void add_request(std::string_view line);

    bool empty() const { return entries_.empty(); }
    bool has_room() const;
    /// Pushes that are sent, or wait to be.
    size_t in_flight() const { return in_flight_; }

    /// What is to be sent next.
    std::string_view unsent() const { return std::string_view(out_).substr(sent_); }
    void sent(size_t bytes);

    /// Reports the result of the oldest push in flight.
    void answered(Outcome outcome);
    /// Reports the bad pushes at the head.
    void report_bad();
    /// The connection is lost, because of `why`. Reports those lost that the server can have taken, and returns how many; the others are to
    /// be sent again. told: the server said that it has taken none of them.
    size_t disconnected(bool told, const std::string &why);
    /// Reports all as lost.
    void report_lost(const std::string &why);

private:
    struct Entry {
        std::string line; ///< with its LF; kept until it is answered
        std::string uid;
        std::string error; ///< why it cannot be sent; empty: it is sent, or to be sent
        uint64_t end;      ///< bytes on the connection up to its LF
    };

    void report(PushResult result, const std::string &reason);
    void drop_front();

    Report &report_;
    std::deque<Entry> entries_;
    size_t in_flight_ = 0;
    size_t kept_bytes_ = 0; ///< of lines
    std::string out_;
    size_t sent_ = 0;      ///< bytes of out_ that have been sent
    uint64_t out_end_ = 0; ///< bytes on the connection up to the end of out_
};

} // namespace wm

#endif
