/**
 * @file
 * Ids of short-lived things, as the public API shows them: numbers of at most 53 bits, so that a double holds
 * them.
 *
 * From the top: 1 bit kind (0 connection, 1 other), 5 bits app, 24 bits generation (from 1), 23 bits slot.
 * Among the others the slot's top bits are a prefix code: 0 request, 10 timer, 110 watch, 111 signal. The slot is at
 * the bottom because hosts keep ids in hash tables, and those of PHP and Python take an integer's low bits for its hash.
 */
#ifndef WM_CORE_ID_H
#define WM_CORE_ID_H

#include <cstdint>

namespace wm {

enum class IdKind : uint8_t { kConn, kRequest, kTimer, kWatch, kSignal };

inline constexpr uint32_t kApps = 32;
inline constexpr uint32_t kConnSlots = 1u << 23;
inline constexpr uint32_t kRequestSlots = 1u << 22;
inline constexpr uint32_t kTimerSlots = 1u << 21;
inline constexpr uint32_t kWatchSlots = 1u << 20;
inline constexpr uint32_t kSignalSlots = 1u << 20;
inline constexpr uint32_t kGenerationMask = (1u << 24) - 1;

struct Id {
    IdKind kind;
    uint32_t app;
    uint32_t slot;
    uint32_t generation;
};

/// Slots of a kind, and what stands above them in the 23 bits. Each begins where the one before it ends.
struct SlotRange {
    IdKind kind;
    uint32_t slots;
    uint32_t prefix;
};

inline constexpr SlotRange kOtherKinds[] = {
    {IdKind::kRequest, kRequestSlots, 0},
    {IdKind::kTimer, kTimerSlots, 1u << 22},
    {IdKind::kWatch, kWatchSlots, 3u << 21},
    {IdKind::kSignal, kSignalSlots, 7u << 20},
};

constexpr uint64_t pack_id(IdKind kind, uint32_t app, uint32_t slot, uint32_t generation)
{
    uint64_t other = kind == IdKind::kConn ? 0 : 1;
    if (other)
        slot |= kOtherKinds[static_cast<uint32_t>(kind) - 1].prefix;
    return other << 52 | uint64_t{app} << 47 | uint64_t{generation} << 23 | slot;
}

constexpr bool is_connection_id(uint64_t id)
{
    return !(id >> 52 & 1);
}

constexpr Id unpack_id(uint64_t id)
{
    Id out{IdKind::kConn, static_cast<uint32_t>(id >> 47) & (kApps - 1), static_cast<uint32_t>(id) & (kConnSlots - 1),
           static_cast<uint32_t>(id >> 23) & kGenerationMask};
    if (is_connection_id(id))
        return out;
    const SlotRange *range = kOtherKinds;
    while (out.slot >= range->prefix + range->slots) // where the next one begins
        range++;
    out.kind = range->kind;
    out.slot -= range->prefix;
    return out;
}

static_assert(kOtherKinds[3].prefix + kSignalSlots == kConnSlots);
static_assert(pack_id(IdKind::kSignal, kApps - 1, kSignalSlots - 1, kGenerationMask) < 1ull << 53);

} // namespace wm

#endif
