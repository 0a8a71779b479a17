/**
 * @file
 * A histogram of durations in the manner of HdrHistogram: 64 buckets to each power of two, so that a quantile is at most 1.6 % high.
 *
 * One thread; owned by the run that fills it.
 */
#ifndef WM_LOAD_HISTOGRAM_H
#define WM_LOAD_HISTOGRAM_H

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace wm::load {

class Histogram {
public:
    void record(uint64_t value)
    {
        ++buckets_[index_of(value)];
        count_++;
        if (value > max_)
            max_ = value;
    }

    void clear() { *this = Histogram(); }

    uint64_t count() const { return count_; }
    uint64_t max() const { return max_; }

    /// The smallest bucket edge that at least `share` (0..1) of the values do not exceed; 0 if empty.
    uint64_t quantile(double share) const;

private:
    static constexpr unsigned kSubBits = 6;
    static constexpr size_t kSub = size_t{1} << kSubBits;
    static constexpr size_t kBuckets = (64 - kSubBits + 1) * kSub;

    // Values below 64 have a bucket each; above, the top seven bits choose it.
    static size_t index_of(uint64_t value)
    {
        if (value < kSub)
            return static_cast<size_t>(value);
        unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
        return (shift + 1) * kSub + static_cast<size_t>((value >> shift) - kSub);
    }

    std::array<uint64_t, kBuckets> buckets_{};
    uint64_t count_ = 0;
    uint64_t max_ = 0;
};

} // namespace wm::load

#endif
