#include "core/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace wm {

namespace {

struct FreeMac {
    void operator()(EVP_MAC *mac) const { EVP_MAC_free(mac); }
};

const unsigned char *octets(std::string_view bytes)
{
    return reinterpret_cast<const unsigned char *>(bytes.data());
}

} // namespace

void Hmac::Free::operator()(EVP_MAC_CTX *context) const
{
    EVP_MAC_CTX_free(context);
}

bool Hmac::set_key(std::string_view key)
{
    std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    std::unique_ptr<EVP_MAC_CTX, Free> context(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    if (!context || EVP_MAC_init(context.get(), octets(key), key.size(), parameters) != 1)
        return false;
    context_ = std::move(context);
    return true;
}

bool Hmac::of(std::string_view bytes, Digest &out)
{
    size_t length = 0;
    return EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 && EVP_MAC_update(context_.get(), octets(bytes), bytes.size()) == 1 &&
           EVP_MAC_final(context_.get(), out.data(), &length, out.size()) == 1 && length == out.size();
}

bool equal_in_constant_time(const void *one, const void *other, size_t size)
{
    return CRYPTO_memcmp(one, other, size) == 0;
}

} // namespace wm
