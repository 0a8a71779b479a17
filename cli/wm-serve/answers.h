/**
 * @file
 * Answers of a line port in the order of the lines, also when a result comes later. One thread; one object a connection,
 * and nothing kept while every result is there at once.
 */
#ifndef WM_SERVE_ANSWERS_H
#define WM_SERVE_ANSWERS_H

#include <cstdint>
#include <deque>

namespace wm::serve {

class Answers {
public:
    using Ticket = uint64_t;

    /// A line has come whose answer is not known: its place in the order.
    Ticket wait()
    {
        pending_.push_back(State::kWaiting);
        return first_ + pending_.size() - 1;
    }

    /// A line has come whose answer is known. Calls send(ok) now, or when those before it are through.
    template <class Send> void answer(bool ok, Send send)
    {
        if (pending_.empty())
            send(ok);
        else
            pending_.push_back(ok ? State::kOk : State::kFail);
    }

    /// The answer to a line that waited; calls send(ok) for all that can go now.
    template <class Send> void settle(Ticket ticket, bool ok, Send send)
    {
        pending_[ticket - first_] = ok ? State::kOk : State::kFail;
        while (!pending_.empty() && pending_.front() != State::kWaiting) {
            bool front = pending_.front() == State::kOk;
            pending_.pop_front();
            first_++;
            send(front);
        }
    }

    /// How many lines wait for an answer to go out.
    size_t size() const { return pending_.size(); }

private:
    enum class State : uint8_t { kWaiting, kOk, kFail };

    Ticket first_ = 0;
    std::deque<State> pending_;
};

} // namespace wm::serve

#endif
