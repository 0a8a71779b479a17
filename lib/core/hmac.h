/**
 * @file
 * HMAC-SHA-256 (RFC 2104) with one key. One thread.
 */
#ifndef WM_CORE_HMAC_H
#define WM_CORE_HMAC_H

#include <array>
#include <cstddef>
#include <memory>
#include <openssl/types.h>
#include <string_view>

namespace wm {

class Hmac {
public:
    using Digest = std::array<unsigned char, 32>;

    /// False: out of memory, or OpenSSL has no HMAC; the key is the one before.
    bool set_key(std::string_view key);
    bool has_key() const { return static_cast<bool>(context_); }
    void forget_key() { context_.reset(); }
    /// False: out of memory.
    bool of(std::string_view bytes, Digest &out);

private:
    struct Free {
        void operator()(EVP_MAC_CTX *context) const;
    };

    std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

/// Whether they are equal, in a time that does not tell where they differ.
bool equal_in_constant_time(const void *one, const void *other, size_t size);

} // namespace wm

#endif
