// RequestParser: the request line (RFC 9112 §3). Each function reads from p in its own state, enters the next
// state when its part is complete, and returns where it stopped; nullptr after refuse().
#include "proto/http/request_parser.h"

#include "proto/ascii.h"
#include "proto/http/authority.h"
#include "proto/http/scan.h"

#include <cstring>

namespace wm::http {

namespace {

using ascii::is;

/// RFC 9112 §2.2 requires tolerance of "at least one" empty line before a request.
constexpr uint8_t kMaxEmptyLines = 4;

constexpr std::string_view kVersionForm = "HTTP/d.d\r\n";

bool known_method(std::string_view name)
{
    switch (name.size()) {
    case 3:
        return name == "GET" || name == "PUT";
    case 4:
        return name == "POST" || name == "HEAD";
    case 5:
        return name == "PATCH";
    case 6:
        return name == "DELETE";
    case 7:
        return name == "OPTIONS";
    default:
        return false;
    }
}

} // namespace

inline const char *RequestParser::empty_line(const char *data, const char *p)
{
    if (state_ == State::kEmptyLf) {
        if (*p != '\n')
            return refuse(Error::kBareCr);
        state_ = State::kStart;
    } else if (*p == '\r') {
        if (p - data == 2 * kMaxEmptyLines)
            return refuse(Error::kEmptyLines);
        state_ = State::kEmptyLf;
    } else {
        start_ = static_cast<uint8_t>(p - data);
        state_ = State::kMethod;
        return p;
    }
    return p + 1;
}

inline const char *RequestParser::method(const char *data, const char *p, const char *end)
{
    p = skip_token(p, end);
    if (p == end)
        return p;
    std::string_view name(data + start_, static_cast<size_t>(p - data) - start_);
    if (*p != ' ' || name.empty())
        return refuse(*p == '\n' ? Error::kBareLf : Error::kMethodSyntax);
    if (!known_method(name))
        return refuse(Error::kMethodUnknown);
    method_size_ = static_cast<uint8_t>(name.size());
    state_ = State::kTarget;
    return p + 1;
}

inline const char *RequestParser::target_form(const char *data, const char *p)
{
    if (*p == '/') {
        state_ = State::kPath;
        return p;
    }
    if (*p == '*') {
        if (data[start_] != 'O')
            return refuse(Error::kTargetAsterisk);
        state_ = State::kTargetEnd;
        return p + 1;
    }
    if (!is(*p, ascii::kPath))
        return refuse(*p == '\n' ? Error::kBareLf : Error::kTargetSyntax);
    state_ = State::kScheme;
    return p;
}

/// The scheme, its colon, and (as kSlashes) the two slashes behind it.
const char *RequestParser::scheme(const char *data, const char *p, const char *end)
{
    if (state_ == State::kScheme) {
        while (p != end && (is(*p, ascii::kAlpha | ascii::kDigit) || *p == '+' || *p == '-' || *p == '.'))
            p++;
        if (p == end)
            return p;
        if (*p != ':')
            return refuse(Error::kTargetForm);
        std::string_view name(data + target_begin(), static_cast<size_t>(p - data) - target_begin());
        if (!ascii::equal_fold(name, "http") && !ascii::equal_fold(name, "https"))
            return refuse(Error::kTargetScheme);
        p++;
        scan_.mark = static_cast<uint32_t>(p - data);
        state_ = State::kSlashes;
    }
    for (; p != end && p - data < scan_.mark + 2; p++)
        if (*p != '/')
            return refuse(Error::kTargetForm);
    if (p - data == scan_.mark + 2) {
        authority_ = static_cast<uint32_t>(p - data);
        flags_ |= kAbsolute;
        state_ = State::kAuthority;
    }
    return p;
}

const char *RequestParser::authority(const char *data, const char *p, const char *end)
{
    while (p != end && is(*p, ascii::kPath) && *p != '/')
        p++;
    if (p == end)
        return p;
    std::string_view text(data + authority_, static_cast<size_t>(p - data) - authority_);
    if (text.size() > UINT16_MAX || !valid_authority(text))
        return refuse(Error::kTargetAuthority);
    authority_size_ = static_cast<uint16_t>(text.size());
    state_ = State::kPath;
    return p;
}

inline const char *RequestParser::path_or_query(const char *data, const char *p, const char *end)
{
    p = skip_path(p, end);
    if (p != end && *p == '?' && state_ == State::kPath) {
        p++;
        query_ = static_cast<uint32_t>(p - data);
        state_ = State::kQuery;
    }
    if (state_ == State::kQuery)
        while ((p = skip_path(p, end)) != end && *p == '?')
            p++;
    if (p == end)
        return p;
    if (*p != ' ')
        return refuse(*p == '\n' ? Error::kBareLf : Error::kTargetSyntax);
    state_ = State::kTargetEnd;
    return p;
}

/// HTTP-version and the CRLF. The version is checked at its last digit, so that HTTP/2.0 is answered with 505
/// whatever follows.
inline const char *RequestParser::version(const char *data, const char *p, const char *end)
{
    const char *begin = data + target_end_ + 1;
    if (p == begin && end - p >= static_cast<std::ptrdiff_t>(kVersionForm.size()) && memcmp(p, "HTTP/1.1\r\n", kVersionForm.size()) == 0) {
        flags_ |= kMinor;
        state_ = State::kLine;
        return p + kVersionForm.size();
    }
    for (; p != end; p++) {
        char form = kVersionForm[static_cast<size_t>(p - begin)];
        if (form == 'd' ? !is(*p, ascii::kDigit) : *p != form)
            return refuse(Error::kVersionSyntax);
        if (p == begin + 7) {
            if (begin[5] != '1' || *p > '1')
                return refuse(Error::kVersionUnknown);
            flags_ = static_cast<uint8_t>(flags_ | (*p == '1' ? kMinor : 0));
        }
        if (form == '\n') {
            state_ = State::kLine;
            return p + 1;
        }
    }
    return p;
}

const char *RequestParser::request_line(const char *data, const char *p, const char *end)
{
    while (p != nullptr && p != end && state_ < State::kLine) {
        switch (state_) {
        case State::kStart:
        case State::kEmptyLf:
            p = empty_line(data, p);
            break;
        case State::kMethod:
            p = method(data, p, end);
            break;
        case State::kTarget:
            p = target_form(data, p);
            break;
        case State::kScheme:
        case State::kSlashes:
            p = scheme(data, p, end);
            break;
        case State::kAuthority:
            p = authority(data, p, end);
            break;
        case State::kPath:
        case State::kQuery:
            p = path_or_query(data, p, end);
            break;
        case State::kTargetEnd:
            if (*p != ' ')
                return refuse(*p == '\n' ? Error::kBareLf : Error::kTargetSyntax);
            target_end_ = static_cast<uint32_t>(p - data);
            state_ = State::kVersion;
            p++;
            break;
        default: // kVersion
            p = version(data, p, end);
        }
    }
    return p;
}

} // namespace wm::http
