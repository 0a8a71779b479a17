#include "proto/http/response_writer.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"
#include "proto/http/scan.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace wm::http {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kDefaultType = "Content-Type: text/html;charset=utf-8\r\n";
constexpr std::string_view kClose = "Connection: close";
constexpr std::string_view kKeepAlive = "Connection: keep-alive";
constexpr std::string_view kUpgrade = "Connection: Upgrade";
constexpr std::string_view kAndUpgrade = ", Upgrade";
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";
constexpr size_t kMaxDigits = 20;     // of a 64-bit number
constexpr size_t kLongestReason = 31; // Network Authentication Required

/// Status line, Date, Connection, Content-Type, Content-Length, blank line.
constexpr size_t kBoundWithoutFields = "HTTP/1.1 NNN \r\n"sv.size() + kLongestReason + "Date: \r\n"sv.size() + kDateSize +
                                       kKeepAlive.size() + kAndUpgrade.size() + 2 + kDefaultType.size() + "Content-Length: \r\n"sv.size() +
                                       kMaxDigits + 2;

static_assert("HTTP/1.1 NNN \r\n"sv.size() + kLongestReason + "Date: \r\n"sv.size() + kDateSize <= kMaxStart);
static_assert(kMaxStart <= kBoundWithoutFields);
static_assert(kChunked.size() <= "Content-Length: \r\n"sv.size() + kMaxDigits);

char *put(char *out, std::string_view text)
{
    // memcpy must not be given the null pointer of an empty view.
    if (!text.empty())
        memcpy(out, text.data(), text.size());
    return out + text.size();
}

/// The decimal digits of value, count of them, with leading zeros.
char *put_digits(char *out, unsigned value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        out[i] = static_cast<char>('0' + value % 10);
    return out + count;
}

/// The fields that the library writes: a second one could contradict it (RFC 9110 §8.6, §6.6.1; RFC 9112
/// §6.1).
bool written_by_library(std::string_view name)
{
    return ascii::equal_fold(name, "content-length") || ascii::equal_fold(name, "transfer-encoding") || ascii::equal_fold(name, "date");
}

/// Checks one line and moves `at` past it.
const char *check_line(const char *&at, const char *end, bool &wants_close)
{
    std::string_view name, value;
    if (const char *wrong = check_field(at, end, name, value))
        return wrong;
    if (written_by_library(name))
        return "Content-Length, Transfer-Encoding and Date are written by the library";
    if (!ascii::equal_fold(name, "connection"))
        return nullptr;
    if (!ascii::equal_fold(value, "close"))
        return "the only Connection that may be given is \"Connection: close\"";
    if (wants_close)
        return "Connection is given twice";
    wants_close = true;
    return nullptr;
}

bool has_field(std::string_view fields, std::string_view name)
{
    std::string_view value;
    return !fields.empty() && find_field(fields, name, value);
}

/// HTTP/1.1 stays open unless told otherwise, which is repeated to a client that has said it itself.
char *put_connection(char *out, const ResponseHead &head)
{
    bool upgrade = has_field(head.fields, "upgrade");
    std::string_view line;
    if (!head.keep_alive && !has_field(head.fields, "connection"))
        line = kClose;
    else if (head.keep_alive && (head.minor == 0 || (head.says_keep_alive && !upgrade)))
        line = kKeepAlive;
    else if (upgrade)
        return put(put(out, kUpgrade), kLineEnd);
    else
        return out;
    out = put(out, line);
    return put(upgrade ? put(out, kAndUpgrade) : out, kLineEnd);
}

} // namespace

const char *check_fields(std::string_view fields, bool &wants_close)
{
    wants_close = false;
    const char *at = fields.data();
    const char *end = at + fields.size();
    while (at != end)
        if (const char *wrong = check_line(at, end, wants_close); wrong != nullptr)
            return wrong;
    return nullptr;
}

size_t head_bound(size_t fields_size)
{
    return kBoundWithoutFields + fields_size;
}

size_t write_head(char *out, const ResponseHead &head)
{
    return static_cast<size_t>(write_rest(write_start(out, head.status, head.date), head) - out);
}

char *write_start(char *out, int status, std::string_view date)
{
    char *at = put(out, "HTTP/1.1 ");
    at = put_digits(at, static_cast<unsigned>(status), 3);
    *at++ = ' '; // stands even without a reason (RFC 9112 §4)
    at = put(at, reason_phrase(status));
    at = put(at, "\r\n");
    if (!date.empty()) {
        at = put(at, "Date: ");
        at = put(at, date.substr(0, kDateSize));
        at = put(at, "\r\n");
    }
    return at;
}

char *write_rest(char *out, const ResponseHead &head)
{
    char *at = put_connection(out, head);
    if (head.default_type && has_content(head.status) && !has_field(head.fields, "content-type"))
        at = put(at, kDefaultType);
    if (head.with_length && head.status != 204 && head.status != 304) {
        at = put(at, "Content-Length: ");
        at = std::to_chars(at, at + kMaxDigits, has_content(head.status) ? head.content_length : 0).ptr;
        at = put(at, "\r\n");
    } else if (head.chunked && has_content(head.status)) {
        at = put(at, kChunked);
    }
    at = put(at, head.fields);
    return put(at, "\r\n");
}

const char *check_interim_fields(std::string_view fields)
{
    bool wants_close = false;
    if (const char *wrong = check_fields(fields, wants_close))
        return wrong;
    return wants_close ? "\"Connection: close\" is for the answer that follows" : nullptr;
}

size_t interim_bound(size_t fields_size)
{
    return kMaxStart + fields_size + kLineEnd.size();
}

size_t write_interim(char *out, int status, std::string_view fields)
{
    char *at = write_start(out, status, {});
    at = put(at, fields);
    return static_cast<size_t>(put(at, kLineEnd) - out);
}

size_t write_chunk_size(char *out, size_t size)
{
    char *end = std::to_chars(out, out + kMaxChunkSize, size, 16).ptr;
    return static_cast<size_t>(put(end, kLineEnd) - out);
}

size_t closing_bound(size_t head_size)
{
    return head_size + kClose.size() + kLineEnd.size();
}

size_t write_closing(char *out, std::string_view head)
{
    // Only put_connection() writes this: check_fields() refuses any Connection but close.
    constexpr std::string_view kOpen = "\r\nConnection: keep-alive";
    size_t keep_alive = head.find(kOpen);
    bool there = keep_alive != head.npos;
    size_t at = (there ? keep_alive : head.find(kLineEnd)) + kLineEnd.size();
    char *end = put(out, head.substr(0, at));
    end = put(end, kClose);
    if (!there)
        end = put(end, kLineEnd);
    end = put(end, head.substr(there ? at + kKeepAlive.size() : at));
    return static_cast<size_t>(end - out);
}

size_t format_date(time_t when, char out[kDateSize])
{
    constexpr int64_t kLast = 253402300799;                     // the end of 9999
    constexpr std::string_view kDays = "ThuFriSatSunMonTueWed"; // 1970-01-01 was a Thursday
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    unsigned long long seconds = static_cast<unsigned long long>(std::clamp<int64_t>(when, 0, kLast));
    unsigned days = static_cast<unsigned>(seconds / 86400);
    unsigned second = static_cast<unsigned>(seconds % 86400);

    // Days to a date of the Gregorian calendar, in years that begin in March so that the leap day is the
    // last.
    unsigned shifted = days + 719468; // since 0000-03-01
    unsigned era = shifted / 146097;  // of 400 years
    unsigned day_of_era = shifted % 146097;
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned march_month = (5 * day_of_year + 2) / 153;
    unsigned day = day_of_year - (153 * march_month + 2) / 5 + 1;
    unsigned month = march_month < 10 ? march_month + 2 : march_month - 10; // January is 0
    unsigned year = era * 400 + year_of_era + (month < 2 ? 1 : 0);

    char *at = put(out, kDays.substr(days % 7 * 3, 3));
    at = put(at, ", ");
    at = put_digits(at, day, 2);
    *at++ = ' ';
    at = put(at, kMonths.substr(size_t{month} * 3, 3));
    *at++ = ' ';
    at = put_digits(at, year, 4);
    *at++ = ' ';
    at = put_digits(at, second / 3600, 2);
    *at++ = ':';
    at = put_digits(at, second / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, second % 60, 2);
    at = put(at, " GMT");
    return static_cast<size_t>(at - out);
}

} // namespace wm::http
