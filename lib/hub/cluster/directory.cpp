#include "hub/cluster/directory.h"

#include "core/reserve.h"
#include "hub/cluster/fingerprint.h"

#include <algorithm>
#include <new>

namespace wm::cluster {

Directory::Directory(DirectoryEvents *events) : events_(events)
{
    hash_.draw_secret();
}

Directory::~Directory()
{
    for (size_t i = 0; i < table_.size(); i++)
        if (i + 1 == table_.size() || table_[i] != table_[i + 1])
            delete table_[i];
}

// ---- targets

Directory::Target Directory::open(uint32_t owner)
{
    while (next_free_ < targets_.size() && targets_[next_free_].state != State::kFree)
        next_free_++;
    if (next_free_ == targets_.size()) {
        if (targets_.size() == kMaxTargets || !reserve_in(targets_, targets_.size() + 1))
            return kNoTarget;
        targets_.emplace_back();
    }
    targets_[next_free_] = {0, 0, owner, State::kOpen};
    return static_cast<Target>(next_free_++);
}

void Directory::close(Target target)
{
    Facts &facts = targets_[target];
    facts.state = State::kClosed;
    closed_++;
    if (facts.count == 0)
        free_target(target);
}

void Directory::free_target(Target target)
{
    targets_[target].state = State::kFree;
    closed_--;
    next_free_ = std::min<size_t>(next_free_, target);
}

// ---- entries

bool Directory::add(uint64_t fp, Target target)
{
    bool is_first = true;
    bool is_there = find(fp, [&](const Bucket &bucket, uint32_t slot) {
        is_first = false;
        return bucket.targets[slot] == target;
    });
    if (is_there)
        return true;
    if (!reserve(fp))
        return false;
    put(hash_.of(fp), fp, target);
    targets_[target].count++;
    targets_[target].digest ^= digest_of(fp);
    size_++;
    if (is_first && events_)
        events_->first_claimed(fp);
    return true;
}

void Directory::remove(uint64_t fp, Target target)
{
    uint64_t hash = hash_.of(fp);
    bool was_there = find(fp, [&](Bucket &bucket, uint32_t slot) {
        if (bucket.targets[slot] != target)
            return false;
        take_out(*segment_of(hash), bucket, slot);
        return true;
    });
    if (!was_there)
        return;
    if (events_ && !has(fp))
        events_->last_removed(fp);
    shrink(hash);
}

bool Directory::is_claimed(uint64_t fp, Target target) const
{
    return find(fp, [&](const Bucket &bucket, uint32_t slot) { return bucket.targets[slot] == target; });
}

bool Directory::has(uint64_t fp) const
{
    return find(fp, [](const Bucket &, uint32_t) { return true; });
}

/// There has to be room.
void Directory::put(uint64_t hash, uint64_t fp, Target target)
{
    Segment &segment = *segment_of(hash);
    Path path(hash, mask_);
    Bucket *bucket = &segment.buckets[path.at()];
    while (bucket->size == kSlots) {
        if (bucket->passed != kSticky)
            bucket->passed++;
        path.next();
        bucket = &segment.buckets[path.at()];
    }
    bucket->fps[bucket->size] = fp;
    bucket->targets[bucket->size] = target;
    bucket->size++;
    segment.count++;
}

void Directory::take_out(Segment &segment, Bucket &bucket, uint32_t slot)
{
    uint64_t fp = bucket.fps[slot];
    Target target = bucket.targets[slot];
    Path path(hash_.of(fp), mask_);
    while (&segment.buckets[path.at()] != &bucket) {
        uint16_t &passed = segment.buckets[path.at()].passed;
        if (passed != kSticky)
            passed--;
        path.next();
    }
    bucket.size--;
    bucket.fps[slot] = bucket.fps[bucket.size];
    bucket.targets[slot] = bucket.targets[bucket.size];
    segment.count--;
    size_--;
    Facts &facts = targets_[target];
    facts.count--;
    facts.digest ^= digest_of(fp);
    if (facts.count == 0 && facts.state == State::kClosed)
        free_target(target);
}

// ---- segments

Directory::OwnedSegment Directory::make_segment(uint32_t buckets, uint32_t depth)
{
    OwnedSegment made(new (std::nothrow) Segment{0, depth, nullptr});
    if (made)
        made->buckets.reset(new (std::nothrow) Bucket[buckets]());
    if (!made || !made->buckets)
        made.reset();
    return made;
}

Directory::Range Directory::range_of(uint64_t hash) const
{
    size_t width = size_t{1} << (depth_ - segment_of(hash)->depth);
    size_t begin = index_of(hash) & ~(width - 1);
    return {begin, begin + width};
}

/// The first hash behind a range; 0: it is the last one.
uint64_t Directory::end_of(const Range &range) const
{
    return range.end == table_.size() ? 0 : uint64_t{range.end} << (64 - depth_);
}

/// Puts the entries of a segment, which is not in the table any more, into those that are.
void Directory::move_entries(Segment &from, uint32_t buckets)
{
    for (uint32_t i = 0; i < buckets; i++) {
        const Bucket &bucket = from.buckets[i];
        for (uint32_t slot = 0; slot < bucket.size; slot++)
            put(hash_.of(bucket.fps[slot]), bucket.fps[slot], bucket.targets[slot]);
    }
}

bool Directory::reserve(uint64_t fp)
{
    uint64_t hash = hash_.of(fp);
    if (table_.empty() && !make_single())
        return false;
    while ((segment_of(hash)->count + 1) * 8 > room() * 7)
        if (!(depth_ == 0 && mask_ + 1 < kMaxBuckets ? resize_single((mask_ + 1) * 2) : split(hash)))
            return false;
    return true;
}

bool Directory::make_single()
{
    if (!reserve_in(table_, 1))
        return false;
    OwnedSegment made = make_segment(mask_ + 1, 0);
    if (!made)
        return false;
    table_.push_back(made.release());
    segments_ = 1;
    return true;
}

/// Of the only segment.
bool Directory::resize_single(uint32_t buckets)
{
    OwnedSegment made = make_segment(buckets, 0);
    if (!made)
        return false;
    OwnedSegment old(table_[0]);
    uint32_t before = mask_ + 1;
    table_[0] = made.release();
    mask_ = buckets - 1;
    move_entries(*old, before);
    return true;
}

bool Directory::double_table()
{
    size_t before = table_.size();
    if (depth_ == kMaxDepth || !reserve_in(table_, before * 2))
        return false;
    table_.resize(before * 2);
    for (size_t i = before; i-- > 0;)
        table_[2 * i] = table_[2 * i + 1] = table_[i];
    depth_++;
    return true;
}

/// As long as each segment is there twice.
void Directory::halve_table()
{
    auto is_double = [this] {
        for (size_t i = 0; i < table_.size(); i += 2)
            if (table_[i] != table_[i + 1])
                return false;
        return true;
    };
    while (depth_ > 0 && is_double()) {
        for (size_t i = 0; i < table_.size(); i += 2)
            table_[i / 2] = table_[i];
        table_.resize(table_.size() / 2);
        depth_--;
    }
}

/// In one place at least.
void Directory::put(size_t begin, size_t end, OwnedSegment segment)
{
    table_[begin] = segment.release();
    for (size_t i = begin + 1; i < end; i++)
        table_[i] = table_[begin];
}

/// The segment of that hash becomes two.
bool Directory::split(uint64_t hash)
{
    uint32_t depth = segment_of(hash)->depth;
    if (depth == depth_ && !double_table())
        return false;
    OwnedSegment lower = make_segment(mask_ + 1, depth + 1), upper = make_segment(mask_ + 1, depth + 1);
    if (!lower || !upper)
        return false;
    Range range = range_of(hash);
    OwnedSegment old(table_[range.begin]);
    size_t middle = range.begin + (range.end - range.begin) / 2;
    put(range.begin, middle, std::move(lower));
    put(middle, range.end, std::move(upper));
    segments_++;
    move_entries(*old, mask_ + 1);
    return true;
}

/// The segment of that hash and its other half become one, if that leaves more than half of it free. False: it does not, or out of memory.
bool Directory::merge(uint64_t hash)
{
    Range range = range_of(hash);
    size_t width = range.end - range.begin;
    range.begin &= ~width;
    range.end = range.begin + 2 * width;
    Segment &first = *table_[range.begin], &second = *table_[range.end - 1];
    if (first.depth != second.depth || (first.count + second.count) * 16 > room() * 7)
        return false;
    OwnedSegment made = make_segment(mask_ + 1, first.depth - 1);
    if (!made)
        return false;
    OwnedSegment lower(&first), upper(&second);
    put(range.begin, range.end, std::move(made));
    segments_--;
    move_entries(*lower, mask_ + 1);
    move_entries(*upper, mask_ + 1);
    halve_table();
    return true;
}

/// After entries of that hash's segment were removed.
void Directory::shrink(uint64_t hash)
{
    while (segment_of(hash)->count * 32 <= room() * 7) {
        if (depth_ == 0 && mask_ == 0)
            return;
        if (!(depth_ == 0 ? resize_single((mask_ + 1) / 2) : merge(hash)))
            return;
    }
}

// ---- walks

void Directory::sweep()
{
    if (closed_ == 0)
        return;
    uint64_t at = sweep_at_;
    Segment &segment = *segment_of(at);
    for (uint32_t i = 0; i <= mask_; i++) {
        Bucket &bucket = segment.buckets[i];
        for (uint32_t slot = 0; slot < bucket.size;) {
            uint64_t fp = bucket.fps[slot];
            if (targets_[bucket.targets[slot]].state != State::kClosed) {
                slot++;
                continue;
            }
            take_out(segment, bucket, slot);
            if (events_ && !has(fp))
                events_->last_removed(fp);
        }
    }
    sweep_at_ = end_of(range_of(at));
    shrink(at);
}

bool Directory::copy(uint64_t *at, std::vector<uint64_t> &out) const
{
    if (table_.empty()) {
        *at = 0;
        return true;
    }
    Segment &segment = *segment_of(*at);
    if (!reserve_in(out, out.size() + segment.count))
        return false;
    for (uint32_t i = 0; i <= mask_; i++)
        out.insert(out.end(), std::begin(segment.buckets[i].fps), std::begin(segment.buckets[i].fps) + segment.buckets[i].size);
    *at = end_of(range_of(*at));
    return true;
}

} // namespace wm::cluster
