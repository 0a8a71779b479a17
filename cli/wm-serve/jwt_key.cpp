#include "wm-serve/jwt_key.h"

#include "shared/key_file.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <utility>

namespace wm::serve {

namespace {

constexpr std::string_view kPemBegin = "-----BEGIN ";
constexpr size_t kRawBytes = 64; // of r and s of ES256
constexpr size_t kMaxDerBytes = 72;

template <auto Free> struct Deleter {
    template <class Type> void operator()(Type *object) const { Free(object); }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using AnyKey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

/// The library's TLS works in this thread, too: no error of ours is left for it to find.
struct ErrorQueue {
    ~ErrorQueue() { ERR_clear_error(); }
};

const unsigned char *bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char *>(text.data());
}

bool is_der_key(std::string_view text)
{
    const unsigned char *spki = bytes_of(text), *pkcs1 = spki;
    long len = static_cast<long>(text.size());
    return AnyKey(d2i_PUBKEY(nullptr, &spki, len)) || AnyKey(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &pkcs1, len));
}

/// A PEM without its first and last line, as some consoles show a public key.
bool is_bare_base64_key(std::string text)
{
    std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.resize((text.size() + 3) / 4 * 4, '=');
    std::string der(text.size(), '\0');
    int size = EVP_DecodeBlock(reinterpret_cast<unsigned char *>(der.data()), bytes_of(text), static_cast<int>(text.size()));
    if (size <= 0)
        return false;
    der.resize(static_cast<size_t>(size)); // with the zeros of the padding, behind the key
    return is_der_key(der);
}

/// The error of a text that is a key, but neither a PEM nor a secret.
std::string form_error(const std::string &text)
{
    ErrorQueue errors;
    if (is_der_key(text))
        return "it is a key in DER; make a PEM: openssl pkey -pubin -inform DER -in FILE -out PEM";
    if (is_bare_base64_key(text))
        return "it is a public key without its lines -----BEGIN PUBLIC KEY----- and -----END PUBLIC KEY-----; add them";
    if (text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-"))
        return "it is a key of ssh; make a PEM: ssh-keygen -e -m PKCS8 -f FILE";
    size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '{' && text.find("\"kty\"") != std::string::npos)
        return "it is a JWK; a PEM with the public key is needed, or the secret alone";
    return "";
}

/// The error of a PEM that holds something else than one public key.
std::string block_error(const std::string &text)
{
    if (text.find("PRIVATE KEY-----") != std::string::npos)
        return "it holds a private key, and the public one is enough: openssl pkey -in FILE -pubout -out PEM";
    if (text.find("-----BEGIN CERTIFICATE-----") != std::string::npos)
        return "it holds a certificate; take its key out: openssl x509 -in FILE -noout -pubkey";
    if (text.find(kPemBegin, text.find(kPemBegin) + 1) != std::string::npos)
        return "it holds more than one block; leave the one public key";
    return "";
}

bool is_sound(EVP_PKEY *key)
{
    Context context(EVP_PKEY_CTX_new(key, nullptr));
    return context && EVP_PKEY_public_check(context.get()) == 1;
}

bool is_p256(EVP_PKEY *key)
{
    char group[64] = "";
    size_t len = 0;
    return EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 && std::strcmp(group, "prime256v1") == 0;
}

/// The raw r and s of a JWS (RFC 7518 §3.4) as DER, which OpenSSL takes. Returns its length, 0 when out of memory.
size_t to_der(std::string_view raw, unsigned char (&der)[kMaxDerBytes])
{
    constexpr int kHalf = kRawBytes / 2;
    Number r(BN_bin2bn(bytes_of(raw), kHalf, nullptr)), s(BN_bin2bn(bytes_of(raw) + kHalf, kHalf, nullptr));
    EcdsaSignature signature(ECDSA_SIG_new());
    if (!r || !s || !signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1)
        return 0;
    (void)r.release(); // they are the signature's now
    (void)s.release();
    unsigned char *end = der;
    return static_cast<size_t>(std::max(i2d_ECDSA_SIG(signature.get(), &end), 0));
}

JwtKey::Verdict verify_digest(EVP_PKEY *key, std::string_view text, const unsigned char *signature, size_t len)
{
    DigestContext context(EVP_MD_CTX_new());
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1)
        return JwtKey::Verdict::kNoMemory;
    bool good = EVP_DigestVerify(context.get(), signature, len, bytes_of(text), text.size()) == 1;
    return good ? JwtKey::Verdict::kGood : JwtKey::Verdict::kBad;
}

} // namespace

std::string JwtKey::load(const std::string &path)
{
    KeyFile file;
    JwtKey next;
    std::string wrong = read_key_file(path, file);
    if (wrong.empty())
        wrong = next.take(std::move(file.text));
    if (wrong.empty() && !next.public_key_)
        wrong = mode_error(file, path);
    if (wrong.empty())
        *this = std::move(next);
    return wrong;
}

std::string JwtKey::take(std::string text)
{
    if (text.find(kPemBegin) != std::string::npos)
        return take_pem(text);
    if (std::string wrong = form_error(text); !wrong.empty())
        return wrong;
    drop_line_end(text);
    if (text.size() < kMinSecretBytes)
        return "the secret has " + std::to_string(text.size()) + " bytes without its line end, and HS256 needs " +
               std::to_string(kMinSecretBytes) + " (RFC 7518 §3.2): openssl rand -hex 32 makes one";
    secret_ = std::move(text);
    public_key_.reset();
    algorithm_ = "HS256";
    return "";
}

std::string JwtKey::take_pem(const std::string &text)
{
    ErrorQueue errors;
    if (std::string wrong = block_error(text); !wrong.empty())
        return wrong;
    Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    PublicKey key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!key)
        return "it holds no public key that OpenSSL can read: openssl pkey -pubin -in FILE -noout says why";
    bool rsa = EVP_PKEY_is_a(key.get(), "RSA") == 1;
    if (rsa && EVP_PKEY_get_bits(key.get()) < kMinRsaBits)
        return "its RSA key has " + std::to_string(EVP_PKEY_get_bits(key.get())) + " bits, and RS256 needs " + std::to_string(kMinRsaBits) +
               " (RFC 7518 §3.3)";
    if (!rsa && !is_p256(key.get()))
        return "its key is neither RSA, for RS256, nor EC on the curve P-256, for ES256";
    if (!is_sound(key.get()))
        return "its key is not sound: openssl pkey -pubin -in FILE -noout -pubcheck says why";
    secret_.clear();
    public_key_ = std::move(key);
    algorithm_ = rsa ? "RS256" : "ES256";
    return "";
}

JwtKey::Verdict JwtKey::verify(std::string_view text, std::string_view signature) const
{
    ErrorQueue errors;
    if (!public_key_)
        return secret_.empty() ? Verdict::kBad : verify_mac(text, signature);
    if (EVP_PKEY_is_a(public_key_.get(), "RSA") == 1)
        return verify_digest(public_key_.get(), text, bytes_of(signature), signature.size());
    if (signature.size() != kRawBytes)
        return Verdict::kBad;
    unsigned char der[kMaxDerBytes];
    size_t len = to_der(signature, der);
    return len > 0 ? verify_digest(public_key_.get(), text, der, len) : Verdict::kNoMemory;
}

JwtKey::Verdict JwtKey::verify_mac(std::string_view text, std::string_view signature) const
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes_of(text), text.size(), mac, &len))
        return Verdict::kNoMemory;
    bool good = signature.size() == len && CRYPTO_memcmp(mac, signature.data(), len) == 0;
    return good ? Verdict::kGood : Verdict::kBad;
}

} // namespace wm::serve
