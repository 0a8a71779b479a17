/**
 * @file
 * A table of slots with generations: the target of ids.
 *
 * Items live in chunks that never move and are freed with the table. Free slots are reused oldest first, so
 * that a stale id is recognised for as long as possible. The app's thread, except is_live(): any thread,
 * while the table lives.
 */
#ifndef WM_CORE_SLOT_TABLE_H
#define WM_CORE_SLOT_TABLE_H

#include "core/id.h"

#include <atomic>
#include <cstdlib>
#include <new>
#include <utility>

namespace wm {

template <class T, uint32_t kMaxSlots> class SlotTable {
public:
    static constexpr uint32_t kChunk = 256;
    static constexpr uint32_t kNone = UINT32_MAX;

    /// Generations start above `base`: the next app of an index continues where the last one ended.
    explicit SlotTable(uint32_t base) : base_(base)
    {
        if (!chunks_)
            throw std::bad_alloc();
    }
    SlotTable(const SlotTable &) = delete;
    SlotTable &operator=(const SlotTable &) = delete;

    ~SlotTable()
    {
        for (uint32_t slot = 0; slot < used_; slot++)
            if (live_state(slot) & 1)
                at(slot)->~T();
        for (uint32_t chunk = 0; chunk * kChunk < used_; chunk++)
            ::free(chunks_[chunk].load(std::memory_order_relaxed));
        ::free(chunks_);
    }

    /// Takes a slot and constructs a T in it, of these arguments; kNone if memory or slots have run out.
    template <class... Args> uint32_t acquire(Args &&...args)
    {
        uint32_t slot = free_head_;
        if (slot != kNone) {
            free_head_ = next_free(slot);
            if (free_head_ == kNone)
                free_tail_ = kNone;
        } else {
            if (!grow())
                return kNone;
            slot = used_++;
        }
        Chunk *chunk = chunk_of(slot);
        new (item(chunk, slot)) T(std::forward<Args>(args)...);
        auto &state = chunk->state[slot % kChunk];
        state.store(state.load(std::memory_order_relaxed) | 1, std::memory_order_release);
        live_++;
        return slot;
    }

    void release(uint32_t slot)
    {
        Chunk *chunk = chunk_of(slot);
        T *released = item(chunk, slot);
        released->~T();
        auto &state = chunk->state[slot % kChunk];
        uint32_t generation = ((state.load(std::memory_order_relaxed) >> 1) + 1) & kGenerationMask;
        if (generation == 0)
            generation = 1;
        highest_ = generation > highest_ ? generation : highest_;
        state.store(generation << 1, std::memory_order_release);
        next_free(released) = kNone;
        if (free_tail_ == kNone)
            free_head_ = slot;
        else
            next_free(free_tail_) = slot;
        free_tail_ = slot;
        live_--;
    }

    T *at(uint32_t slot) { return item(chunk_of(slot), slot); }

    T *find(uint32_t slot, uint32_t generation)
    {
        Chunk *chunk = chunk_of_live(slot, generation);
        return chunk ? item(chunk, slot) : nullptr;
    }

    bool is_live(uint32_t slot, uint32_t generation) const { return chunk_of_live(slot, generation); }

    uint32_t generation_of(uint32_t slot) const { return live_state(slot) >> 1; }
    bool live_at(uint32_t slot) const { return live_state(slot) & 1; }
    uint32_t used() const { return used_; }
    uint32_t live() const { return live_; }
    uint32_t highest_generation() const { return highest_; }

private:
    struct Chunk {
        std::atomic<uint32_t> state[kChunk]; // generation << 1 | live
        alignas(T) unsigned char items[sizeof(T) * kChunk];
    };

    static T *item(Chunk *chunk, uint32_t slot) { return reinterpret_cast<T *>(chunk->items) + slot % kChunk; }
    /// nullptr: it is not live.
    Chunk *chunk_of_live(uint32_t slot, uint32_t generation) const
    {
        Chunk *chunk = slot < kMaxSlots ? chunks_[slot / kChunk].load(std::memory_order_acquire) : nullptr;
        return chunk && chunk->state[slot % kChunk].load(std::memory_order_acquire) == (generation << 1 | 1) ? chunk : nullptr;
    }
    Chunk *chunk_of(uint32_t slot) const { return chunks_[slot / kChunk].load(std::memory_order_relaxed); }
    uint32_t live_state(uint32_t slot) const { return chunk_of(slot)->state[slot % kChunk].load(std::memory_order_relaxed); }

    uint32_t &next_free(uint32_t slot) { return next_free(at(slot)); }
    /// Of a free slot: the next one, in the memory of the item.
    static uint32_t &next_free(T *free)
    {
        static_assert(sizeof(T) >= sizeof(uint32_t));
        static_assert(alignof(T) % alignof(uint32_t) == 0);
        return *reinterpret_cast<uint32_t *>(free);
    }

    bool grow()
    {
        if (used_ == kMaxSlots)
            return false;
        if (used_ % kChunk != 0)
            return true;
        void *memory = malloc(sizeof(Chunk));
        if (!memory)
            return false;
        Chunk *chunk = static_cast<Chunk *>(memory);
        for (auto &state : chunk->state)
            new (&state) std::atomic<uint32_t>((base_ + 1) << 1);
        chunks_[used_ / kChunk].store(chunk, std::memory_order_release);
        return true;
    }

    // calloc's pages are mapped on first touch: an unused part of the directory costs no memory.
    std::atomic<Chunk *> *chunks_ = static_cast<std::atomic<Chunk *> *>(calloc(kMaxSlots / kChunk, sizeof(std::atomic<Chunk *>)));
    uint32_t base_;
    uint32_t highest_ = base_ + 1;
    uint32_t used_ = 0;
    uint32_t live_ = 0;
    uint32_t free_head_ = kNone;
    uint32_t free_tail_ = kNone;
};

} // namespace wm

#endif
