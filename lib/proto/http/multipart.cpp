#include "proto/http/multipart.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"

#include <algorithm>
#include <cstring>

namespace wm::http {

namespace {

constexpr std::string_view kBegin = "\r\n--";

bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

} // namespace

bool MultipartParser::is_boundary(std::string_view text)
{
    if (text.empty() || text.size() > kMaxBoundary || text.back() == ' ')
        return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return ascii::is(c, ascii::kAlpha | ascii::kDigit) || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
    });
}

MultipartParser::MultipartParser(std::string_view boundary) : size_(static_cast<uint8_t>(kBegin.size() + boundary.size()))
{
    memcpy(delimiter_, kBegin.data(), kBegin.size());
    memcpy(delimiter_ + kBegin.size(), boundary.data(), boundary.size());
    begin_search(State::kPreamble);
}

MultipartStep MultipartParser::fail(const char *text, size_t limit)
{
    failure_ = text;
    limit_ = limit;
    state_ = State::kFailed;
    return {MultipartStep::kFail, 0};
}

/// The delimiter may stand at once: its CRLF is the end of the line before, or the body begins with it.
void MultipartParser::begin_search(State state)
{
    state_ = state;
    matched_ = unfed_ = 2;
}

/// How many octets at data go on with the delimiter.
size_t MultipartParser::match(const char *data, size_t len) const
{
    size_t most = std::min<size_t>(len, size_t{size_} - matched_);
    return static_cast<size_t>(std::mismatch(data, data + most, delimiter_ + matched_).first - data);
}

/// Where the next delimiter begins in data[from, len), with the octets of it that are there in matched_: all, or as many as have come;
/// len: nowhere. An octet is looked at once: the only CR of a delimiter is its first octet, so no other one begins in what has matched.
size_t MultipartParser::find(const char *data, size_t from, size_t len)
{
    for (;;) {
        matched_ = unfed_ = 0;
        const void *cr = memchr(data + from, '\r', len - from);
        if (!cr)
            return len;
        size_t begin = static_cast<size_t>(static_cast<const char *>(cr) - data);
        size_t size = match(data + begin, len - begin);
        if (size == size_ || begin + size == len) {
            matched_ = static_cast<uint8_t>(size);
            return begin;
        }
        from = begin + size;
    }
}

/// Takes the data before the next delimiter, and the delimiter, as far as they have come.
MultipartStep MultipartParser::search(const char *data, size_t len)
{
    size_t size = match(data, len);
    size_t begin = 0;
    size_t end = size;
    if (matched_ + size == size_ || size == len) {
        matched_ = static_cast<uint8_t>(matched_ + size);
    } else if (matched_ > unfed_) { // what was fed before, and looked like a delimiter, is data; it is gone, but the delimiter has it
        MultipartStep held = {MultipartStep::kData, size, {delimiter_ + unfed_, matched_ - unfed_ + size}};
        matched_ = unfed_ = 0;
        return held;
    } else {
        begin = find(data, size, len);
        end = begin + matched_;
    }
    if (matched_ == size_)
        state_ = state_ == State::kPreamble ? State::kBoundary : State::kPartEnd;
    return {begin > 0 ? MultipartStep::kData : MultipartStep::kMore, end, {data, begin}};
}

/// A line of a head, with its LF: nullptr, or an error text.
const char *MultipartParser::take_line(const char *begin, const char *end)
{
    if (end - begin < 2 || end[-2] != '\r')
        return "RFC 2046 §5.1.1: LF without CR in the header lines of a part";
    std::string_view name;
    std::string_view value;
    return check_field(begin, end, name, value);
}

/// data begins with the head of a part.
MultipartStep MultipartParser::head(const char *data, size_t len, const MultipartLimits &limits)
{
    size_t most = std::min(len, limits.max_part_header_bytes);
    while (searched_ < most) {
        const void *lf = memchr(data + searched_, '\n', most - searched_);
        if (!lf)
            break;
        const char *end = static_cast<const char *>(lf) + 1;
        searched_ = static_cast<size_t>(end - data);
        if (searched_ - lines_ == 2 && data[lines_] == '\r') {
            if (const char *wrong = read_part_head({data, lines_}, part_))
                return fail(wrong);
            begin_search(State::kData);
            return {MultipartStep::kPart, searched_};
        }
        if (const char *wrong = take_line(data + lines_, end))
            return fail(wrong);
        lines_ = searched_;
    }
    searched_ = most;
    if (len >= limits.max_part_header_bytes)
        return fail("RFC 7578 §4.8: the header lines of a part are longer than max_part_header_bytes", limits.max_part_header_bytes);
    return {MultipartStep::kMore, 0};
}

/// An octet behind a boundary. False: it may not stand there.
bool MultipartParser::take_mark(char c)
{
    switch (state_) {
    case State::kBoundary:
        state_ = c == '-' ? State::kDash : is_space(c) ? State::kPadding : State::kPaddingLf;
        return c == '-' || is_space(c) || c == '\r';
    case State::kPadding:
        state_ = is_space(c) ? State::kPadding : State::kPaddingLf;
        return is_space(c) || c == '\r';
    case State::kPaddingLf:
        state_ = State::kHead;
        return c == '\n';
    case State::kDash:
        state_ = State::kEndPadding;
        return c == '-';
    case State::kEndPadding:
        state_ = is_space(c) ? State::kEndPadding : State::kEndLf;
        return is_space(c) || c == '\r';
    default: // kEndLf
        state_ = State::kEpilogue;
        return c == '\n';
    }
}

MultipartStep MultipartParser::step(const char *data, size_t len, const MultipartLimits &limits)
{
    size_t used = 0;
    while (used < len || state_ == State::kPartEnd) {
        if (state_ == State::kFailed)
            return {MultipartStep::kFail, 0};
        if (state_ == State::kEpilogue)
            return {MultipartStep::kMore, len};
        if (state_ == State::kPartEnd) {
            state_ = State::kBoundary;
            return {MultipartStep::kPartEnd, used};
        }
        if (state_ == State::kHead) {
            MultipartStep step = head(data + used, len - used, limits);
            step.size += used;
            return step;
        }
        if (state_ == State::kPreamble || state_ == State::kData) {
            bool is_data = state_ == State::kData;
            MultipartStep step = search(data + used, len - used);
            used += step.size;
            if (is_data && step.kind == MultipartStep::kData)
                return {step.kind, used, step.data};
            continue;
        }
        if (!take_mark(data[used++]))
            return fail("RFC 2046 §5.1.1: a boundary must end its line, with CRLF, or with \"--\" and CRLF if it is the last");
        if (state_ == State::kHead) {
            if (parts_++ == limits.max_parts)
                return fail("RFC 7578 §4.3: more parts than max_parts", limits.max_parts);
            lines_ = searched_ = 0;
        }
    }
    return {MultipartStep::kMore, used};
}

bool MultipartParser::finish()
{
    if (state_ == State::kEndPadding || state_ == State::kEpilogue)
        return true;
    if (state_ != State::kFailed)
        fail("RFC 2046 §5.1.1: the body ends before the last boundary, which has \"--\" behind it");
    return false;
}

} // namespace wm::http
