/**
 * @file
 * The names that this side has, and what others are told of them. One thread.
 *
 * Claims are the names that some target of a directory has: a seq counts their changes, and the last of them are kept. A ClaimStream tells
 * one listener, or all that hear the same channel, of the changes that it has not told yet, or of all names where too many have passed.
 */
#ifndef WM_HUB_CLUSTER_CLAIMS_H
#define WM_HUB_CLUSTER_CLAIMS_H

#include "hub/cluster/directory.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace wm::cluster {

class Claims final : private DirectoryEvents {
public:
    static constexpr size_t kMaxChanges = size_t{1} << 16; ///< that are kept

    /// Its changes are those of the claims; a target that is closed gives up its names as the directory is swept.
    Directory directory{this};

    uint64_t seq() const { return seq_; }
    uint64_t count() const { return count_; } ///< of names, whatever number of targets has each
    uint64_t digest() const { return digest_; }

    /// Whether the changes behind that seq are kept.
    bool has_changes(uint64_t since) const { return since <= seq_ && seq_ - since <= kept_; }
    /// The name that change number `seq` was about, of those that are kept.
    uint64_t change(uint64_t seq) const { return changes_[seq & (room_ - 1)]; }

private:
    void first_claimed(uint64_t fp) override;
    void last_removed(uint64_t fp) override;
    void note(uint64_t fp);
    void make_room();

    std::unique_ptr<uint64_t[]> changes_; ///< a ring, by seq
    size_t room_ = 0;                     ///< of the ring: a power of two
    size_t kept_ = 0;
    uint64_t seq_ = 0;
    uint64_t count_ = 0;
    uint64_t digest_ = 0;
};

/// What a ClaimStream says next.
enum class ClaimOp : uint8_t {
    kNone, ///< nothing: all was told
    kDelta,
    kState,
    kNoMemory, ///< nothing now
};

class ClaimStream {
public:
    /// For a listener that has what the claims were at that seq, of this life of theirs.
    explicit ClaimStream(uint64_t have) : told_(have) {}

    /// Writes the body of the next record, of at most kMaxClaimBody bytes, and its size. One that is not sent is missing to the listener,
    /// which asks for it.
    ClaimOp next(const Claims &claims, char *body, size_t *size);
    bool is_done(const Claims &claims) const { return !in_state_ && told_ == claims.seq(); }

private:
    size_t write_delta(const Claims &claims, char *body);
    ClaimOp write_state(const Claims &claims, char *body, size_t *size);

    uint64_t told_;
    uint64_t walk_ = 0; ///< where the next names of the state are
    uint64_t state_seq_ = 0;
    uint32_t part_ = 0;
    bool in_state_ = false;
    bool walked_ = false;          ///< all of them are loaded, or written
    std::vector<uint64_t> loaded_; ///< names of the state that were not written yet
};

} // namespace wm::cluster

#endif
