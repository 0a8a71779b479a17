/**
 * @file
 * What one side says of the names that it has, and the other asks for: bodies of records, little-endian. Reading checks every length
 * against what is there and against kMaxPrints, and copies nothing.
 *
 *     KEY      u64 low, u64 high: what fingerprints are made with
 *     NAMES    u64 seq, u64 digest
 *     DELTA    u64 seq before, u64 seq behind, u32 adds, u32 removes, then their fingerprints
 *     WANT     u64 seq that is held
 *     STATE    u64 seq, u32 part, u32 parts, u32 fingerprints, then these
 *
 * A seq counts the changes of one life of the sender; at 0 it has no names. DELTA says of each name that changed between its two seqs
 * whether the sender has it as it writes. A name that changed twice may be there twice, and says the same. STATE has all names, in parts
 * counted from 0; parts is 0 but in the last one. Names that change while parts are sent may be in them or not: what has all parts is at
 * seq, and exact when it has the DELTAs that follow. A body may be longer than this version knows.
 */
#ifndef WM_HUB_CLUSTER_CLAIM_RECORDS_H
#define WM_HUB_CLUSTER_CLAIM_RECORDS_H

#include "hub/cluster/fingerprint.h"
#include "hub/router/little_endian.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::cluster {

constexpr uint32_t kMaxPrints = 4096; ///< fingerprints of one record
constexpr size_t kDeltaHeader = 24;
constexpr size_t kWantSize = 8;
constexpr size_t kStateHeader = 20;
constexpr size_t kMaxClaimBody = kDeltaHeader + kMaxPrints * sizeof(uint64_t);

/// Fingerprints in the bytes of a record; borrowed.
class Prints {
public:
    Prints() = default;
    Prints(const char *at, uint32_t count) : at_(at), count_(count) {}
    uint32_t size() const { return count_; }
    uint64_t operator[](uint32_t i) const
    {
        const char *at = at_ + i * sizeof(uint64_t);
        return router::take<uint64_t>(at);
    }

private:
    const char *at_ = nullptr;
    uint32_t count_ = 0;
};

struct Delta {
    uint64_t before = 0;
    uint64_t seq = 0; ///< more than before
    Prints adds;
    Prints removes;
};

struct StatePart {
    uint64_t seq = 0;
    uint32_t part = 0;
    bool is_last = false;
    Prints prints;
};

/// What a sender has, without the names.
struct NamesHello {
    uint64_t seq = 0;
    uint64_t digest = 0;
};
constexpr size_t kNamesSize = 16;
constexpr size_t kKeySize = 16;

/// Each is false for a body that is malformed.
bool read_key(std::string_view body, Fingerprints::Key &out);
bool read_names(std::string_view body, NamesHello &out);
bool read_delta(std::string_view body, Delta &out);
bool read_want(std::string_view body, uint64_t &have);
bool read_state(std::string_view body, StatePart &out);

/// Each writes the beginning of a body and returns where its fingerprints go.
char *put_delta_header(char *at, uint64_t before, uint64_t seq, uint32_t adds, uint32_t removes);
char *put_state_header(char *at, uint64_t seq, uint32_t part, uint32_t parts, uint32_t prints);
char *put_want(char *at, uint64_t have);
char *put_key(char *at, const Fingerprints::Key &key);
char *put_names(char *at, const NamesHello &names);

} // namespace wm::cluster

#endif
