#include "process/report/decimal.h"

#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>

namespace wm {

namespace {

std::string tenths(uint64_t value, const char *unit)
{
    return std::to_string(value / 10) + "." + std::to_string(value % 10) + unit;
}

} // namespace

std::string decimal(double value, int digits)
{
    char text[400]; // the largest double has 309 digits before the point
    std::to_chars_result result = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
    return std::isfinite(value) && result.ec == std::errc() ? std::string(text, result.ptr) : "-";
}

std::string seconds(int64_t ms)
{
    return tenths(static_cast<uint64_t>(ms < 0 ? 0 : ms) / 100, "s");
}

std::string human_size(uint64_t bytes)
{
    if (bytes < 1024)
        return std::to_string(bytes) + "B";
    static constexpr const char *kUnits[] = {"KB", "MB", "GB", "TB"};
    for (size_t i = 0;; i++) {
        uint64_t unit = uint64_t{1} << (10 * (i + 1)), rest = bytes % unit;
        uint64_t value = bytes / unit * 10 + (rest * 10 + unit / 2) / unit;
        if (value < 10240 || i + 1 == std::size(kUnits)) // a value that rounds up to 1024.0 takes the next unit
            return tenths(value, kUnits[i]);
    }
}

std::string counted(uint64_t count, const char *one, const char *many)
{
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

} // namespace wm
