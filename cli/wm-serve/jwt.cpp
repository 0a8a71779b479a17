#include "wm-serve/jwt.h"

#include "shared/json_reader.h"
#include "shared/json_string.h"
#include "wm-serve/base64url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace wm::serve {

namespace {

constexpr size_t kMaxDecodedBytes = kMaxJwtBytes * 3 / 4;

using Buffer = std::array<char, kMaxDecodedBytes>;

/// A token, taken apart and not decoded.
struct Parts {
    std::string_view header, claims, signature;
    std::string_view signed_text; ///< header and claims with the dot between them
};

/// False if there are not three parts.
bool split(std::string_view token, Parts &out)
{
    size_t first = token.find('.');
    size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return false;
    out.header = token.substr(0, first);
    out.claims = token.substr(first + 1, second - first - 1);
    out.signature = token.substr(second + 1);
    out.signed_text = token.substr(0, second);
    return true;
}

/// Whether the value, which has been checked, is that string.
bool is_string(const JsonValue &value, std::string_view text)
{
    Buffer decoded;
    if (value.kind != JsonKind::kString)
        return false;
    DecodedString result = decode_json_string(value.data + 1, value.len - 2, decoded.data(), decoded.size());
    return result.error == ScanError::kNone && std::string_view(decoded.data(), result.len) == text;
}

/// The members of an object by their names, with the escapes decoded: "\u0061lg" is alg.
class Members {
public:
    /// Reads a text that has to be one object with each name once (RFC 7519 §4) and nothing else. The text is borrowed.
    bool read(std::string_view json)
    {
        while (!json.empty() && (json.back() == ' ' || json.back() == '\t' || json.back() == '\n' || json.back() == '\r'))
            json.remove_suffix(1);
        JsonReader<JsonBounds::kChecked> reader(json.data(), json.size());
        bool unique = true;
        bool object = reader.read_object([&](const JsonMember &member) { unique = unique && add(member); });
        return object && unique && reader.at_end();
    }

    /// The value of that name, nullptr if there is none.
    const JsonValue *find(std::string_view name) const
    {
        auto end = names_.begin() + static_cast<std::ptrdiff_t>(count_);
        auto found = std::find(names_.begin(), end, name);
        return found == end ? nullptr : &values_[static_cast<size_t>(found - names_.begin())];
    }

private:
    bool add(const JsonMember &member)
    {
        DecodedString result = decode_json_string(member.name, member.name_len, text_.data() + used_, text_.size() - used_);
        std::string_view name(text_.data() + used_, result.len);
        if (result.error != ScanError::kNone || count_ == kMaxJwtMembers || find(name) != nullptr)
            return false;
        used_ += result.len;
        names_[count_] = name;
        values_[count_++] = member.value;
        return true;
    }

    std::array<std::string_view, kMaxJwtMembers> names_;
    std::array<JsonValue, kMaxJwtMembers> values_;
    size_t count_ = 0;
    Buffer text_; ///< of the names
    size_t used_ = 0;
};

/// kid, jku, x5u, jwk and their kin say where a key might be found: the key is known, and they are not looked at (RFC 8725 §3.10).
JwtError check_header(std::string_view json, const JwtKey &key)
{
    Members header;
    if (!header.read(json))
        return JwtError::kHeader;
    const JsonValue *algorithm = header.find("alg");
    if (algorithm == nullptr || !is_string(*algorithm, key.algorithm()))
        return JwtError::kAlgorithm;
    return header.find("crit") != nullptr ? JwtError::kCritical : JwtError::kNone; // RFC 7515 §4.1.11
}

JwtError check_signature(const Parts &parts, const JwtKey &key)
{
    Buffer buffer;
    std::optional<std::string_view> signature = decode_base64url(parts.signature, buffer);
    if (!signature)
        return JwtError::kNotJwt;
    if (signature->empty())
        return JwtError::kUnsigned;
    switch (key.verify(parts.signed_text, *signature)) {
    case JwtKey::Verdict::kGood:
        return JwtError::kNone;
    case JwtKey::Verdict::kNoMemory:
        return JwtError::kNoMemory;
    case JwtKey::Verdict::kBad:
        break;
    }
    return JwtError::kSignature;
}

/// A NumericDate (RFC 7519 §2) without a fraction.
std::optional<int64_t> time_of(const JsonValue &value)
{
    int64_t seconds = 0;
    if (value.kind != JsonKind::kInteger || value.data[0] == '-')
        return std::nullopt;
    auto [end, code] = std::from_chars(value.data, value.data + value.len, seconds);
    if (code != std::errc() || end != value.data + value.len || seconds > kMaxJwtTimeS)
        return std::nullopt;
    return seconds;
}

/// A time at which the token begins to hold, if it is there.
JwtError check_begin(const JsonValue *value, int64_t now_s, JwtError bad, JwtError early)
{
    if (value == nullptr)
        return JwtError::kNone;
    std::optional<int64_t> begin_s = time_of(*value);
    if (!begin_s)
        return bad;
    return *begin_s > now_s + kJwtLeewayS ? early : JwtError::kNone;
}

JwtError check_times(const Members &claims, int64_t now_s, int64_t &end_s)
{
    const JsonValue *expiry = claims.find("exp");
    std::optional<int64_t> expiry_s = expiry != nullptr ? time_of(*expiry) : std::nullopt;
    if (!expiry_s)
        return JwtError::kExpiry;
    end_s = *expiry_s + kJwtLeewayS;
    if (now_s >= end_s)
        return JwtError::kExpired;
    JwtError error = check_begin(claims.find("nbf"), now_s, JwtError::kNotBefore, JwtError::kTooEarly);
    return error != JwtError::kNone ? error : check_begin(claims.find("iat"), now_s, JwtError::kIssuedAt, JwtError::kFuture);
}

/// A string, or an array of strings (RFC 7519 §4.1.3).
bool names_audience(const JsonValue &value, std::string_view audience)
{
    if (value.kind != JsonKind::kArray)
        return is_string(value, audience);
    bool named = false, strings = true;
    JsonReader<JsonBounds::kChecked>(value.data, value.len).read_array([&](const JsonValue &element) {
        strings = strings && element.kind == JsonKind::kString;
        named = named || is_string(element, audience);
    });
    return named && strings;
}

JwtError check_parties(const Members &claims, const JwtRules &rules)
{
    const JsonValue *audience = claims.find("aud");
    if (rules.audience.empty() && audience != nullptr)
        return JwtError::kUnknownAudience;
    if (!rules.audience.empty() && (audience == nullptr || !names_audience(*audience, rules.audience)))
        return JwtError::kAudience;
    const JsonValue *issuer = claims.find("iss");
    bool taken = rules.issuer.empty() || (issuer != nullptr && is_string(*issuer, rules.issuer));
    return taken ? JwtError::kNone : JwtError::kIssuer;
}

/// Reads sub into the scratch; empty: it is no uid.
std::string_view read_subject(const Members &claims, UidScratch &scratch)
{
    const JsonValue *subject = claims.find("sub");
    if (subject == nullptr || subject->kind != JsonKind::kString)
        return {};
    DecodedString result = decode_json_string(subject->data + 1, subject->len - 2, scratch, sizeof scratch);
    return result.error == ScanError::kNone ? std::string_view(scratch, result.len) : std::string_view();
}

JwtError read_claims(std::string_view json, const JwtRules &rules, int64_t now_s, UidScratch &scratch, JwtClaims &out)
{
    Members claims;
    if (!claims.read(json))
        return JwtError::kClaims;
    int64_t end_s = 0;
    if (JwtError error = check_times(claims, now_s, end_s); error != JwtError::kNone)
        return error;
    if (JwtError error = check_parties(claims, rules); error != JwtError::kNone)
        return error;
    std::string_view uid = read_subject(claims, scratch);
    if (uid.empty())
        return JwtError::kSubject;
    out = {uid, end_s};
    return JwtError::kNone;
}

} // namespace

const char *jwt_error_text(JwtError error)
{
    static constexpr const char *kTexts[] = {
#define WM_JWT_ERROR_TEXT(name, text) text,
        WM_JWT_ERRORS(WM_JWT_ERROR_TEXT)
#undef WM_JWT_ERROR_TEXT
    };
    return kTexts[static_cast<size_t>(error)];
}

JwtError read_jwt(std::string_view token, const JwtKey &key, const JwtRules &rules, int64_t now_s, UidScratch &scratch, JwtClaims &out)
{
    Parts parts;
    if (token.size() > kMaxJwtBytes)
        return JwtError::kTooLong;
    if (!split(token, parts))
        return JwtError::kNotJwt;
    Buffer buffer;
    std::optional<std::string_view> header = decode_base64url(parts.header, buffer);
    if (!header)
        return JwtError::kNotJwt;
    if (JwtError error = check_header(*header, key); error != JwtError::kNone)
        return error;
    if (JwtError error = check_signature(parts, key); error != JwtError::kNone)
        return error; // nothing of the claims is looked at before
    std::optional<std::string_view> claims = decode_base64url(parts.claims, buffer);
    return claims ? read_claims(*claims, rules, now_s, scratch, out) : JwtError::kNotJwt;
}

} // namespace wm::serve
