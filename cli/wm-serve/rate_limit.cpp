#include "wm-serve/rate_limit.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace wm::serve {

namespace {

bool parse_count(std::string_view text, int64_t &out)
{
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
    return code == std::errc() && end == text.data() + text.size() && out >= 1 && out <= RateLimit::kMost;
}

} // namespace

bool parse_rate(std::string_view text, RateLimit &out)
{
    int64_t per_second = 0, burst = 0;
    if (text == "off") {
        out = RateLimit();
        return true;
    }
    size_t slash = text.find('/');
    if (!parse_count(text.substr(0, slash), per_second))
        return false;
    if (slash == std::string_view::npos)
        burst = std::min(per_second * 5, RateLimit::kMost);
    else if (!parse_count(text.substr(slash + 1), burst))
        return false;
    out = RateLimit(per_second, burst);
    return true;
}

int64_t monotonic_us()
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000000 + time.tv_nsec / 1000;
}

} // namespace wm::serve
