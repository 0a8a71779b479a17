/**
 * @file
 * Which targets claim a fingerprint: entries of a fingerprint and a target in one open-addressing table. A target is a machine, or a
 * process of this one; its owner is the caller's number for it. The directory only saves asking: it says who may have a name.
 *
 * The table consists of segments, found by the upper bits of an entry's hash, so that it grows, shrinks and is swept by one segment at a
 * time: no call takes longer than a segment does, however many entries there are. A bucket is a line of the cache. One thread.
 */
#ifndef WM_HUB_CLUSTER_DIRECTORY_H
#define WM_HUB_CLUSTER_DIRECTORY_H

#include "core/keyed_hash.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace wm::cluster {

/// What a directory tells of its changes. It must not change the directory.
class DirectoryEvents {
public:
    virtual void first_claimed(uint64_t fp) = 0; ///< no target had it
    virtual void last_removed(uint64_t fp) = 0;  ///< no target has it any more

protected:
    ~DirectoryEvents() = default;
};

class Directory {
public:
    using Target = uint16_t;
    static constexpr Target kNoTarget = UINT16_MAX;
    static constexpr size_t kMaxTargets = 4096;

    /// events nullptr: changes are not told, and a removal looks at fewer entries.
    explicit Directory(DirectoryEvents *events = nullptr);
    Directory(const Directory &) = delete;
    Directory &operator=(const Directory &) = delete;
    ~Directory();

    /// A target that claims nothing; kNoTarget: there are kMaxTargets, or out of memory.
    Target open(uint32_t owner);
    /// It claims nothing any more. What is left of it is removed by sweep(); then another one can have its number.
    void close(Target target);

    /// One that it claims already changes nothing. False: out of memory, and nothing has changed.
    bool add(uint64_t fp, Target target);
    /// Makes room for one more entry of that fingerprint, until the next change. False: out of memory.
    bool reserve(uint64_t fp);
    /// One that it does not claim changes nothing.
    void remove(uint64_t fp, Target target);

    bool is_claimed(uint64_t fp, Target target) const;
    /// Whether there is any entry of it, one that waits for sweep() among them: as DirectoryEvents has told.
    bool has(uint64_t fp) const;
    /// Calls visit(owner) for each target that claims it. visit must not change the directory.
    template <class Visit> void each(uint64_t fp, Visit visit) const
    {
        find(fp, [&](const Bucket &bucket, uint32_t slot) {
            if (const Facts &facts = targets_[bucket.targets[slot]]; facts.state == State::kOpen)
                visit(facts.owner);
            return false;
        });
    }
    /// Loads what a look for fp needs, for one that follows soon.
    [[gnu::always_inline]] void prefetch(uint64_t fp) const // not inlined, GCC takes its calls for calls without an effect
    {
        uint64_t hash = hash_.of(fp);
        if (!table_.empty())
            __builtin_prefetch(&segment_of(hash)->buckets[hash & mask_]);
    }

    /// How many fingerprints a target claims, and the digest of them (digest_of).
    uint64_t count(Target target) const { return targets_[target].count; }
    uint64_t digest(Target target) const { return targets_[target].digest; }
    /// Entries, those that wait for sweep() among them.
    size_t size() const { return size_; }
    /// Bytes of the buckets: nearly all that it takes.
    size_t memory() const { return segments_ * (mask_ + 1) * sizeof(Bucket); }

    /// Whether targets that were closed have entries.
    bool has_garbage() const { return closed_ > 0; }
    /// Removes these from one segment. To be called again and again until there are none.
    void sweep();

    /// Appends the fingerprints of one segment to `out`, one for each entry. A walk begins at 0 and ends when *at is 0 again. A fingerprint
    /// that is there during all of the walk is among them, whatever else changes meanwhile. False: out of memory; nothing was appended.
    bool copy(uint64_t *at, std::vector<uint64_t> &out) const;

private:
    static constexpr uint32_t kSlots = 6;            ///< of a bucket
    static constexpr uint32_t kMaxBuckets = 1 << 12; ///< of a segment; only a single one has fewer
    static constexpr uint32_t kMaxDepth = 20;
    static constexpr uint16_t kSticky = UINT16_MAX;

    /// Entries are here if there was room, else further on. What passes a bucket is counted, so that a look knows where to end.
    struct alignas(64) Bucket {
        uint64_t fps[kSlots];
        Target targets[kSlots];
        uint16_t passed; ///< entries that belong here or before, and are further on; kSticky: as many at least, for ever
        uint8_t size;

        /// The slots that have fp, a bit for each. Without a branch a slot: which one it is cannot be predicted, and would wait for the
        /// memory.
        uint32_t slots_of(uint64_t fp) const
        {
            auto bit = [this, fp](uint32_t slot) { return uint32_t{fps[slot] == fp} << slot; };
            static_assert(kSlots == 6);
            return (bit(0) | bit(1) | bit(2) | bit(3) | bit(4) | bit(5)) & ((1u << size) - 1);
        }
    };
    static_assert(sizeof(Bucket) == 64);

    /// Apart from its buckets: those of all segments are on few pages.
    struct Segment {
        uint32_t count;
        uint32_t depth; ///< how many bits of the hash its entries have in common
        std::unique_ptr<Bucket[]> buckets;
    };
    using OwnedSegment = std::unique_ptr<Segment>;

    enum class State : uint8_t { kFree, kOpen, kClosed };
    struct Facts {
        uint64_t count = 0;
        uint64_t digest = 0;
        uint32_t owner = 0;
        State state = State::kFree;
    };

    /// The buckets in which an entry can be, in order; an odd stride reaches all of them.
    class Path {
    public:
        Path(uint64_t hash, uint32_t mask)
            : at_(static_cast<uint32_t>(hash) & mask), stride_(static_cast<uint32_t>(hash >> 20) | 1), mask_(mask)
        {}
        uint32_t at() const { return at_; }
        /// False: all of them were visited.
        bool next()
        {
            at_ = (at_ + stride_) & mask_;
            return steps_++ < mask_;
        }

    private:
        uint32_t at_, stride_, mask_;
        uint32_t steps_ = 0;
    };

    size_t index_of(uint64_t hash) const { return depth_ == 0 ? 0 : hash >> (64 - depth_); }
    Segment *segment_of(uint64_t hash) const { return table_[index_of(hash)]; }
    uint32_t room() const { return (mask_ + 1) * kSlots; } ///< slots of a segment
    /// Calls is_it(bucket, slot) for each entry of fp until it returns true. Whether it did.
    template <class IsIt> bool find(uint64_t fp, IsIt is_it) const
    {
        if (table_.empty())
            return false;
        uint64_t hash = hash_.of(fp);
        Bucket *buckets = segment_of(hash)->buckets.get();
        Path path(hash, mask_);
        do {
            Bucket &bucket = buckets[path.at()];
            for (uint32_t slots = bucket.slots_of(fp); slots != 0; slots &= slots - 1)
                if (is_it(bucket, static_cast<uint32_t>(std::countr_zero(slots))))
                    return true;
            if (bucket.passed == 0)
                break;
        } while (path.next());
        return false;
    }

    /// Where a segment is in the table.
    struct Range {
        size_t begin;
        size_t end;
    };

    Range range_of(uint64_t hash) const;
    uint64_t end_of(const Range &range) const;
    static OwnedSegment make_segment(uint32_t buckets, uint32_t depth);
    bool make_single();
    bool resize_single(uint32_t buckets);
    bool double_table();
    void halve_table();
    void put(size_t begin, size_t end, OwnedSegment segment);
    bool split(uint64_t hash);
    bool merge(uint64_t hash);
    void shrink(uint64_t hash);
    void move_entries(Segment &from, uint32_t buckets);
    void put(uint64_t hash, uint64_t fp, Target target);
    void take_out(Segment &segment, Bucket &bucket, uint32_t slot);
    void free_target(Target target);

    KeyedHash hash_; ///< where an entry is: others choose fingerprints, and shall not choose places
    DirectoryEvents *events_;
    std::vector<Segment *> table_; ///< by the upper depth_ bits of a hash; a segment with fewer is there several times, in a row
    uint32_t depth_ = 0;
    uint32_t mask_ = 0; ///< of the buckets of each segment
    std::vector<Facts> targets_;
    size_t size_ = 0;
    size_t segments_ = 0;
    size_t closed_ = 0;     ///< targets that are kClosed
    uint64_t sweep_at_ = 0; ///< the hash at which sweep() goes on
    size_t next_free_ = 0;  ///< no target below is kFree
};

} // namespace wm::cluster

#endif
