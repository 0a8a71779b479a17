// Tokens of pages: which are taken, and for each other one why it is refused.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <openssl/rsa.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/jwt_maker.h"
#include "wm-serve/base64url.h"
#include "wm-serve/jwt.h"

// Last: its macros (fail, ...) are names in other headers.
extern "C" {
#include <cmocka.h>
}

using namespace std::string_literals;
using namespace std::string_view_literals;
using jwt_maker::encode;
using jwt_maker::with_hmac;
using wm::serve::decode_base64url;
using wm::serve::JwtClaims;
using wm::serve::JwtError;
using wm::serve::JwtKey;
using wm::serve::JwtRules;
using wm::serve::read_jwt;

namespace {

constexpr int64_t kNow = 1800000000;
const std::string kSecret(32, 's');
constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::string_view kClaims = R"({"sub":"uid1","exp":1800000060})";

JwtKey key_of(const std::string &text)
{
    JwtKey key;
    assert_string_equal(key.take(text).c_str(), "");
    return key;
}

const JwtKey &secret_key()
{
    static const JwtKey key = key_of(kSecret);
    return key;
}

/// The result of reading a token that lies in memory of exactly its size, and the uid behind it where there is one.
std::string result_of(const JwtKey &key, const std::string &token, const JwtRules &rules = {}, int64_t now_s = kNow)
{
    wm::UidScratch scratch;
    JwtClaims claims;
    std::vector<char> exact(token.begin(), token.end());
    JwtError error = read_jwt({exact.data(), exact.size()}, key, rules, now_s, scratch, claims);
    return error == JwtError::kNone ? "uid " + std::string(claims.uid) + " until " + std::to_string(claims.end_s) : jwt_error_text(error);
}

void assert_result(const std::string &got, const std::string &wanted)
{
    assert_string_equal(got.c_str(), wanted.c_str());
}

std::string result_of_claims(std::string_view claims, const JwtRules &rules = {})
{
    return result_of(secret_key(), with_hmac(kSecret, kHeader, claims), rules);
}

std::string result_of_header(std::string_view header)
{
    return result_of(secret_key(), with_hmac(kSecret, header, kClaims));
}

const std::string kGood = "uid uid1 until 1800000090";

void base64url__has_one_form_for_each_text(void **)
{
    char out[64];
    auto decoded = [&out](std::string_view text) {
        auto bytes = decode_base64url(text, out);
        return bytes ? std::string(*bytes) : "none"s;
    };
    assert_result(decoded(""), "");
    assert_result(decoded("_-8"), "\xff\xef");
    for (std::string_view text :
         {"a"sv, "aaaaa"sv, "YWI="sv, "YQ=="sv, "Y Q"sv, "YQ\n"sv, "+/8A"sv, "YR"sv, "YWJ"sv, "Y\0Q"sv, "\xc3\xa9\xc3\xa9"sv})
        assert_result(decoded(text), "none");
    for (size_t len = 0; len < 40; len++) {
        std::string bytes;
        for (size_t i = 0; i < len; i++)
            bytes += static_cast<char>(i * 37 + len);
        assert_true(decoded(encode(bytes)) == bytes);
    }
    char two[2];
    assert_true(decode_base64url("YWI", two).has_value());
    assert_false(decode_base64url("YWJj", two).has_value());
}

void token__of_each_algorithm_is_taken(void **)
{
    assert_result(result_of(secret_key(), with_hmac(kSecret, kHeader, kClaims)), kGood);
    jwt_maker::Key rsa(EVP_RSA_gen(2048)), ec(EVP_EC_gen("P-256"));
    std::string text = jwt_maker::text_of(R"({"alg":"RS256"})", kClaims);
    JwtKey key = key_of(jwt_maker::public_pem(rsa.get()));
    assert_string_equal(key.algorithm(), "RS256");
    assert_result(result_of(key, text + "." + encode(jwt_maker::sign(rsa.get(), text))), kGood);
    text = jwt_maker::text_of(R"({"alg":"ES256"})", kClaims);
    key = key_of(jwt_maker::public_pem(ec.get()));
    assert_string_equal(key.algorithm(), "ES256");
    std::string raw = jwt_maker::raw_of(jwt_maker::sign(ec.get(), text));
    assert_result(result_of(key, text + "." + encode(raw)), kGood);
    assert_result(result_of(key, text + "." + encode(jwt_maker::sign(ec.get(), text))), "its signature is wrong"); // DER
    std::string order =
        "\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"s;
    std::string zero(32, '\0');
    for (const std::string &forged : {zero + zero, raw.substr(0, 32) + zero, zero + raw.substr(32), order + order, raw + "\0"s, "\0"s + raw,
                                      raw.substr(0, 63), raw.substr(32) + raw.substr(0, 32)})
        assert_result(result_of(key, text + "." + encode(forged)), "its signature is wrong");
}

void token__with_any_byte_changed_is_refused(void **)
{
    const std::string token = with_hmac(kSecret, kHeader, kClaims);
    for (size_t i = 0; i < token.size(); i++)
        for (char c : {'A', 'z', '.', '=', '\0', '\xff'}) {
            std::string other = token;
            other[i] = c;
            if (other != token && result_of(secret_key(), other).starts_with("uid "))
                fail_msg("taken with %02x at %zu", static_cast<unsigned char>(c), i);
        }
    for (size_t len = 0; len < token.size(); len++)
        assert_false(result_of(secret_key(), token.substr(0, len)).starts_with("uid "));
}

void form__is_three_parts_without_padding(void **)
{
    const std::string token = with_hmac(kSecret, kHeader, kClaims), text = jwt_maker::text_of(kHeader, kClaims);
    const std::string not_jwt = "it is not a JWT: three parts in base64url with two dots";
    for (const std::string &other : {""s, "."s, "uid1"s, text, token + ".", token + "..", "." + token, token + ".e30", token + "=",
                                     token + "\n", " " + token, token + "\0"s, "\"" + token + "\""})
        assert_result(result_of(secret_key(), other), not_jwt);
    assert_result(result_of(secret_key(), ".."), "its header is not a JSON object of at most 64 names, each once");
    assert_result(result_of(secret_key(), text + "."), "it has no signature");
    assert_result(result_of(secret_key(), std::string(8192, 'a')), not_jwt);
    assert_result(result_of(secret_key(), std::string(8193, 'a')), "it is longer than 8192 bytes");
    // The longest that is taken.
    std::string claims(kClaims.substr(0, kClaims.size() - 1));
    claims += R"(,"x":")" + std::string(6144 - 90 - claims.size(), 'x') + "\"}";
    while (with_hmac(kSecret, kHeader, claims).size() < 8191)
        claims.insert(claims.size() - 2, "x");
    assert_result(result_of_claims(claims), kGood);
}

void header__names_the_algorithm_of_the_key(void **)
{
    const std::string other = "alg in its header is not that of the key";
    for (const char *alg :
         {"none", "None", "nOnE", "NONE", "", "hs256", "HS512", "RS256", "ES256", "PS256", "HS256 ", "HS256\\u0000", "HS25"})
        assert_result(result_of_header(R"({"alg":")"s + alg + R"("})"), other);
    for (const char *header : {"{}", R"({"ALG":"HS256"})", R"({"alg":null})", R"({"alg":["HS256"]})", R"({"alg":256})"})
        assert_result(result_of_header(header), other);
    std::string unsigned_token = jwt_maker::text_of(R"({"alg":"none"})", kClaims) + ".";
    assert_result(result_of(secret_key(), unsigned_token), other);
    assert_result(result_of_header(R"({"\u0061lg":"\u0048S256"})"), kGood);
}

void header__of_another_key_is_not_looked_at(void **)
{
    for (const char *more :
         {R"("kid":"../../../../dev/null")", R"("kid":"x' UNION SELECT 'a")", R"("jku":"https://evil.example/keys")",
          R"("x5u":"https://evil.example/")", R"("jwk":{"kty":"oct","k":"AAAA"})", R"("x5c":["MII"])", R"("zip":"DEF")"}) {
        assert_result(result_of_header(R"({"alg":"HS256",)"s + more + "}"), kGood);
        std::string text = jwt_maker::text_of(R"({"alg":"HS256",)"s + more + "}", kClaims);
        assert_result(result_of(secret_key(), text + "." + encode(jwt_maker::hmac("", text))), "its signature is wrong");
    }
    assert_result(result_of_header(R"({"alg":"HS256","crit":["exp"]})"), "crit in its header asks for an extension");
    assert_result(result_of_header(R"({"alg":"HS256","b64":false,"crit":["b64"]})"), "crit in its header asks for an extension");
}

void header__is_strict_json(void **)
{
    std::string many = R"({"alg":"HS256")";
    for (int i = 0; i < 63; i++)
        many += ",\"" + std::to_string(i) + "\":1";
    assert_result(result_of_header(many + "}"), kGood);
    for (const std::string &header :
         {R"({"alg":"none","alg":"HS256"})"s, R"({"alg":"HS256","\u0061lg":"HS256"})"s, R"({"alg":"HS256"} x)"s, R"({"alg":"HS256",})"s,
          R"({"alg":"HS256"})"s + '\0', "\xef\xbb\xbf"s + R"({"alg":"HS256"})", R"(["HS256"])"s, R"("HS256")"s, "\xff{}"s,
          R"({"alg":"HS256","a":")" + "\xff\"}"s, R"({"alg":"HS256","\ud800":1})"s, many + R"(,"one more":1})",
          R"({"alg":"HS256","a":)" + std::string(600, '[') + std::string(600, ']') + "}"})
        assert_result(result_of_header(header), "its header is not a JSON object of at most 64 names, each once");
}

void key__of_one_kind_serves_no_other_algorithm(void **)
{
    jwt_maker::Key rsa(EVP_RSA_gen(2048));
    std::string pem = jwt_maker::public_pem(rsa.get());
    JwtKey key = key_of(pem);
    for (const std::string &secret : {pem, pem.substr(0, pem.size() - 1), ""s})
        assert_result(result_of(key, with_hmac(secret, kHeader, kClaims)), "alg in its header is not that of the key");
    assert_result(result_of(key, with_hmac(pem, R"({"alg":"RS256"})", kClaims)), "its signature is wrong");
    assert_result(result_of(JwtKey(), with_hmac("", R"({"alg":""})", kClaims)), "its signature is wrong"); // no key
}

void claims__are_strict_json(void **)
{
    const std::string wrong = "its claims are not a JSON object of at most 64 names, each once";
    for (const char *claims :
         {"", "[]", "null", "\"uid1\"", R"({"sub":"uid1","exp":1800000060,"sub":"admin"})",
          R"({"sub":"uid1","exp":1800000060,"\u0073ub":"admin"})", R"({"sub":"uid1","exp":1800000060,"a":1,"a":1})",
          R"({"sub":"uid1","exp":1800000060)", R"({'sub':'uid1','exp':1800000060})", R"({"sub":"uid1","exp":1800000060}{})"})
        assert_result(result_of_claims(claims), wrong);
    assert_result(result_of_claims("{\"sub\":\"\xff\",\"exp\":1800000060}"), wrong);
    assert_result(result_of_claims(" {\n\"sub\" : \"uid1\" , \"exp\" : 1800000060, \"https:\\/\\/a.example\\/roles\":[{\"a\":{}}]}\r\n"),
                  kGood);
}

void subject__is_a_uid(void **)
{
    auto result = [](const std::string &sub) { return result_of_claims(R"({"exp":1800000060,"sub":)" + sub + "}"); };
    const std::string wrong = "sub is missing, or is not a string of 1 to 255 bytes";
    assert_result(result_of_claims(R"({"exp":1800000060})"), wrong);
    for (const char *sub : {"\"\"", "1", "null", "[\"uid1\"]", "{}", "true", "\"\\ud800\""})
        assert_result(result(sub), wrong);
    assert_result(result("\"" + std::string(256, 'u') + "\""), wrong);
    assert_result(result("\"" + std::string(254, 'u') + "\\u00e9\""), wrong);
    assert_result(result("\"" + std::string(255, 'u') + "\""), "uid " + std::string(255, 'u') + " until 1800000090");
    assert_result(result("\"\\u518d\\ud83d\\ude00\\/\""), "uid 再😀/ until 1800000090");
}

void times__are_whole_seconds_with_some_leeway(void **)
{
    auto result = [](const std::string &exp, const std::string &more = "") {
        return result_of_claims(R"({"sub":"uid1","exp":)" + exp + more + "}");
    };
    const std::string wrong = "exp is missing, or is not a whole number of seconds up to the year 9999";
    assert_result(result_of_claims(R"({"sub":"uid1"})"), wrong);
    for (const char *exp : {"\"1800000060\"", "1800000060.5", "1800000060.0", "18e8", "1e400", "-1", "-0", "null", "[1800000060]", "true",
                            "253402300800", "1800000060000", "9223372036854775808", "99999999999999999999999999"})
        assert_result(result(exp), wrong);
    assert_result(result("253402300799"), "uid uid1 until 253402300829");
    assert_result(result("1799999971"), "uid uid1 until 1800000001");
    for (const char *exp : {"1799999970", "1799999900", "0"})
        assert_result(result(exp), "it has expired");
    assert_result(result("1800000060", R"(,"nbf":1800000030,"iat":1800000030)"), kGood);
    assert_result(result("1800000060", R"(,"nbf":1800000031)"), "it is not valid yet");
    assert_result(result("1800000060", R"(,"iat":1800000031)"), "it was issued in the future");
    for (const char *time : {"\"1\"", "1.5", "-1", "null", "1e9", "99999999999999999999"}) {
        assert_result(result("1800000060", ",\"nbf\":"s + time), "nbf is not a whole number of seconds up to the year 9999");
        assert_result(result("1800000060", ",\"iat\":"s + time), "iat is not a whole number of seconds up to the year 9999");
    }
}

void audience_and_issuer__are_those_of_the_server(void **)
{
    const JwtRules rules = {"push", "https://login.example"};
    auto result = [&rules](const std::string &more) {
        return result_of_claims(R"({"sub":"uid1","exp":1800000060,"iss":"https://login.example")" + more + "}", rules);
    };
    for (const char *aud : {R"("push")", R"(["push"])", R"(["a", "push" ,"b"])", R"("pus\u0068")"})
        assert_result(result(",\"aud\":"s + aud), kGood);
    for (const char *aud : {R"("")", R"("Push")", R"("push ")", R"("pus")", R"([])", R"(["a"])", R"([["push"]])", R"({"push":1})", "null",
                            "1", R"(["push",1])"})
        assert_result(result(",\"aud\":"s + aud), "aud does not name this server");
    assert_result(result(""), "aud does not name this server");
    for (const char *aud : {R"("push")", "[]", "null"})
        assert_result(result_of_claims(R"({"sub":"uid1","exp":1800000060,"aud":)"s + aud + "}"),
                      "it has an aud, and this server has no audience");
    const std::string wrong = "iss is not the issuer whose tokens are taken";
    for (const char *iss : {"", R"(,"iss":"https://login.example/")", R"(,"iss":null)", R"(,"iss":["https://login.example"])"})
        assert_result(result_of_claims(R"({"sub":"uid1","exp":1800000060,"aud":"push")"s + iss + "}", rules), wrong);
    assert_result(result_of_claims(R"({"sub":"uid1","exp":1800000060,"iss":7})"), kGood);
}

void key__has_a_text_for_each_file_that_is_none(void **)
{
    jwt_maker::Key rsa(EVP_RSA_gen(2048)), small(EVP_RSA_gen(1024)), p384(EVP_EC_gen("P-384")), k1(EVP_EC_gen("secp256k1")),
        edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    auto error_of = [](std::string text) { return JwtKey().take(std::move(text)); };
    std::string pem = jwt_maker::public_pem(rsa.get());
    assert_string_equal(error_of(std::string(31, 's') + "\n").c_str(),
                        "the secret has 31 bytes without its line end, and HS256 needs 32 (RFC 7518 §3.2): openssl rand -hex 32 makes one");
    assert_string_equal(error_of(kSecret + "\r\n").c_str(), "");
    JwtKey line = key_of(kSecret + "\n");
    assert_result(result_of(line, with_hmac(kSecret, kHeader, kClaims)), kGood);
    assert_string_equal(error_of(jwt_maker::public_pem(small.get())).c_str(),
                        "its RSA key has 1024 bits, and RS256 needs 2048 (RFC 7518 §3.3)");
    for (const auto *other : {&p384, &k1, &edwards})
        assert_string_equal(error_of(jwt_maker::public_pem(other->get())).c_str(),
                            "its key is neither RSA, for RS256, nor EC on the curve P-256, for ES256");
    assert_string_equal(error_of(pem + pem).c_str(), "it holds more than one block; leave the one public key");
    assert_string_equal(error_of("-----BEGIN PRIVATE KEY-----\n").c_str(),
                        "it holds a private key, and the public one is enough: openssl pkey -in FILE -pubout -out PEM");
    assert_string_equal(error_of("-----BEGIN CERTIFICATE-----\n").c_str(),
                        "it holds a certificate; take its key out: openssl x509 -in FILE -noout -pubkey");
    assert_string_equal(error_of(pem.substr(0, pem.size() / 2)).c_str(),
                        "it holds no public key that OpenSSL can read: openssl pkey -pubin -in FILE -noout says why");
    // What an attacker may know as well is no secret.
    unsigned char *der = nullptr;
    int len = i2d_PUBKEY(rsa.get(), &der);
    std::string spki(reinterpret_cast<char *>(der), static_cast<size_t>(len));
    OPENSSL_free(der);
    assert_string_equal(error_of(spki).c_str(), "it is a key in DER; make a PEM: openssl pkey -pubin -inform DER -in FILE -out PEM");
    size_t begin = pem.find('\n') + 1;
    std::string bare = pem.substr(begin, pem.find("\n-----END") - begin);
    for (const std::string &text : {bare, bare + "\n", encode(spki)})
        assert_string_equal(error_of(text).c_str(),
                            "it is a public key without its lines -----BEGIN PUBLIC KEY----- and -----END PUBLIC KEY-----; add them");
    assert_string_equal(error_of("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7").c_str(),
                        "it is a key of ssh; make a PEM: ssh-keygen -e -m PKCS8 -f FILE");
    assert_string_equal(error_of(R"( {"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJX", "e": "AQAB"})").c_str(),
                        "it is a JWK; a PEM with the public key is needed, or the secret alone");
}

void limits__are_those_of_the_texts(void **)
{
    auto text = [](JwtError error) { return std::string(jwt_error_text(error)); };
    assert_true(text(JwtError::kTooLong).find(std::to_string(wm::serve::kMaxJwtBytes)) != std::string::npos);
    for (JwtError error : {JwtError::kHeader, JwtError::kClaims})
        assert_true(text(error).find(" " + std::to_string(wm::serve::kMaxJwtMembers) + " ") != std::string::npos);
    assert_true(text(JwtError::kSubject).find(std::to_string(wm::kMaxUidBytes)) != std::string::npos);
    for (int error = 0; error <= static_cast<int>(JwtError::kIssuer); error++)
        assert_true(("token refused: " + text(static_cast<JwtError>(error))).size() <= 123);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(base64url__has_one_form_for_each_text),
        cmocka_unit_test(token__of_each_algorithm_is_taken),
        cmocka_unit_test(token__with_any_byte_changed_is_refused),
        cmocka_unit_test(form__is_three_parts_without_padding),
        cmocka_unit_test(header__names_the_algorithm_of_the_key),
        cmocka_unit_test(header__of_another_key_is_not_looked_at),
        cmocka_unit_test(header__is_strict_json),
        cmocka_unit_test(key__of_one_kind_serves_no_other_algorithm),
        cmocka_unit_test(claims__are_strict_json),
        cmocka_unit_test(subject__is_a_uid),
        cmocka_unit_test(times__are_whole_seconds_with_some_leeway),
        cmocka_unit_test(audience_and_issuer__are_those_of_the_server),
        cmocka_unit_test(key__has_a_text_for_each_file_that_is_none),
        cmocka_unit_test(limits__are_those_of_the_texts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
