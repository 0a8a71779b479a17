#include "hub/cluster/seal.h"

#include "core/sha256.h"

#include <array>
#include <cstring>
#include <strings.h>

namespace wm::cluster {

bool Seal::set_secret(std::string_view cluster, std::string_view secret)
{
    hmac_.forget_key();
    if (secret.empty())
        return true;
    std::array<unsigned char, 32> key;
    bool made = sha256({"wm-hub seal", cluster, secret}, key) && hmac_.set_key({reinterpret_cast<const char *>(key.data()), key.size()});
    explicit_bzero(key.data(), key.size());
    return made;
}

bool Seal::make(const char *bytes, size_t size, char *seal)
{
    Hmac::Digest digest;
    if (!hmac_.of({bytes, size}, digest))
        return false;
    memcpy(seal, digest.data(), kSize);
    return true;
}

bool Seal::check(const char *bytes, size_t size, const char *seal)
{
    char own[kSize];
    return make(bytes, size, own) && equal_in_constant_time(own, seal, kSize);
}

} // namespace wm::cluster
