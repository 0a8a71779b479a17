/**
 * @file
 * The requests of a router that wait for answers: found by their ref, taken out when they are due. Slots are reused; memory grows with
 * the number of requests that wait at once, up to a limit, and not with the number of requests.
 */
#ifndef WM_HUB_ROUTER_OUTSTANDING_H
#define WM_HUB_ROUTER_OUTSTANDING_H

#include "hub/router/limits.h"
#include "hub/router/result.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace wm::router {

/// A set of peers, by their index.
class PeerSet {
public:
    static PeerSet all()
    {
        PeerSet set;
        set.words_.fill(UINT64_MAX);
        return set;
    }
    void add(uint32_t peer) { words_[peer / 64] |= uint64_t{1} << peer % 64; }
    void remove(uint32_t peer) { words_[peer / 64] &= ~(uint64_t{1} << peer % 64); }
    bool has(uint32_t peer) const { return words_[peer / 64] >> peer % 64 & 1; }
    template <class Visit> void each(Visit visit) const
    {
        for (uint32_t i = 0; i < words_.size(); i++)
            for (uint64_t word = words_[i]; word != 0; word &= word - 1)
                visit(i * 64 + static_cast<uint32_t>(std::countr_zero(word)));
    }

private:
    std::array<uint64_t, kMaxPeers / 64> words_ = {};
};

/// Where the answer to a request goes.
struct Origin {
    static constexpr uint32_t kLocal = UINT32_MAX;

    uint32_t peer = kLocal; ///< index
    uint32_t serial = 0;    ///< of its link: the answer to one that has ended goes nowhere
    uint64_t ref = 0;       ///< the peer's, or the local caller's own
};

struct Pending {
    int64_t expires_ms = 0;
    Origin origin;
    PeerSet waiting; ///< peers that have not answered
    Result result;   ///< the sum of those that have
    uint32_t ref = 0;
    uint32_t before = 0; ///< neighbours in its list
    uint32_t behind = 0;
    uint16_t waits = 0; ///< size of waiting
    uint8_t list = 0;
    bool open = false;
    bool first = false;    ///< the first connection is enough
    bool answered = false; ///< its origin has the result; it waits for what its peers have to account for
};
static_assert(sizeof(Pending) <= 112);

class Outstanding {
public:
    explicit Outstanding(uint32_t limit) : limit_(limit) {}

    /// A new request; nullptr: the limit, or out of memory. Moves the others.
    Pending *open(int64_t expires_ms);
    Pending *find(uint32_t ref)
    {
        Pending *pending = places_ == 0 ? nullptr : &slots_[ref & mask()];
        return pending && pending->open && pending->ref == ref ? pending : nullptr;
    }
    void close(Pending &pending);

    /// A request whose time is up, which the caller closes; nullptr: there is none.
    Pending *next_due(int64_t now_ms);
    /// When to call next_due(), or earlier; INT64_MAX: never.
    int64_t due_ms() const { return due_ms_; }

    size_t size() const { return size_; }
    /// For a walk over all of them, during which open() may be called: those that it moves go to places that are still to come.
    size_t places() const { return places_; }
    Pending *at(size_t place) { return slots_[place].open ? &slots_[place] : nullptr; }

private:
    static constexpr uint32_t kNone = UINT32_MAX;
    // Requests by when they expire: one list for each span of time, taken in turn. One that expires a round later stays in its list.
    static constexpr int64_t kSpanMs = 16;
    static constexpr uint8_t kSpans = 128;
    static constexpr uint8_t kDue = kSpans;

    struct List {
        uint32_t first = kNone;
        uint32_t last = kNone;
    };

    uint32_t mask() const { return static_cast<uint32_t>(places_ - 1); }
    uint32_t place_of(const Pending &pending) const { return static_cast<uint32_t>(&pending - slots_.get()); }
    bool make_room();
    bool grow();
    void link(Pending &pending, uint8_t list);
    void unlink(Pending &pending);
    void schedule(Pending &pending);
    void move_due(uint8_t span, int64_t now_ms);
    void find_next_due(int64_t now_ms);

    std::unique_ptr<Pending[]> slots_; ///< the slot of a ref is its low bits
    size_t places_ = 0;                ///< a power of two
    std::array<List, kSpans + 1> lists_;
    int64_t due_ms_ = INT64_MAX;
    int64_t swept_ms_ = 0;
    size_t size_ = 0;
    uint32_t limit_;
    uint32_t next_ref_ = 0;
};

} // namespace wm::router

#endif
