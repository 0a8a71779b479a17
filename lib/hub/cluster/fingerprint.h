/**
 * @file
 * What stands for a uid or a group of a hub between processes and machines: 64 bits, the same on all machines of a cluster. Two names of
 * one fingerprint cost a request that nobody takes: the owner compares the whole name. One thread.
 */
#ifndef WM_HUB_CLUSTER_FINGERPRINT_H
#define WM_HUB_CLUSTER_FINGERPRINT_H

#include "core/sha256.h"
#include "core/sip_hash.h"
#include "hub/router/little_endian.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace wm::cluster {

enum class NameKind : uint8_t { kUid, kGroup };

class Fingerprints {
public:
    struct Key {
        uint64_t low = 0;
        uint64_t high = 0;
        bool operator==(const Key &) const = default;
    };

    Fingerprints() = default;
    explicit Fingerprints(const Key &key) : key_(key) {}
    const Key &key() const { return key_; }

    /// Before the first of(). The secret may be empty: then a client that knows the cluster's name can look for uids of one fingerprint.
    /// False: out of memory.
    bool set_key(std::string_view cluster, std::string_view secret)
    {
        std::array<unsigned char, 32> hash;
        if (!sha256({"wm-hub", cluster, secret}, hash))
            return false;
        const char *at = reinterpret_cast<const char *>(hash.data());
        key_.low = router::take<uint64_t>(at);
        key_.high = router::take<uint64_t>(at);
        return true;
    }

    /// SipHash-2-4 of eight bytes (the kind; the hub's id, little-endian; five zeros), then the name.
    uint64_t of(uint16_t hub, NameKind kind, std::string_view name) const
    {
        SipHash hash(key_.low, key_.high);
        hash.add(uint64_t{hub} << 8 | static_cast<uint8_t>(kind));
        return hash.finish(name);
    }

private:
    Key key_;
};

/// What a fingerprint adds, by exclusive or, to the digest of a set: sets of equal digests are taken to be equal.
constexpr uint64_t digest_of(uint64_t fp)
{
    fp = (fp ^ fp >> 30) * 0xbf58476d1ce4e5b9; // the finalizer of SplitMix64
    fp = (fp ^ fp >> 27) * 0x94d049bb133111eb;
    return fp ^ fp >> 31;
}

} // namespace wm::cluster

#endif
