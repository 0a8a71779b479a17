/**
 * @file
 * The seal of a message: an HMAC-SHA-256 (RFC 2104) of 16 bytes, by the cluster's secret. It protects against forging, not against
 * reading. One thread.
 */
#ifndef WM_HUB_CLUSTER_SEAL_H
#define WM_HUB_CLUSTER_SEAL_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <openssl/types.h>
#include <string_view>

namespace wm::cluster {

class Seal {
public:
    static constexpr size_t kSize = 16;

    /// Without a secret: no seal. False: out of memory, or OpenSSL has no HMAC.
    bool set_secret(std::string_view cluster, std::string_view secret);
    bool is_set() const { return static_cast<bool>(context_); }

    /// False: out of memory.
    bool make(const char *bytes, size_t size, char *seal);
    /// In constant time.
    bool check(const char *bytes, size_t size, const char *seal);

private:
    struct Free {
        void operator()(EVP_MAC_CTX *context) const;
    };

    std::unique_ptr<EVP_MAC_CTX, Free> context_; ///< with the key
};

} // namespace wm::cluster

#endif
