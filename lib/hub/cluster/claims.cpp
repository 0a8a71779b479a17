#include "hub/cluster/claims.h"

#include "hub/cluster/claim_records.h"
#include "hub/cluster/fingerprint.h"

#include <algorithm>
#include <new>
#include <utility>

namespace wm::cluster {

namespace {

constexpr uint32_t kAhead = 16; // names whose places are loaded while others are looked up

} // namespace

// ---- the claims

void Claims::first_claimed(uint64_t fp)
{
    count_++;
    digest_ ^= digest_of(fp);
    note(fp);
}

void Claims::last_removed(uint64_t fp)
{
    count_--;
    digest_ ^= digest_of(fp);
    note(fp);
}

/// Without memory for a longer list fewer are kept, and listeners are told of all names.
void Claims::make_room()
{
    constexpr size_t kFirst = 256;
    size_t room = room_ == 0 ? kFirst : room_ * 2;
    std::unique_ptr<uint64_t[]> larger(new (std::nothrow) uint64_t[room]);
    if (!larger)
        return;
    for (uint64_t seq = seq_ - kept_ + 1; seq <= seq_; seq++)
        larger[seq & (room - 1)] = change(seq);
    changes_ = std::move(larger);
    room_ = room;
}

void Claims::note(uint64_t fp)
{
    if (kept_ == room_ && kept_ < kMaxChanges)
        make_room();
    seq_++;
    if (room_ == 0)
        return;
    changes_[seq_ & (room_ - 1)] = fp;
    kept_ = std::min(kept_ + 1, room_);
}

// ---- what one listener is told

ClaimOp ClaimStream::next(const Claims &claims, char *body, size_t *size)
{
    if (!in_state_ && told_ == claims.seq())
        return ClaimOp::kNone;
    if (!in_state_ && claims.has_changes(told_)) {
        *size = write_delta(claims, body);
        return ClaimOp::kDelta;
    }
    return write_state(claims, body, size);
}

/// Adds from the front, removes from the end. What a name is now is what is told of it: so changes that cancel each other need no order,
/// and those that were missed and come again do no harm.
size_t ClaimStream::write_delta(const Claims &claims, char *body)
{
    auto count = static_cast<uint32_t>(std::min<uint64_t>(claims.seq() - told_, kMaxPrints));
    char *front = body + kDeltaHeader, *end = front + count * sizeof(uint64_t), *back = end;
    for (uint32_t i = 1; i <= count; i++) {
        claims.directory.prefetch(claims.change(told_ + std::min(i + kAhead, count)));
        uint64_t fp = claims.change(told_ + i);
        if (claims.directory.has(fp))
            front = router::put(front, fp);
        else
            router::put(back -= sizeof fp, fp);
    }
    auto removes = static_cast<uint32_t>(static_cast<size_t>(end - back) / sizeof(uint64_t));
    put_delta_header(body, told_, told_ + count, count - removes, removes);
    told_ += count;
    return static_cast<size_t>(end - body);
}

ClaimOp ClaimStream::write_state(const Claims &claims, char *body, size_t *size)
{
    if (!in_state_) {
        in_state_ = true;
        walked_ = false;
        walk_ = part_ = 0;
        state_seq_ = claims.seq();
        loaded_.clear();
    }
    while (!walked_ && loaded_.size() < kMaxPrints) {
        if (!claims.directory.copy(&walk_, loaded_))
            return ClaimOp::kNoMemory;
        walked_ = walk_ == 0;
    }
    auto count = static_cast<uint32_t>(std::min<size_t>(loaded_.size(), kMaxPrints));
    bool is_last = walked_ && count == loaded_.size();
    char *at = put_state_header(body, state_seq_, part_, is_last ? part_ + 1 : 0, count);
    for (uint32_t i = 0; i < count; i++, loaded_.pop_back())
        at = router::put(at, loaded_.back());
    part_++;
    *size = static_cast<size_t>(at - body);
    if (is_last) {
        in_state_ = false;
        told_ = state_seq_;
        loaded_ = {};
    }
    return ClaimOp::kState;
}

} // namespace wm::cluster
