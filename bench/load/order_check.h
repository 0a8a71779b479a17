/**
 * @file
 * Checks for one stream of numbers 0, 1, 2 ... that each arrives once and in order.
 *
 * The usual arrival, the next number, costs one comparison; numbers behind a gap are remembered until it closes.
 */
#ifndef WM_LOAD_ORDER_CHECK_H
#define WM_LOAD_ORDER_CHECK_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm::load {

class OrderCheck {
public:
    enum class Arrival : uint8_t { kInOrder, kLate, kAgain };

    /// The lowest number that has not arrived.
    uint64_t next() const { return next_; }

    /// Whether there is no gap.
    bool gapless() const { return ahead_.empty(); }

    /// How many different numbers have arrived.
    uint64_t arrived() const { return next_ - abandoned_ + ahead_.size(); }

    Arrival arrive(uint64_t number)
    {
        if (number == next_ && ahead_.empty()) {
            next_++;
            return Arrival::kInOrder;
        }
        return arrive_beside_gap(number);
    }

private:
    // A gap counts as lost after this many later numbers, which bounds memory and time when a number is lost early in a long run.
    static constexpr size_t kMaxAhead = 1024;

    Arrival arrive_beside_gap(uint64_t number)
    {
        if (number < next_ || std::find(ahead_.begin(), ahead_.end(), number) != ahead_.end())
            return Arrival::kAgain;
        // A jump over missing numbers is not a fault yet: they may still arrive late.
        bool late = !ahead_.empty() && number < *std::max_element(ahead_.begin(), ahead_.end());
        ahead_.push_back(number);
        if (ahead_.size() > kMaxAhead) {
            uint64_t lowest = *std::min_element(ahead_.begin(), ahead_.end());
            abandoned_ += lowest - next_;
            next_ = lowest;
        }
        close_gap();
        return late ? Arrival::kLate : Arrival::kInOrder;
    }

    void close_gap()
    {
        for (;;) {
            auto at = std::find(ahead_.begin(), ahead_.end(), next_);
            if (at == ahead_.end())
                return;
            *at = ahead_.back();
            ahead_.pop_back();
            next_++;
        }
    }

    uint64_t next_ = 0;
    uint64_t abandoned_ = 0;
    std::vector<uint64_t> ahead_;
};

} // namespace wm::load

#endif
