#include "wm-push/outage.h"

#include <algorithm>
#include <thread>

namespace wm {

using std::chrono::milliseconds;

milliseconds Outage::left() const
{
    auto left = std::chrono::floor<milliseconds>(limit_ - used_ - (Clock::now() - since_));
    return std::max(left, milliseconds(1));
}

bool Outage::pause()
{
    if (limit_ <= used_ + (Clock::now() - since_))
        return false;
    milliseconds longest = kFirstPause * (1u << std::min(attempts_++, kMaxDoublings));
    std::uniform_int_distribution<milliseconds::rep> pauses(0, longest.count());
    std::this_thread::sleep_for(std::min(milliseconds(pauses(random_)), left()));
    return true;
}

} // namespace wm
