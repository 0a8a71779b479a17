/**
 * @file
 * Keeps the answers of a line port in the order of the lines when results arrive later. One object for each connection; it is empty
 * while every result is known at once. One thread.
 */
#ifndef WM_SERVE_ANSWERS_H
#define WM_SERVE_ANSWERS_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace wm::serve {

template <class Result> class Answers {
public:
    using Ticket = uint64_t;

    /// Reserves the place of a line whose result is pending.
    Ticket reserve()
    {
        pending_.emplace_back();
        return first_ + pending_.size() - 1;
    }

    /// Adds a line whose result is known. Calls send(result) now if no earlier line is pending, otherwise from resolve().
    template <class Send> void add(Result result, Send send)
    {
        if (pending_.empty())
            send(std::move(result));
        else
            pending_.emplace_back(std::move(result));
    }

    /// Sets the result of a reserved line, and calls send(result) for every answer that is no longer blocked.
    template <class Send> void resolve(Ticket ticket, Result result, Send send)
    {
        pending_[ticket - first_] = std::move(result);
        while (!pending_.empty() && pending_.front()) {
            Result front = std::move(*pending_.front());
            pending_.pop_front();
            first_++;
            send(std::move(front));
        }
    }

    /// The number of lines whose answer has not been sent.
    size_t size() const { return pending_.size(); }

private:
    Ticket first_ = 0;
    std::deque<std::optional<Result>> pending_; ///< none: the result is pending
};

} // namespace wm::serve

#endif
