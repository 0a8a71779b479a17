#include "histogram.h"

#include <algorithm>
#include <cmath>

namespace wm::load {

uint64_t Histogram::quantile(double share) const
{
    if (count_ == 0)
        return 0;
    auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); i++) {
        seen += buckets_[i];
        if (seen < rank)
            continue;
        if (i < kSub)
            return i;
        // The upper edge of the bucket, but never more than the largest value.
        size_t shift = i / kSub - 1;
        uint64_t low = static_cast<uint64_t>(i % kSub + kSub) << shift;
        return std::min(max_, low + ((uint64_t{1} << shift) - 1));
    }
    return max_;
}

} // namespace wm::load
