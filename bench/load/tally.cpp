#include "tally.h"

#include <algorithm>
#include <cstdio>

namespace wm::load {

const char *fault_name(Fault fault)
{
    static constexpr std::array<const char *, static_cast<size_t>(Fault::kCount)> kNames{
        "lost", "duplicate", "out_of_order", "wrong_bytes", "wrong_place", "refused", "broken", "unclosed"};
    return kNames[static_cast<size_t>(fault)];
}

void Tally::add(Fault fault, const std::string &detail, uint64_t times)
{
    counts_[static_cast<size_t>(fault)] += times;
    if (printed_ == kMaxPrinted)
        return;
    printed_++;
    std::fprintf(stderr, "wm-load: %s: %s%s\n", fault_name(fault), detail.c_str(), printed_ == kMaxPrinted ? " (no more are shown)" : "");
}

bool Tally::clean() const
{
    return std::all_of(counts_.begin(), counts_.end(), [](uint64_t count) { return count == 0; });
}

} // namespace wm::load
