/**
 * @file
 * What a router knows of another one: its state, its link, and what is on the way to it. A plain structure of its router.
 */
#ifndef WM_HUB_ROUTER_PEER_H
#define WM_HUB_ROUTER_PEER_H

#include "hub/router/batch.h"

#include <cstddef>
#include <cstdint>

namespace wm::router {

enum class PeerKind : uint8_t {
    kHub,     ///< the hub's service: asks all others
    kChild,   ///< a process with connections: the service's children; without a service, a sibling while two processes of a slot overlap
    kMachine, ///< the service of another machine: asks its children
};

/// Whether a peer is asked, and what its silence means. While one is in any state but kVerified and kLeft, "offline" is not said.
enum class PeerState : uint8_t {
    kJoining,  ///< expected; has not said HELLO over its link, or has none yet
    kVerified, ///< said HELLO over the link that it has: asked
    kUnsure,   ///< has stopped reading: not asked until it says HELLO again
    kLost,     ///< its link ended; it has another one soon, or is reported dead
    kLeft,     ///< said BYE: holds no connections, is not asked, and its silence means that it has none
};

struct Peer {
    static constexpr int64_t kNever = INT64_MAX;

    uint64_t node = 0; ///< 0: the entry is free
    uint64_t epoch = 0;
    PeerKind kind = PeerKind::kChild;
    PeerState state = PeerState::kJoining;
    bool linked = false;
    bool dirty = false;          ///< listed for the flush
    bool asking = false;         ///< its batch has requests
    bool parting = false;        ///< its batch has BYE
    bool whole = true;           ///< no batch of it is missing since its HELLO
    bool owes = false;           ///< for want of memory an answer to it was lost
    uint32_t requests = 0;       ///< that it has not answered
    uint32_t serial = 0;         ///< of its link; no other link has it
    uint64_t link = 0;           ///< the host's name for it
    size_t max_batch = SIZE_MAX; ///< bytes of one batch that the link takes
    int64_t clock_offset = 0;    ///< of another machine: added to its times, it makes times of this one

    uint64_t position = 0; ///< bytes sent
    uint64_t acked = 0;    ///< of them known to be read
    uint64_t asked_to = 0; ///< position behind the last request
    uint64_t bye_to = 0;   ///< position behind BYE
    uint64_t seen = 0;     ///< bytes received
    uint64_t reported = 0; ///< of them, as the peer knows

    int64_t unread_ms = kNever; ///< since when it is silent and has a request unread
    int64_t owed_ms = kNever;   ///< since when a report of what is read is owed to it
    int64_t next_who_ms = 0;    ///< when to ask it to speak

    Batch batch;

    uint64_t in_flight() const { return position - acked; }
};

} // namespace wm::router

#endif
