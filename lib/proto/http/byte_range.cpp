#include "proto/http/byte_range.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"

#include <algorithm>

namespace wm::http {

namespace {

/// The digits of a number, capped at UINT64_MAX; false if they are not digits alone.
bool read_number(std::string_view digits, uint64_t &out)
{
    out = 0;
    for (char c : digits) {
        if (!ascii::is(c, ascii::kDigit))
            return false;
        unsigned digit = static_cast<unsigned>(c - '0');
        out = out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : out * 10 + digit;
    }
    return !digits.empty();
}

struct Span {
    uint64_t begin, end; ///< empty: not satisfiable
};

/// One of the ranges, as the bytes that there are of it. False: a syntax error.
bool read_range(std::string_view text, uint64_t size, Span &out)
{
    size_t dash = text.find('-');
    if (dash == std::string_view::npos)
        return false;
    std::string_view first = text.substr(0, dash), last = text.substr(dash + 1);
    uint64_t from = 0, to = UINT64_MAX;
    if (first.empty()) {
        if (!read_number(last, to))
            return false;
        out = {size - std::min(to, size), size};
        return true;
    }
    if (!read_number(first, from) || (!last.empty() && !read_number(last, to)) || to < from)
        return false;
    out = {std::min(from, size), to < size ? to + 1 : size};
    return true;
}

bool is_empty(const Span &span)
{
    return span.begin == span.end;
}

/// Adds the second to the first if they make one range.
bool join(Span &all, const Span &more)
{
    if (is_empty(all))
        all = more;
    else if (more.begin > all.end || more.end < all.begin)
        return false;
    else
        all = {std::min(all.begin, more.begin), std::max(all.end, more.end)};
    return true;
}

} // namespace

RangeOutcome parse_range(std::string_view value, uint64_t size, ByteRange &out)
{
    constexpr std::string_view kUnit = "bytes=";
    if (size == 0 || !ascii::equal_fold(value.substr(0, kUnit.size()), kUnit))
        return RangeOutcome::kWhole;
    std::string_view list = value.substr(kUnit.size()), member;
    Span all = {0, 0}, one = {0, 0};
    bool joined = true;
    size_t count = 0;
    while (next_member(list, member)) {
        if (member.empty())
            continue; // RFC 9110 §5.6.1.2
        if (!read_range(member, size, one))
            return RangeOutcome::kWhole;
        count++;
        joined = joined && (is_empty(one) || join(all, one));
    }
    if (count == 0 || !joined)
        return RangeOutcome::kWhole;
    if (is_empty(all))
        return RangeOutcome::kUnsatisfiable;
    out = {all.begin, all.end - all.begin};
    return RangeOutcome::kPart;
}

} // namespace wm::http
