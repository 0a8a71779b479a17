/**
 * @file
 * A set of words by open addressing: what a word stands for, its key and its hash are the owner's. One word a place, at most seven eighths
 * full, doubled to grow; a removal moves up what is behind it, so that no tombstone is needed. The app's thread.
 */
#ifndef WM_HUB_PROBE_TABLE_H
#define WM_HUB_PROBE_TABLE_H

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace wm {

/// Word{} stands for nothing. A HashOf returns the hash of a word that is in the table.
template <class Word> class ProbeTable {
public:
    /// The word of that hash which is_it(word); Word{}: there is none.
    template <class IsIt> Word find(uint64_t hash, IsIt is_it) const
    {
        if (count_ == 0)
            return {};
        for (size_t i = hash & mask(); slots_[i] != Word{}; i = next(i))
            if (is_it(slots_[i]))
                return slots_[i];
        return {};
    }

    /// Makes room for one more; false when out of memory.
    template <class HashOf> bool reserve(HashOf hash_of)
    {
        if ((count_ + 1) * 8 <= slots_.size() * 7)
            return true;
        try {
            std::vector<Word> old(slots_.empty() ? 64 : slots_.size() * 2);
            old.swap(slots_);
            for (Word word : old)
                if (word != Word{})
                    place(word, hash_of(word));
            return true;
        } catch (const std::bad_alloc &) {
            return false;
        }
    }

    /// There has to be room.
    void add(Word word, uint64_t hash)
    {
        place(word, hash);
        count_++;
    }

    /// The word has to be in the table.
    template <class HashOf> void remove(Word word, HashOf hash_of)
    {
        size_t hole = hash_of(word) & mask();
        while (slots_[hole] != word)
            hole = next(hole);
        // Moves up those behind the hole that belong at or before it.
        for (size_t i = next(hole); slots_[i] != Word{}; i = next(i)) {
            size_t home = hash_of(slots_[i]) & mask();
            if (((i - home) & mask()) >= ((i - hole) & mask())) {
                slots_[hole] = slots_[i];
                hole = i;
            }
        }
        slots_[hole] = {};
        count_--;
    }

    size_t size() const { return count_; }
    /// The places, those with Word{} included.
    const std::vector<Word> &slots() const { return slots_; }

private:
    size_t mask() const { return slots_.size() - 1; }
    size_t next(size_t i) const { return (i + 1) & mask(); }
    void place(Word word, uint64_t hash)
    {
        size_t i = hash & mask();
        while (slots_[i] != Word{})
            i = next(i);
        slots_[i] = word;
    }

    std::vector<Word> slots_; ///< a power of two of them
    size_t count_ = 0;
};

} // namespace wm

#endif
