// Tokens: one that is not signed with the key is never taken, whatever it holds, and one that is has the meaning that a plain reading of
// its header and claims says. A token that is taken is refused with one of its bytes changed.
#include "fuzz/fuzz_input.h"
#include "fuzz/json_reference.h"
#include "support/jwt_maker.h"
#include "wm-serve/jwt.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::all_named;
using fuzz::Reference;
using fuzz::Value;
using wm::serve::JwtClaims;
using wm::serve::JwtError;
using wm::serve::JwtKey;
using wm::serve::JwtRules;

constexpr int64_t kNow = 1800000000;
const std::string kSecret(32, 's');

JwtKey key_of(const std::string &text)
{
    JwtKey key;
    if (!key.take(text).empty())
        std::abort();
    return key;
}

std::optional<JwtClaims> read(std::string_view token, const JwtKey &key, const JwtRules &rules, std::string &uid)
{
    std::vector<char> exact(token.begin(), token.end()); // of exactly its size, for the sanitizer
    wm::UidScratch scratch;
    JwtClaims claims;
    if (wm::serve::read_jwt({exact.data(), exact.size()}, key, rules, kNow, scratch, claims) != JwtError::kNone)
        return std::nullopt;
    uid = claims.uid;
    return claims;
}

/// Whether it is an object with each name once, and at most 64 of them.
bool is_object_of_unique_names(const std::optional<Value> &value)
{
    if (!value || value->kind != Value::kObject || value->members.size() > wm::serve::kMaxJwtMembers)
        return false;
    return std::all_of(value->members.begin(), value->members.end(),
                       [&value](const fuzz::Member &member) { return member.name && all_named(*value, *member.name).size() == 1; });
}

const Value *member_of(const Value &object, std::string_view name)
{
    auto found = all_named(object, name);
    return found.empty() ? nullptr : found[0];
}

bool is_text(const Value *value, std::string_view text)
{
    return value != nullptr && value->kind == Value::kString && value->text && *value->text == text;
}

std::optional<int64_t> time_of(const Value *value)
{
    if (value == nullptr || value->kind != Value::kInteger || value->source.size() > 12 || value->source[0] == '-')
        return std::nullopt;
    int64_t seconds = std::strtoll(value->source.c_str(), nullptr, 10);
    return seconds <= wm::serve::kMaxJwtTimeS ? std::optional(seconds) : std::nullopt;
}

bool has_begun(const Value *value)
{
    return value == nullptr || (time_of(value) && *time_of(value) <= kNow + wm::serve::kJwtLeewayS);
}

bool is_for(const Value *audience, std::string_view wanted)
{
    if (wanted.empty() || audience == nullptr)
        return wanted.empty() && audience == nullptr;
    if (audience->kind != Value::kArray)
        return is_text(audience, wanted);
    const auto &all = audience->elements;
    return std::all_of(all.begin(), all.end(), [](const Value &each) { return each.kind == Value::kString; }) &&
           std::any_of(all.begin(), all.end(), [wanted](const Value &each) { return is_text(&each, wanted); });
}

/// The uid of a token with these parts that is signed, none if it is refused.
std::optional<std::string> reference_uid(std::string_view header_text, std::string_view claims_text, const JwtRules &rules)
{
    std::optional<Value> header = Reference(header_text).read(), claims = Reference(claims_text).read();
    if (!is_object_of_unique_names(header) || !is_object_of_unique_names(claims))
        return std::nullopt;
    std::optional<int64_t> end = time_of(member_of(*claims, "exp"));
    const Value *sub = member_of(*claims, "sub");
    bool taken = is_text(member_of(*header, "alg"), "HS256") && member_of(*header, "crit") == nullptr && end &&
                 *end + wm::serve::kJwtLeewayS > kNow && has_begun(member_of(*claims, "nbf")) && has_begun(member_of(*claims, "iat")) &&
                 is_for(member_of(*claims, "aud"), rules.audience) &&
                 (rules.issuer.empty() || is_text(member_of(*claims, "iss"), rules.issuer)) && sub != nullptr &&
                 sub->kind == Value::kString && sub->text && !sub->text->empty() && sub->text->size() <= wm::kMaxUidBytes;
    return taken ? sub->text : std::nullopt;
}

/// Claims of which each is nearly right, as the octets choose them; the rest of the input may be a value.
std::string assembled(std::string text, fuzz::Input &input)
{
    static constexpr const char *kNames[] = {"sub", "exp", "nbf", "iat", "aud", "iss", "jti", "\\u0073ub"};
    static constexpr const char *kValues[] = {
        "\"uid1\"", "1800000060", "1799999971", "1799999970", "1800000030", "1800000031",   "\"push\"",   "[\"a\",\"push\"]",
        "\"me\"",   "[]",         "\"\"",       "-1",         "1.5e9",      "253402300800", "{\"a\":[]}", "\"\\u518d\\ud83d\\ude00\""};
    for (unsigned count = input.octet() % 8; count > 0; count--) {
        const char *name = kNames[input.octet() % 8];
        unsigned value = input.octet();
        text += std::string(text.size() > 1 ? "," : "") + "\"" + name + "\":";
        if (value < 224)
            text += kValues[value % 16];
        else
            text += input.take(value - 224);
    }
    return text + "}";
}

void check_signed(std::string_view header, std::string_view claims, const JwtRules &rules, const JwtKey &key, uint8_t change)
{
    std::string token = jwt_maker::with_hmac(kSecret, header, claims), uid;
    if (token.size() > wm::serve::kMaxJwtBytes)
        return;
    bool taken = read(token, key, rules, uid).has_value();
    std::optional<std::string> wanted = reference_uid(header, claims, rules);
    if (taken != wanted.has_value() || (taken && uid != *wanted)) {
        std::fprintf(stderr, "read_jwt: %s, the reference: %s\n", taken ? uid.c_str() : "refused", wanted ? wanted->c_str() : "refused");
        std::abort();
    }
    size_t at = static_cast<size_t>(change) * 257 % token.size();
    token[at] = token[at] == 'A' ? 'B' : 'A';
    if (read(token, key, rules, uid))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const jwt_maker::Key rsa(EVP_RSA_gen(2048)), ec(EVP_EC_gen("P-256"));
    static const JwtKey keys[] = {key_of(kSecret), key_of(jwt_maker::public_pem(rsa.get())), key_of(jwt_maker::public_pem(ec.get()))};
    static const std::string headers[] = {R"({"alg":"HS256"})", R"({"alg":"RS256"})", R"({"alg":"ES256"})"};
    fuzz::Input input(data, size);
    uint8_t choice = input.octet(), change = input.octet();
    JwtRules rules = {(choice & 1) != 0 ? "push" : "", (choice & 2) != 0 ? "me" : ""};
    size_t header_len = (choice & 4) != 0 ? input.octet() : 0;
    std::string_view rest = input.rest();
    std::string uid;
    for (size_t i = 0; i < 3; i++) { // not signed: what comes, and what comes behind a header that is right
        const JwtKey &key = keys[i];
        std::string claims = R"({"sub":"uid1","exp":1900000000})";
        for (const std::string &token : {std::string(rest), jwt_maker::text_of(headers[i], claims) + "." + std::string(rest),
                                         jwt_maker::text_of(headers[i], claims) + "." + jwt_maker::encode(rest)})
            if (read(token, key, {}, uid))
                std::abort();
    }
    if ((choice & 8) != 0) {
        check_signed(headers[0], assembled((choice & 16) != 0 ? R"({"sub":"uid1","exp":1800000060)" : "{", input), rules, keys[0], change);
        return 0;
    }
    std::string_view header = (choice & 4) != 0 ? rest.substr(0, header_len) : headers[0];
    check_signed(header, (choice & 4) != 0 ? rest.substr(header.size()) : rest, rules, keys[0], change);
    return 0;
}
