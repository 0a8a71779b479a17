/**
 * @file
 * Keeps the answers of a line port in the order of the lines when results arrive later. One object for each connection; it is empty
 * while every result is known at once. One thread.
 */
#ifndef WM_SERVE_ANSWERS_H
#define WM_SERVE_ANSWERS_H

#include <cstdint>
#include <deque>

namespace wm::serve {

class Answers {
public:
    using Ticket = uint64_t;

    /// Reserves the place of a line whose result is pending.
    Ticket reserve()
    {
        pending_.push_back(State::kPending);
        return first_ + pending_.size() - 1;
    }

    /// Adds a line whose result is known. Calls send(ok) now if no earlier line is pending, otherwise from resolve().
    template <class Send> void add(bool ok, Send send)
    {
        if (pending_.empty())
            send(ok);
        else
            pending_.push_back(ok ? State::kOk : State::kFail);
    }

    /// Sets the result of a reserved line, and calls send(ok) for every answer that is no longer blocked.
    template <class Send> void resolve(Ticket ticket, bool ok, Send send)
    {
        pending_[ticket - first_] = ok ? State::kOk : State::kFail;
        while (!pending_.empty() && pending_.front() != State::kPending) {
            bool front = pending_.front() == State::kOk;
            pending_.pop_front();
            first_++;
            send(front);
        }
    }

    /// The number of lines whose answer has not been sent.
    size_t size() const { return pending_.size(); }

private:
    enum class State : uint8_t { kPending, kOk, kFail };

    Ticket first_ = 0;
    std::deque<State> pending_;
};

} // namespace wm::serve

#endif
