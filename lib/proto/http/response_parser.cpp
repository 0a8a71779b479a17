#include "proto/http/response_parser.h"

#include "proto/ascii.h"
#include "proto/http/scan.h"

#include <algorithm>

namespace wm::http {

namespace {

/// 'd' is a digit. The space stands also before an empty reason (RFC 9112 §4).
constexpr std::string_view kStartForm = "HTTP/1.d ddd ";
constexpr size_t kMinorAt = 7, kStatusAt = 9;
constexpr std::string_view kLineEnd = "\r\n";

int digit(char c)
{
    return c - '0';
}

} // namespace

const char *ResponseParser::refuse(Error error)
{
    error_ = error;
    return nullptr;
}

const char *ResponseParser::start(const char *data, const char *p, const char *end)
{
    for (; p != end; p++) {
        size_t at = static_cast<size_t>(p - data);
        char form = kStartForm[at];
        bool as_formed = form == 'd' ? ascii::is(*p, ascii::kDigit) : *p == form;
        // RFC 9110 §15: what is not from 100 to 599 is no status.
        if (!as_formed || (at == kStatusAt && (*p < '1' || *p > '5')))
            return refuse(Error::kStatusLine);
        if (at + 1 == kStartForm.size()) {
            state_ = State::kReason;
            return p + 1;
        }
    }
    return p;
}

const char *ResponseParser::line_end(const char *p, State next)
{
    if (*p != '\n')
        return refuse(Error::kBareCr);
    state_ = next;
    return p + 1;
}

const char *ResponseParser::name(const char *data, const char *p, const char *end, size_t max_headers)
{
    if (state_ == State::kLine) {
        fields_ = fields_ == 0 ? static_cast<uint32_t>(p - data) : fields_;
        if (*p == '\r') {
            state_ = State::kBlankLf;
            return p + 1;
        }
        if (!ascii::is(*p, ascii::kToken))
            return refuse(field_name_error(*p, true));
        if (lines_ >= max_headers)
            return refuse(Error::kTooManyFields);
        lines_++;
        state_ = State::kName;
    }
    p = skip_token(p, end);
    if (p == end)
        return p;
    if (*p != ':')
        return refuse(field_name_error(*p, false));
    state_ = State::kValue;
    return p + 1;
}

/// Of a field, or the reason, which has the same octets.
const char *ResponseParser::value(const char *p, const char *end, State behind)
{
    p = skip_value(p, end);
    if (p == end)
        return p;
    if (*p != '\r')
        return refuse(*p == '\n' ? Error::kBareLf : Error::kFieldValue);
    state_ = behind;
    return p + 1;
}

const char *ResponseParser::part(const char *data, const char *p, const char *end, size_t max_headers)
{
    switch (state_) {
    case State::kStart:
        return start(data, p, end);
    case State::kReason:
        return value(p, end, State::kReasonLf);
    case State::kReasonLf:
    case State::kValueLf:
        return line_end(p, State::kLine);
    case State::kLine:
    case State::kName:
        return name(data, p, end, max_headers);
    case State::kValue:
        return value(p, end, State::kValueLf);
    default: // kBlankLf
        return line_end(p, State::kEnd);
    }
}

Step ResponseParser::step(const char *data, size_t len, size_t max_header_bytes, size_t max_headers, Response &out)
{
    size_t left = std::min<size_t>(max_header_bytes, UINT32_MAX) - used_;
    const char *p = data + pos_;
    const char *end = data + std::min(len, left);
    while (p != nullptr && p != end && state_ != State::kEnd)
        p = part(data, p, end, max_headers);
    if (p != nullptr && state_ != State::kEnd && len >= left)
        p = refuse(Error::kHeadLong);
    if (p == nullptr)
        return {StepKind::kFail, 0, 0};
    pos_ = static_cast<uint32_t>(p - data);
    if (state_ != State::kEnd)
        return {StepKind::kMore, len, 0};

    size_t size = pos_, reason = kStartForm.size(), behind_reason = fields_ - kLineEnd.size();
    out.status = digit(data[kStatusAt]) * 100 + digit(data[kStatusAt + 1]) * 10 + digit(data[kStatusAt + 2]);
    out.minor = data[kMinorAt] == '0' ? 0 : 1;
    out.reason = {data + reason, behind_reason - reason};
    out.fields = {data + fields_, size - kLineEnd.size() - fields_};
    if (out.status >= 200 || out.status == 101)
        return {StepKind::kMessage, size, 0};
    used_ += pos_;
    pos_ = fields_ = 0;
    state_ = State::kStart;
    return {StepKind::kContinue, size, 0};
}

} // namespace wm::http
