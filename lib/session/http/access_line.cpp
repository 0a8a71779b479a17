#include "session/http/access_line.h"

#include "proto/ascii.h"
#include "proto/bytes16.h"
#include "proto/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <limits>

namespace wm {

namespace {

constexpr size_t kFieldBytes = kMaxAccessIp + kMaxAccessMethod + kMaxAccessTarget + kMaxAccessVersion + kMaxAccessReferer +
                               kMaxAccessUserAgent + kMaxAccessHost + kMaxAccessWorker;
constexpr size_t kNumberBytes = 30 + 11 + 20 + 24 + 20; // time, status, bytes, duration, connection
constexpr size_t kNameBytes = 160;                      // of the JSON object
static_assert(kFieldBytes + kNumberBytes + kNameBytes <= kMaxAccessLine);

constexpr std::string_view kCut = "...";
constexpr char kHex[] = "0123456789ABCDEF";

/// The octet or character at the front of a field, which is not plain, as it stands in a line.
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

/// Whether an octet stands in a line as it is.
constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (size_t octet = ' '; octet < 0x7f; octet++)
        plain[octet] = octet != '"' && octet != '\\';
    return plain;
}();

Unit combined_unit(std::string_view field)
{
    Unit unit = {1, 0, {}};
    unit.add_octet("\\x", static_cast<unsigned char>(field[0]));
    return unit;
}

/// A line or paragraph separator ends a line for some readers, others than these and C1 do not.
bool is_control(char32_t code)
{
    return code < 0xa0 || code == 0x2028 || code == 0x2029;
}

Unit json_unit(std::string_view field)
{
    Unit unit = {1, 0, {}};
    char32_t code = 0;
    unit.taken = code_point_at(field, 0, code);
    std::string_view bytes = field.substr(0, unit.taken);
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

using Escape = Unit (*)(std::string_view field);

/// The octets at the front of the text that stand in a line as they are.
size_t plain_run(std::string_view text)
{
    size_t at = 0;
    while (text.size() >= 16 && at < text.size()) {
        size_t block = std::min(at, text.size() - 16); // the last one ends where the text does
        Bytes16 octets = Bytes16::load(text.data() + block);
        Bytes16 escaped = octets | octets.below(' ') | octets.equal(0x7f) | octets.equal('"') | octets.equal('\\');
        if (auto found = escaped.high_bits())
            return block + found.first();
        at = block + 16;
    }
    while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])])
        at++;
    return at;
}

/// A line in the making. Its bounds are those of the fields, which are asserted above.
class Line {
public:
    Line(char *out, Escape escape) : begin_(out), out_(out), escape_(escape) {}

    Line &add(std::string_view text)
    {
        out_ += text.copy(out_, text.size());
        return *this;
    }
    template <std::integral T> Line &number(T value)
    {
        out_ = std::to_chars(out_, out_ + std::numeric_limits<T>::digits10 + 2, value).ptr;
        return *this;
    }
    /// ".", and three digits.
    Line &thousandths(unsigned value)
    {
        const char text[] = {'.', digit(value / 100), digit(value / 10 % 10), digit(value % 10)};
        return add(std::string_view(text, sizeof text));
    }
    /// At most `most` bytes of it.
    Line &add(std::string_view field, size_t most)
    {
        const char *end = out_ + most - kCut.size();
        while (!field.empty()) {
            size_t run = plain_run(field.substr(0, static_cast<size_t>(end - out_)));
            add(field.substr(0, run));
            field.remove_prefix(run);
            if (field.empty())
                break;
            Unit unit = escape_(field);
            if (unit.size > static_cast<size_t>(end - out_))
                return add(kCut);
            add(std::string_view(unit.text, unit.size));
            field.remove_prefix(unit.taken);
        }
        return *this;
    }
    Line &add_or_dash(std::string_view field, size_t most) { return field.empty() ? add("-") : add(field, most); }
    size_t size() const { return static_cast<size_t>(out_ - begin_); }

private:
    static char digit(unsigned value) { return static_cast<char>('0' + value); }

    char *begin_;
    char *out_;
    Escape escape_;
};

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

size_t write_combined_line(char *out, const AccessRequest &request, const AccessAnswer &answer, AccessTime &time)
{
    time.set(answer.when.tv_sec);
    Line line(out, combined_unit);
    line.add(request.ip.empty() ? "-" : request.ip).add(" - - [").add(time.combined()).add("] \"");
    if (!request.method.empty())
        line.add(request.method, kMaxAccessMethod).add(" ");
    line.add_or_dash(request.target, kMaxAccessTarget);
    if (!request.version.empty())
        line.add(" ").add(request.version, kMaxAccessVersion);
    line.add("\" ").number(answer.status).add(" ").number(answer.bytes).add(" \"");
    line.add_or_dash(request.referer, kMaxAccessReferer).add("\" \"");
    line.add_or_dash(request.user_agent, kMaxAccessUserAgent).add("\"\n");
    return line.size();
}

size_t write_json_line(char *out, const AccessRequest &request, const AccessAnswer &answer, AccessTime &time)
{
    time.set(answer.when.tv_sec);
    Line line(out, json_unit);
    line.add("{\"time\":\"").add(time.date()).thousandths(static_cast<unsigned>(answer.when.tv_nsec / 1'000'000)).add(time.offset());
    line.add("\",\"ip\":\"").add(request.ip);
    line.add("\",\"method\":\"").add(request.method, kMaxAccessMethod);
    line.add("\",\"target\":\"").add(request.target, kMaxAccessTarget);
    line.add("\",\"version\":\"").add(request.version, kMaxAccessVersion);
    line.add("\",\"status\":").number(answer.status).add(",\"bytes\":").number(answer.bytes);
    line.add(",\"duration_ms\":").number(answer.duration_us / 1000).thousandths(static_cast<unsigned>(answer.duration_us % 1000));
    line.add(",\"referer\":\"").add(request.referer, kMaxAccessReferer);
    line.add("\",\"user_agent\":\"").add(request.user_agent, kMaxAccessUserAgent);
    line.add("\",\"host\":\"").add(request.host, kMaxAccessHost);
    line.add("\",\"worker\":\"").add(answer.worker, kMaxAccessWorker);
    line.add("\",\"conn\":").number(answer.conn).add("}\n");
    return line.size();
}

} // namespace wm
