#include "session/http/access_time.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace wm {

namespace {

constexpr const char *kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <class Text, class... Values> void print(Text &out, const char *format, Values... values)
{
    snprintf(out.text, sizeof out.text, format, values...);
    out.size = static_cast<uint8_t>(strlen(out.text));
}

} // namespace

void AccessTime::make(time_t second)
{
    struct tm local = {};
    localtime_r(&second, &local);
    int year = local.tm_year + 1900;
    char sign = local.tm_gmtoff < 0 ? '-' : '+';
    int minutes = static_cast<int>(std::abs(local.tm_gmtoff) / 60);
    print(combined_, "%02d/%s/%d:%02d:%02d:%02d %c%02d%02d", local.tm_mday, kMonths[local.tm_mon], year, local.tm_hour, local.tm_min,
          local.tm_sec, sign, minutes / 60, minutes % 60);
    print(date_, "%d-%02d-%02dT%02d:%02d:%02d", year, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
    print(offset_, "%c%02d:%02d", sign, minutes / 60, minutes % 60);
    second_ = second;
}

} // namespace wm
