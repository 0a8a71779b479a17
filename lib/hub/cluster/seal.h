/**
 * @file
 * The seal of a message: the first 16 bytes of an HMAC by the cluster's secret. It protects against forging, not against reading. One
 * thread.
 */
#ifndef WM_HUB_CLUSTER_SEAL_H
#define WM_HUB_CLUSTER_SEAL_H

#include "core/hmac.h"

#include <cstddef>
#include <string_view>

namespace wm::cluster {

class Seal {
public:
    static constexpr size_t kSize = 16;

    /// Without a secret: no seal. False: out of memory, or OpenSSL has no HMAC.
    bool set_secret(std::string_view cluster, std::string_view secret);
    bool is_set() const { return hmac_.has_key(); }

    /// False: out of memory.
    bool make(const char *bytes, size_t size, char *seal);
    bool check(const char *bytes, size_t size, const char *seal);

private:
    Hmac hmac_;
};

} // namespace wm::cluster

#endif
