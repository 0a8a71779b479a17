/**
 * @file
 * What is known of a request: how many connections took it, and what is not known, and why. A plain value.
 */
#ifndef WM_HUB_ROUTER_RESULT_H
#define WM_HUB_ROUTER_RESULT_H

#include <algorithm>
#include <cstdint>

namespace wm::router {

/// Why a target is not known to have taken a request. Of several the last in this order is told: from kLost on the target may have it.
enum class Reason : uint8_t {
    kNone,
    kTooLarge,    ///< over what a link or a connection takes
    kBusy,        ///< not sent: too much is on the way already
    kUnreachable, ///< not sent: it is expected, but has no link
    kSuspect,     ///< not sent: it has stopped reading
    kStale,       ///< it came too late there, and was not delivered
    kLost,        ///< its link ended before it answered
    kDeadline,    ///< it has not answered in time
};
constexpr uint8_t kReasons = 8;

constexpr bool may_be_delivered(Reason reason)
{
    return reason >= Reason::kLost;
}

enum class Verdict : uint8_t {
    kTaken,   ///< by `connections`: exactly, or, with `silent`, at least
    kOffline, ///< every target has answered, and none has a connection
    kUnknown, ///< no target is known to have taken it, and some have not answered
};

struct Result {
    uint32_t connections = 0;
    uint16_t silent = 0; ///< targets without an answer
    Reason reason = Reason::kNone;

    Verdict verdict() const
    {
        if (connections > 0)
            return Verdict::kTaken;
        return silent > 0 ? Verdict::kUnknown : Verdict::kOffline;
    }
    /// Whether the number is a lower bound.
    bool is_partial() const { return silent > 0; }

    /// Sums do not wrap, whatever a peer says.
    void add(const Result &other)
    {
        connections += std::min(other.connections, UINT32_MAX - connections);
        silent = static_cast<uint16_t>(silent + std::min<uint16_t>(other.silent, static_cast<uint16_t>(UINT16_MAX - silent)));
        reason = std::max(reason, other.reason);
    }
    void add_silent(Reason why, uint16_t targets = 1) { add({0, targets, why}); }
};

} // namespace wm::router

#endif
