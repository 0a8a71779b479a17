/**
 * @file
 * Makes JSON Web Tokens for tests, good ones and any others.
 */
#ifndef WM_TESTS_JWT_MAKER_H
#define WM_TESTS_JWT_MAKER_H

#include <cstddef>
#include <memory>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <string>
#include <string_view>

namespace jwt_maker {

struct FreeKey {
    void operator()(EVP_PKEY *key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

inline const unsigned char *bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char *>(text.data());
}

/// base64url without padding.
inline std::string encode(std::string_view bytes)
{
    static constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned bits = 0, pending = 0;
    for (char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (pending += 8; pending >= 6; pending -= 6)
            out += kLetters[bits >> (pending - 6) & 63];
    }
    if (pending > 0)
        out += kLetters[bits << (6 - pending) & 63];
    return out;
}

inline std::string hmac(std::string_view secret, std::string_view text)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text), text.size(), mac, &len);
    return {reinterpret_cast<char *>(mac), len};
}

/// As OpenSSL makes it: of an EC key in DER.
inline std::string sign(EVP_PKEY *key, std::string_view text)
{
    std::string out(static_cast<size_t>(EVP_PKEY_get_size(key)), '\0');
    size_t len = out.size();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key);
    EVP_DigestSign(context, reinterpret_cast<unsigned char *>(out.data()), &len, bytes_of(text), text.size());
    EVP_MD_CTX_free(context);
    out.resize(len);
    return out;
}

/// r and s of a signature in DER, 32 bytes each (RFC 7518 §3.4).
inline std::string raw_of(std::string_view der)
{
    const unsigned char *at = bytes_of(der);
    ECDSA_SIG *signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string out(64, '\0');
    unsigned char *to = reinterpret_cast<unsigned char *>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), to, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), to + 32, 32);
    ECDSA_SIG_free(signature);
    return out;
}

/// The public part as PEM.
inline std::string public_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key);
    char *data = nullptr;
    long len = BIO_get_mem_data(bio, &data);
    std::string out(data, static_cast<size_t>(len));
    BIO_free(bio);
    return out;
}

/// What is signed.
inline std::string text_of(std::string_view header, std::string_view claims)
{
    return encode(header) + "." + encode(claims);
}

inline std::string with_hmac(std::string_view secret, std::string_view header, std::string_view claims)
{
    std::string text = text_of(header, claims);
    return text + "." + encode(hmac(secret, text));
}

} // namespace jwt_maker

#endif
