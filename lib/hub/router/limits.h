/**
 * @file
 * The limits and times of a router. Tests choose small ones; everything else takes the defaults.
 */
#ifndef WM_HUB_ROUTER_LIMITS_H
#define WM_HUB_ROUTER_LIMITS_H

#include <cstddef>
#include <cstdint>

namespace wm::router {

constexpr uint32_t kMaxProcesses = 128;                          ///< of one service
constexpr uint32_t kMaxMachines = 128;                           ///< beside its own
constexpr uint32_t kMaxPeers = 2 * kMaxProcesses + kMaxMachines; ///< of one router: each process beside its successor
constexpr int kPositionShift = 20;               ///< positions of links to machines grow by a MiB a millisecond at least, from link to link
constexpr int64_t kLatestMs = int64_t{1} << 43;  ///< of a time that another machine tells; 280 years; a later one is a lie
constexpr uint32_t kMaxTimeoutMs = 600'000;      ///< of a request; a longer one, from a peer that lies, is cut
constexpr uint32_t kHopMs = 50;                  ///< by how much earlier than its asker a target gives up, so that its answer still counts
constexpr size_t kBatchBytes = size_t{64} << 10; ///< a batch leaves when it has as many, else at the end of the turn

struct Limits {
    size_t peer_bytes = size_t{4} << 20;   ///< sent to one peer and not yet read by it; further requests are busy
    size_t total_bytes = size_t{64} << 20; ///< of all peers together
    uint32_t peer_requests = 1u << 16;     ///< that one peer has not answered
    uint32_t outstanding = 3u << 15;       ///< requests that wait for answers; more than a stuck peer can hold
    int64_t suspect_ms = 300;              ///< silence with a request unread, until a peer is not asked any more
    int64_t report_ms = 100;               ///< until what was read is reported, if no batch does
    int64_t who_ms = 500;                  ///< between two questions to a peer that does not speak

    /// A peer with that much unread gets nothing more, not even answers: its link is dropped.
    size_t drop_bytes() const { return 2 * peer_bytes; }
};

} // namespace wm::router

#endif
