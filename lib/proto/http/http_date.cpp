#include "proto/http/http_date.h"

#include "proto/ascii.h"

namespace wm::http {

namespace {

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kDays = "MonTueWedThuFriSatSun";
constexpr std::string_view kLongDays[] = {"Monday, ", "Tuesday, ", "Wednesday, ", "Thursday, ", "Friday, ", "Saturday, ", "Sunday, "};

struct Date {
    int year, month, day; ///< month and day from 1
    int hour, minute, second;
};

/// Reads a text from the front, part by part. After the first part that does not fit it reads nothing.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool ended() const { return ok_ && rest_.empty(); }

    Reader &text(std::string_view expected)
    {
        ok_ = ok_ && rest_.starts_with(expected);
        skip(expected.size());
        return *this;
    }
    Reader &number(size_t digits, int &out)
    {
        ok_ = ok_ && rest_.size() >= digits;
        out = 0;
        for (size_t i = 0; ok_ && i < digits; i++) {
            ok_ = ascii::is(rest_[i], ascii::kDigit);
            out = out * 10 + (rest_[i] - '0');
        }
        skip(digits);
        return *this;
    }
    /// asctime's day: two places, the first of which may be a space.
    Reader &padded(int &out) { return rest_.starts_with(' ') ? text(" ").number(1, out) : number(2, out); }
    Reader &clock(Date &out) { return number(2, out.hour).text(":").number(2, out.minute).text(":").number(2, out.second); }
    Reader &month(int &out)
    {
        out = name_of(kMonths) + 1;
        return *this;
    }
    Reader &day_name()
    {
        name_of(kDays);
        return *this;
    }
    Reader &long_day_name()
    {
        for (std::string_view name : kLongDays)
            if (ok_ && rest_.starts_with(name))
                return text(name);
        ok_ = false;
        return *this;
    }

private:
    /// The index of one of several names of three letters.
    int name_of(std::string_view names)
    {
        size_t at = rest_.size() < 3 ? std::string_view::npos : names.find(rest_.substr(0, 3));
        ok_ = ok_ && at != std::string_view::npos && at % 3 == 0;
        skip(3);
        return ok_ ? static_cast<int>(at / 3) : 0;
    }
    void skip(size_t size)
    {
        if (ok_)
            rest_.remove_prefix(size);
    }

    std::string_view rest_;
    bool ok_ = true;
};

bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// In bounds; a second of 60 is a leap second.
bool exists(const Date &date)
{
    constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int length = kLengths[date.month - 1] + (date.month == 2 && is_leap(date.year) ? 1 : 0);
    return date.day >= 1 && date.day <= length && date.hour < 24 && date.minute < 60 && date.second <= 60;
}

int64_t seconds_of(const Date &date)
{
    // Days of the Gregorian calendar since 0000-03-01, in years that begin in March, so that the leap day is the last.
    int64_t year = date.month > 2 ? date.year : date.year - 1;
    int64_t month = (date.month + 9) % 12;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + date.day - 1 - 719468;
    return ((days * 24 + date.hour) * 60 + date.minute) * 60 + date.second;
}

/// The last year with these two digits that is not more than 50 ahead (RFC 9110 §5.6.7).
int full_year(int two_digits, int64_t now)
{
    constexpr int64_t kYear = 31556952; // seconds, on average
    int last = static_cast<int>(1970 + now / kYear + 50);
    return last - (last - two_digits) % 100;
}

} // namespace

bool parse_date(std::string_view text, int64_t now, int64_t &out)
{
    Date date = {};
    auto fits = [&date](const Reader &read) { return read.ended() && exists(date); };
    // Sun, 06 Nov 1994 08:49:37 GMT
    bool found = fits(Reader(text)
                          .day_name()
                          .text(", ")
                          .number(2, date.day)
                          .text(" ")
                          .month(date.month)
                          .text(" ")
                          .number(4, date.year)
                          .text(" ")
                          .clock(date)
                          .text(" GMT"));
    if (!found) { // Sunday, 06-Nov-94 08:49:37 GMT
        Reader read(text);
        read.long_day_name()
            .number(2, date.day)
            .text("-")
            .month(date.month)
            .text("-")
            .number(2, date.year)
            .text(" ")
            .clock(date)
            .text(" GMT");
        if (read.ended())
            date.year = full_year(date.year, now);
        found = fits(read);
    }
    if (!found) // Sun Nov  6 08:49:37 1994
        found = fits(Reader(text)
                         .day_name()
                         .text(" ")
                         .month(date.month)
                         .text(" ")
                         .padded(date.day)
                         .text(" ")
                         .clock(date)
                         .text(" ")
                         .number(4, date.year));
    if (found)
        out = seconds_of(date);
    return found;
}

} // namespace wm::http
