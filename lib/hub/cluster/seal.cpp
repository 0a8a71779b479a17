#include "hub/cluster/seal.h"

#include <cstring>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string>

namespace wm::cluster {

namespace {

struct FreeMac {
    void operator()(EVP_MAC *mac) const { EVP_MAC_free(mac); }
};

} // namespace

void Seal::Free::operator()(EVP_MAC_CTX *context) const
{
    EVP_MAC_CTX_free(context);
}

bool Seal::set_secret(std::string_view cluster, std::string_view secret)
{
    context_.reset();
    if (secret.empty())
        return true;
    std::string text = "wm-hub seal\n";
    text.append(cluster).append("\n").append(secret);
    unsigned char key[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char *>(text.data()), text.size(), key);
    OPENSSL_cleanse(text.data(), text.size());
    std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    std::unique_ptr<EVP_MAC_CTX, Free> context(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    bool made = context && EVP_MAC_init(context.get(), key, sizeof key, parameters) == 1;
    OPENSSL_cleanse(key, sizeof key);
    if (made)
        context_ = std::move(context);
    return made;
}

bool Seal::make(const char *bytes, size_t size, char *seal)
{
    unsigned char whole[EVP_MAX_MD_SIZE];
    size_t length = 0;
    if (EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1 ||
        EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char *>(bytes), size) != 1 ||
        EVP_MAC_final(context_.get(), whole, &length, sizeof whole) != 1 || length < kSize)
        return false;
    memcpy(seal, whole, kSize);
    return true;
}

bool Seal::check(const char *bytes, size_t size, const char *seal)
{
    char own[kSize];
    return make(bytes, size, own) && CRYPTO_memcmp(own, seal, kSize) == 0;
}

} // namespace wm::cluster
