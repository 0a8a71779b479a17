#include "shared/duration.h"

#include <charconv>
#include <cstdint>
#include <system_error>

namespace wm {

bool parse_duration(std::string_view text, bool zero, std::chrono::milliseconds &out)
{
    constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
    int64_t count = 0;
    auto [unit, code] = std::from_chars(text.data(), text.data() + text.size(), count);
    std::string_view name(unit, static_cast<size_t>(text.data() + text.size() - unit));
    int64_t scale = name == "ms" ? 1 : name == "s" ? 1000 : name == "m" ? 60000 : name == "h" ? 3600000 : 0;
    if (code != std::errc() || scale == 0 || count < (zero ? 0 : 1) || count > kDayMs / scale)
        return false;
    out = std::chrono::milliseconds(count * scale);
    return true;
}

std::string duration_error(std::string_view text)
{
    std::string given(text);
    bool digits = !text.empty() && text.size() < 9 && text.find_first_not_of("0123456789") == std::string_view::npos;
    if (digits && text != "0")
        return "the unit is missing; give " + given + "s, " + given + "ms or " + given + "m";
    return "give a whole number and a unit, from 1ms to 24h, as in 500ms, 2s or 1m";
}

} // namespace wm
