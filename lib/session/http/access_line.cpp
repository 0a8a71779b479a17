#include "session/http/access_line.h"

#include "proto/ascii.h"
#include "proto/utf8.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace wm {

namespace {

constexpr size_t kFieldBytes = kMaxAccessIp + kMaxAccessMethod + kMaxAccessTarget + kMaxAccessVersion + kMaxAccessReferer +
                               kMaxAccessUserAgent + kMaxAccessHost + kMaxAccessWorker;
constexpr size_t kNumberBytes = 30 + 11 + 20 + 24 + 20; // time, status, bytes, duration, connection
constexpr size_t kNameBytes = 160;                      // of the JSON object
static_assert(kFieldBytes + kNumberBytes + kNameBytes <= kMaxAccessLine);

constexpr std::string_view kCut = "...";
constexpr char kHex[] = "0123456789ABCDEF";

/// One octet or character of a field as it stands in a line.
struct Unit {
    size_t taken; ///< of the field
    size_t size;
    char text[24];

    void add(char c) { text[size++] = c; }
    void add_octet(std::string_view prefix, unsigned octet)
    {
        for (char c : prefix)
            add(c);
        add(kHex[octet >> 4]);
        add(kHex[octet & 15]);
    }
};

bool is_plain(unsigned char octet)
{
    return octet >= ' ' && octet < 0x7f && octet != '"' && octet != '\\';
}

Unit combined_unit(std::string_view field, size_t at)
{
    unsigned char octet = static_cast<unsigned char>(field[at]);
    Unit unit = {1, 0, {}};
    if (is_plain(octet))
        unit.add(field[at]);
    else
        unit.add_octet("\\x", octet);
    return unit;
}

/// A line or paragraph separator ends a line for some readers, others than these and C1 do not.
bool is_control(char32_t code)
{
    return code < 0xa0 || code == 0x2028 || code == 0x2029;
}

Unit json_unit(std::string_view field, size_t at)
{
    unsigned char octet = static_cast<unsigned char>(field[at]);
    Unit unit = {1, 0, {}};
    if (octet < 0x80) {
        if (is_plain(octet))
            unit.add(field[at]);
        else
            unit.add_octet("\\u00", octet);
        return unit;
    }
    char32_t code = 0;
    unit.taken = code_point_at(field, at, code);
    std::string_view bytes = field.substr(at, unit.taken);
    if (code == 0xfffd && bytes != "\xef\xbf\xbd")
        for (char c : bytes)
            unit.add_octet("\\u00", static_cast<unsigned char>(c));
    else if (is_control(code))
        unit.add_octet(code < 0xa0 ? "\\u00" : "\\u20", static_cast<unsigned>(code & 0xff));
    else
        for (char c : bytes)
            unit.add(c);
    return unit;
}

using Escape = Unit (*)(std::string_view field, size_t at);

/// A line in the making. Its bounds are those of the fields, which are asserted above.
class Line {
public:
    Line(char *out, Escape escape) : out_(out), escape_(escape) {}

    Line &add(std::string_view text)
    {
        memcpy(out_ + size_, text.data(), text.size());
        size_ += text.size();
        return *this;
    }
    template <class... Values> Line &format(const char *text, Values... values)
    {
        size_ += static_cast<size_t>(snprintf(out_ + size_, kMaxAccessLine - size_, text, values...));
        return *this;
    }
    /// At most `most` bytes of it.
    Line &add(std::string_view field, size_t most)
    {
        size_t end = size_ + most - kCut.size();
        for (size_t at = 0; at < field.size();) {
            Unit unit = escape_(field, at);
            if (size_ + unit.size > end)
                return add(kCut);
            add(std::string_view(unit.text, unit.size));
            at += unit.taken;
        }
        return *this;
    }
    Line &add_or_dash(std::string_view field, size_t most) { return field.empty() ? add("-") : add(field, most); }
    size_t size() const { return size_; }

private:
    char *out_;
    Escape escape_;
    size_t size_ = 0;
};

/// The zone of a local time: sign, hours and minutes.
struct Zone {
    char sign;
    int hours, minutes;

    explicit Zone(const struct tm &local)
        : sign(local.tm_gmtoff < 0 ? '-' : '+'), hours(static_cast<int>(std::abs(local.tm_gmtoff) / 3600)),
          minutes(static_cast<int>(std::abs(local.tm_gmtoff) / 60 % 60))
    {}
};

constexpr const char *kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view line_at(std::string_view text, size_t &at)
{
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

} // namespace

AccessRequest read_invalid_head(std::string_view seen)
{
    AccessRequest out;
    size_t at = std::min(seen.find_first_not_of("\r\n"), seen.size());
    std::string_view first = line_at(seen, at);
    size_t method = first.find(' '), version = first.rfind(' ');
    bool whole = method != std::string_view::npos && method > 0 && version > method && first.substr(version + 1).starts_with("HTTP/");
    out.target = first;
    if (whole) {
        out.method = first.substr(0, method);
        out.target = first.substr(method + 1, version - method - 1);
        out.version = first.substr(version + 1);
    }
    while (whole && at < seen.size()) {
        std::string_view line = line_at(seen, at);
        if (line.empty())
            break;
        size_t colon = std::min(line.find(':'), line.size());
        std::string_view name = line.substr(0, colon), value = ascii::trim(line.substr(std::min(colon + 1, line.size())));
        for (auto [wanted, field] : {std::pair{"Referer", &out.referer}, {"User-Agent", &out.user_agent}, {"Host", &out.host}})
            if (ascii::equal_fold(name, wanted))
                *field = value;
    }
    return out;
}

size_t write_combined_line(char *out, const AccessRequest &request, const AccessAnswer &answer)
{
    struct tm local;
    localtime_r(&answer.when.tv_sec, &local);
    Zone zone(local);
    Line line(out, combined_unit);
    line.add(request.ip.empty() ? "-" : request.ip);
    line.format(" - - [%02d/%s/%d:%02d:%02d:%02d %c%02d%02d] \"", local.tm_mday, kMonths[local.tm_mon], local.tm_year + 1900, local.tm_hour,
                local.tm_min, local.tm_sec, zone.sign, zone.hours, zone.minutes);
    if (!request.method.empty())
        line.add(request.method, kMaxAccessMethod).add(" ");
    line.add_or_dash(request.target, kMaxAccessTarget);
    if (!request.version.empty())
        line.add(" ").add(request.version, kMaxAccessVersion);
    line.format("\" %d %" PRIu64 " \"", answer.status, answer.bytes);
    line.add_or_dash(request.referer, kMaxAccessReferer).add("\" \"");
    line.add_or_dash(request.user_agent, kMaxAccessUserAgent).add("\"\n");
    return line.size();
}

size_t write_json_line(char *out, const AccessRequest &request, const AccessAnswer &answer)
{
    struct tm local;
    localtime_r(&answer.when.tv_sec, &local);
    Zone zone(local);
    Line line(out, json_unit);
    line.format("{\"time\":\"%d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d\"", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                local.tm_hour, local.tm_min, local.tm_sec, static_cast<int>(answer.when.tv_nsec / 1000000), zone.sign, zone.hours,
                zone.minutes);
    line.add(",\"ip\":\"").add(request.ip);
    line.add("\",\"method\":\"").add(request.method, kMaxAccessMethod);
    line.add("\",\"target\":\"").add(request.target, kMaxAccessTarget);
    line.add("\",\"version\":\"").add(request.version, kMaxAccessVersion);
    line.format("\",\"status\":%d,\"bytes\":%" PRIu64 ",\"duration_ms\":%" PRId64 ".%03d", answer.status, answer.bytes,
                answer.duration_us / 1000, static_cast<int>(answer.duration_us % 1000));
    line.add(",\"referer\":\"").add(request.referer, kMaxAccessReferer);
    line.add("\",\"user_agent\":\"").add(request.user_agent, kMaxAccessUserAgent);
    line.add("\",\"host\":\"").add(request.host, kMaxAccessHost);
    line.add("\",\"worker\":\"").add(answer.worker, kMaxAccessWorker);
    line.format("\",\"conn\":%" PRIu64 "}\n", answer.conn);
    return line.size();
}

} // namespace wm
