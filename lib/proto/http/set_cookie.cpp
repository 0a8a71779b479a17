#include "proto/http/set_cookie.h"

#include "proto/ascii.h"
#include "proto/http/response_writer.h"
#include "proto/http/text_sink.h"

#include <algorithm>

namespace wm::http {

namespace {

// RFC 6265bis §5.6: a browser ignores a cookie over the one, and an attribute over the other.
constexpr size_t kMaxNameAndValue = 4096;
constexpr size_t kMaxAttribute = 1024;

constexpr char kHexDigits[] = "0123456789ABCDEF";

/// cookie-octet (RFC 6265bis §4.1.1).
bool is_cookie_octet(char c)
{
    unsigned char octet = static_cast<unsigned char>(c);
    return octet > 0x20 && octet < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

bool is_domain_octet(char c)
{
    return ascii::is(c, ascii::kDigit) || ascii::is(c, ascii::kAlpha) || c == '-' || c == '.';
}

bool is_path_octet(char c)
{
    unsigned char octet = static_cast<unsigned char>(c);
    return octet >= 0x20 && octet < 0x7f && c != ';';
}

bool all(std::string_view text, bool (*fits)(char))
{
    return std::all_of(text.begin(), text.end(), fits);
}

bool is_value(std::string_view value)
{
    bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return all(quoted ? value.substr(1, value.size() - 2) : value, is_cookie_octet);
}

bool begins_with(std::string_view name, std::string_view prefix)
{
    return ascii::equal_fold(name.substr(0, prefix.size()), prefix);
}

/// Three octets stand for one that has to be encoded.
bool stands_for_itself(char c)
{
    return is_cookie_octet(c) && c != '%';
}

size_t value_size(const SetCookie &cookie)
{
    if (!cookie.encode)
        return cookie.value.size();
    size_t kept = static_cast<size_t>(std::count_if(cookie.value.begin(), cookie.value.end(), stands_for_itself));
    return kept + 3 * (cookie.value.size() - kept);
}

template <class Sink> void put_value(Sink &out, const SetCookie &cookie)
{
    if (!cookie.encode) {
        out.put(cookie.value);
        return;
    }
    for (const char &c : cookie.value) {
        unsigned char octet = static_cast<unsigned char>(c);
        const char escape[] = {'%', kHexDigits[octet >> 4], kHexDigits[octet & 15]};
        out.put(stands_for_itself(c) ? std::string_view(&c, 1) : std::string_view(escape, sizeof escape));
    }
}

/// What a browser would not take, since it looks at the attributes together.
const char *check_together(const SetCookie &cookie)
{
    if (begins_with(cookie.name, "__Host-") && (!cookie.secure || cookie.path != "/" || !cookie.domain.empty()))
        return "a name with __Host- needs Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2)";
    if (begins_with(cookie.name, "__Secure-") && !cookie.secure)
        return "a name with __Secure- needs Secure (RFC 6265bis §4.1.3.1)";
    if (cookie.same_site == SameSite::kNone && !cookie.secure)
        return "SameSite=None needs Secure (RFC 6265bis §5.7)";
    if (cookie.partitioned && !cookie.secure)
        return "Partitioned needs Secure";
    return nullptr;
}

template <class Sink> size_t put_cookie(Sink out, const SetCookie &cookie)
{
    constexpr std::string_view kSameSite[] = {"", "; SameSite=Lax", "; SameSite=Strict", "; SameSite=None"};
    out.put("Set-Cookie: ").put(cookie.name).put("=");
    put_value(out, cookie);
    if (cookie.expires_s >= 0) {
        char date[kDateSize];
        format_date(static_cast<time_t>(cookie.expires_s), date);
        out.put("; Expires=").put({date, sizeof date});
    }
    if (cookie.max_age_s >= 0)
        put_number(out.put("; Max-Age="), cookie.max_age_s);
    if (!cookie.domain.empty())
        out.put("; Domain=").put(cookie.domain);
    if (!cookie.path.empty())
        out.put("; Path=").put(cookie.path);
    out.put(cookie.secure ? "; Secure" : "").put(cookie.http_only ? "; HttpOnly" : "");
    out.put(kSameSite[static_cast<size_t>(cookie.same_site)]).put(cookie.partitioned ? "; Partitioned" : "");
    return out.put("\r\n").size();
}

} // namespace

const char *check_cookie(const SetCookie &cookie)
{
    if (cookie.name.empty() || !ascii::is_token(cookie.name))
        return "a cookie's name is a token (RFC 6265bis §4.1.1)";
    constexpr const char *kTooLong = "a cookie's name and value have at most 4096 bytes (RFC 6265bis §5.6)";
    if (cookie.value.size() > kMaxNameAndValue) // before it is read
        return kTooLong;
    if (!cookie.encode && !is_value(cookie.value))
        return "a cookie's value has no control character, space, quote, comma, semicolon, backslash or octet above 126: WM_COOKIE_ENCODE "
               "percent-encodes them";
    if (cookie.name.size() + value_size(cookie) > kMaxNameAndValue)
        return kTooLong;
    if (!all(cookie.domain, is_domain_octet) || cookie.domain.size() > kMaxAttribute)
        return "a cookie's domain has letters, digits, '-' and '.'";
    if (!cookie.path.empty() && cookie.path.front() != '/')
        return "a cookie's path begins with '/'";
    if (!all(cookie.path, is_path_octet) || cookie.path.size() > kMaxAttribute)
        return "a cookie's path has no control character, no ';' and at most 1024 bytes; other octets are percent-encoded";
    return check_together(cookie);
}

size_t cookie_size(const SetCookie &cookie)
{
    return put_cookie(SizeSink(), cookie);
}

size_t write_cookie(char *out, const SetCookie &cookie)
{
    return put_cookie(TextSink(out), cookie);
}

} // namespace wm::http
