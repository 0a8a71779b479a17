#include "shared/duration.h"

#include <charconv>
#include <cstdint>
#include <iterator>
#include <system_error>

namespace wm {

namespace {

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

/// Those of the texts that the range takes: `a, b or c`.
std::string list_taken(const std::string (&texts)[3], const DurationRange &range)
{
    std::string out;
    for (size_t i = std::size(texts); i-- > 0;) {
        std::chrono::milliseconds parsed;
        if (!parse_duration(texts[i], range, parsed))
            continue;
        const char *separator = out.empty() ? "" : out.find(' ') == std::string::npos ? " or " : ", ";
        out.insert(0, separator).insert(0, texts[i]);
    }
    return out;
}

} // namespace

bool parse_duration(std::string_view text, const DurationRange &range, std::chrono::milliseconds &out)
{
    int64_t count = 0;
    auto [unit, code] = std::from_chars(text.data(), text.data() + text.size(), count);
    std::string_view name(unit, static_cast<size_t>(text.data() + text.size() - unit));
    int64_t scale = name == "ms" ? 1 : name == "s" ? 1000 : name == "m" ? 60000 : name == "h" ? 3600000 : 0;
    if (code != std::errc() || scale == 0 || count < 0 || count > kDayMs / scale)
        return false;
    std::chrono::milliseconds parsed(count * scale);
    bool taken = (parsed >= range.least && parsed <= range.most) || (range.zero && count == 0);
    if (taken)
        out = parsed;
    return taken;
}

std::string duration_text(std::chrono::milliseconds duration)
{
    int64_t ms = duration.count();
    if (ms % 1000 != 0)
        return std::to_string(ms) + "ms";
    bool hours = ms >= 3600000 && ms % 3600000 == 0;
    return hours ? std::to_string(ms / 3600000) + "h" : std::to_string(ms / 1000) + "s";
}

std::string duration_error(std::string_view text, const DurationRange &range)
{
    std::string given(text);
    bool digits = !text.empty() && text.size() < 9 && text.find_first_not_of("0123456789") == std::string_view::npos;
    std::string taken = digits && text != "0" ? list_taken({given + "s", given + "ms", given + "m"}, range) : "";
    if (!taken.empty())
        return "the unit is missing; give " + taken;
    return "give a whole number and a unit, from " + duration_text(range.least) + " to " + duration_text(range.most) +
           (range.zero ? ", or 0s" : "") + ", as in " + list_taken({"500ms", "2s", "1m"}, range);
}

} // namespace wm
