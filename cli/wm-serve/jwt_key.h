/**
 * @file
 * The key that the signatures of JSON Web Tokens are checked with. Its kind alone decides the algorithm (RFC 8725 §3.1): a secret is for
 * HS256, an RSA key for RS256, an EC key on P-256 for ES256 (RFC 7518 §3). One thread.
 */
#ifndef WM_SERVE_JWT_KEY_H
#define WM_SERVE_JWT_KEY_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <openssl/evp.h>
#include <string>
#include <string_view>

namespace wm::serve {

class JwtKey {
public:
    static constexpr size_t kMinSecretBytes = 32; ///< RFC 7518 §3.2
    static constexpr int kMinRsaBits = 2048;      ///< RFC 7518 §3.3

    /// Reads a file, in place of the key that is there. Returns an error without the path, with the key as it was, or nothing.
    std::string load(const std::string &path);
    /// The same from the text of a file: one public key in PEM, or else a secret, whose line end is dropped. What is a key in any other
    /// form is refused: an attacker could know it, and sign with it as a secret.
    std::string take(std::string text);

    /// "HS256", "RS256" or "ES256"; empty: there is no key.
    const char *algorithm() const { return algorithm_; }

    enum class Verdict : uint8_t { kGood, kBad, kNoMemory };

    /// Checks the signature of `text`, in the form of JWS (RFC 7515).
    Verdict verify(std::string_view text, std::string_view signature) const;

private:
    struct FreeKey {
        void operator()(EVP_PKEY *key) const { EVP_PKEY_free(key); }
    };
    using PublicKey = std::unique_ptr<EVP_PKEY, FreeKey>;

    std::string take_pem(const std::string &text);
    Verdict verify_mac(std::string_view text, std::string_view signature) const;

    std::string secret_;
    PublicKey public_key_; ///< none: it is a secret
    const char *algorithm_ = "";
};

} // namespace wm::serve

#endif
