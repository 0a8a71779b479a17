#include "wm-push/outage.h"

#include <algorithm>

namespace wm {

using std::chrono::milliseconds;

milliseconds Outage::left() const
{
    auto left = std::chrono::floor<milliseconds>(limit_ - used_ - (Clock::now() - since_));
    return std::max(left, milliseconds(1));
}

std::optional<milliseconds> Outage::next_pause()
{
    if (limit_ <= used_ + (Clock::now() - since_))
        return std::nullopt;
    milliseconds longest = kFirstPause * (1u << std::min(attempts_++, kMaxDoublings));
    std::uniform_int_distribution<milliseconds::rep> pauses(0, longest.count());
    return std::min(milliseconds(pauses(random_)), left());
}

} // namespace wm
