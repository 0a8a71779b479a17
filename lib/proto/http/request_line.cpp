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

/// The method of HTTP/2's preface, which no other request has (RFC 9113 §3.4, §11.6).
constexpr std::string_view kPreface = "PRI";

/// The error of a method that is not among those that are taken here.
Error method_error(std::string_view name)
{
    if (name == kPreface)
        return Error::kHttp2;
    return has_method(kKnownMethods, name) ? Error::kMethodNotAllowed : Error::kMethodUnknown;
}

/// Whether a valid authority has a port that is not empty.
bool has_port(std::string_view authority)
{
    size_t colon = authority.find_last_of(":]");
    return colon != authority.npos && authority[colon] == ':' && colon + 1 != authority.size();
}

/// The octets between "//" and the path: those that valid_authority() may take, and a few more.
bool in_authority(char c)
{
    return (is(c, ascii::kPath) && c != '/') || c == '%' || c == '[' || c == ']';
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

inline const char *RequestParser::method(const char *data, const char *p, const char *end, std::string_view allowed)
{
    p = skip_class<ascii::kToken>(p, end); // a few octets
    if (p == end)
        return p;
    std::string_view name(data + start_, static_cast<size_t>(p - data) - start_);
    if (*p != ' ' || name.empty())
        return refuse(*p == '\n' ? Error::kBareLf : Error::kMethodSyntax);
    if (name.size() > UINT8_MAX)
        return refuse(Error::kMethodUnknown);
    if (allowed != kAnyMethod && !has_method(allowed, name))
        return refuse(method_error(name));
    method_size_ = static_cast<uint8_t>(name.size());
    state_ = State::kTarget;
    return p + 1;
}

inline const char *RequestParser::target_form(const char *data, const char *p)
{
    if (method_of(data) == "CONNECT") { // authority-form
        authority_ = static_cast<uint32_t>(p - data);
        flags_ |= kAbsolute;
        state_ = State::kAuthority;
        return p;
    }
    if (*p == '/') {
        state_ = State::kPath;
        return p;
    }
    if (*p == '*') {
        if (method_of(data) != "OPTIONS")
            return refuse(method_of(data) == kPreface ? Error::kHttp2 : Error::kTargetAsterisk);
        state_ = State::kTargetEnd;
        return p + 1;
    }
    if (*p == '\n')
        return refuse(Error::kBareLf);
    if (*p == '?')
        return refuse(Error::kTargetForm);
    if (!is(*p, ascii::kPath))
        return refuse(Error::kTargetSyntax);
    state_ = State::kScheme;
    return p;
}

/// The scheme, its colon, and (as kSlashes) the two slashes behind it.
const char *RequestParser::scheme(const char *data, const char *p, const char *end, bool https_targets)
{
    if (state_ == State::kScheme) {
        while (p != end && (is(*p, ascii::kAlpha | ascii::kDigit) || *p == '+' || *p == '-' || *p == '.'))
            p++;
        if (p == end)
            return p;
        if (*p != ':')
            return refuse(Error::kTargetForm);
        std::string_view name(data + target_begin(), static_cast<size_t>(p - data) - target_begin());
        bool secure = ascii::equal_fold(name, "https");
        if (!secure && !ascii::equal_fold(name, "http"))
            return refuse(Error::kTargetScheme);
        if (secure && !https_targets)
            return refuse(Error::kTargetSecure);
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

/// Of absolute-form, and as CONNECT's whole target, which needs a port (RFC 9110 §9.3.6).
const char *RequestParser::authority(const char *data, const char *p, const char *end)
{
    while (p != end && in_authority(*p))
        p++;
    if (p == end)
        return p;
    std::string_view text(data + authority_, static_cast<size_t>(p - data) - authority_);
    bool whole_target = authority_ == target_begin();
    if (text.size() > UINT16_MAX || !valid_authority(text))
        return refuse(whole_target ? Error::kTargetConnect : Error::kTargetAuthority);
    if (whole_target && (*p != ' ' || !has_port(text)))
        return refuse(Error::kTargetConnect);
    authority_size_ = static_cast<uint16_t>(text.size());
    state_ = State::kPath;
    return p;
}

/// RFC 3986 §3.3, §3.4. '[' and ']' are taken in a query, where browsers send them as they are (a[]=1).
inline const char *RequestParser::path_or_query(const char *data, const char *p, const char *end)
{
    while (p != end) {
        if (hex_digits_ != 0) {
            if (!is(*p, ascii::kHex))
                return refuse(Error::kTargetPercent);
            hex_digits_--;
            p++;
            continue;
        }
        p = skip_path(p, end);
        if (p == end)
            break;
        if (*p == ' ') {
            state_ = State::kTargetEnd;
            return p;
        }
        if (*p == '%')
            hex_digits_ = 2;
        else if (*p == '?' && state_ == State::kPath) {
            query_ = static_cast<uint32_t>(p + 1 - data);
            state_ = State::kQuery;
        } else if (state_ != State::kQuery || (*p != '?' && *p != '[' && *p != ']'))
            return refuse(*p == '\n' ? Error::kBareLf : Error::kTargetSyntax);
        p++;
    }
    return p;
}

/// HTTP-version and the CRLF. The version is checked at its last digit, so that HTTP/2.0 is answered with 505
/// whatever follows. A higher minor version is served as HTTP/1.1 (RFC 9110 §2.5).
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
            if (begin[5] != '1')
                return refuse(Error::kVersionUnknown);
            flags_ = static_cast<uint8_t>(flags_ | (*p != '0' ? kMinor : 0));
        }
        if (form == '\n') {
            state_ = State::kLine;
            return p + 1;
        }
    }
    return p;
}

/// Runs from state to state until the bytes end; the usual order falls through.
const char *RequestParser::request_line(const char *data, const char *p, const char *end, const Limits &limits)
{
    while (p != nullptr && p != end && state_ < State::kLine) {
        switch (state_) {
        case State::kStart:
        case State::kEmptyLf:
            p = empty_line(data, p);
            if (p == nullptr || state_ != State::kMethod)
                break;
            [[fallthrough]];
        case State::kMethod:
            p = method(data, p, end, limits.methods);
            if (p == nullptr || p == end)
                break;
            [[fallthrough]];
        case State::kTarget:
            p = target_form(data, p);
            if (p == nullptr || state_ != State::kPath)
                break;
            [[fallthrough]];
        case State::kPath:
        case State::kQuery:
            p = path_or_query(data, p, end);
            if (p == nullptr || p == end)
                break;
            [[fallthrough]];
        case State::kTargetEnd:
            if (*p != ' ')
                return refuse(*p == '\n' ? Error::kBareLf : Error::kTargetSyntax);
            target_end_ = static_cast<uint32_t>(p - data);
            state_ = State::kVersion;
            if (++p == end)
                break;
            [[fallthrough]];
        case State::kVersion:
            p = version(data, p, end);
            break;
        case State::kScheme:
        case State::kSlashes:
            p = scheme(data, p, end, limits.https_targets);
            break;
        default: // kAuthority
            p = authority(data, p, end);
        }
    }
    return p;
}

} // namespace wm::http
