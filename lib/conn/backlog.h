/**
 * @file
 * Messages for a peer that reads slowly, whole and in order, behind what the kernel has refused: until one is sent on, a newer one of its
 * key may replace it, and the oldest may be dropped. Part of the connection's Cold; the app's thread.
 */
#ifndef WM_CONN_BACKLOG_H
#define WM_CONN_BACKLOG_H

#include "core/buffer.h"
#include "wm/types.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace wm {

/// What happens to a message for an open connection whose peer reads too slowly (option slow_policy).
enum class SlowPolicy : uint8_t {
    kRefuse = WM_SLOW_REFUSE,          ///< WM_EFULL once the queue is full
    kClose = WM_SLOW_CLOSE,            ///< the same, and the connection closes
    kDropOldest = WM_SLOW_DROP_OLDEST, ///< may wait in the backlog; once that is full, the oldest that may be dropped goes
    kLatest = WM_SLOW_LATEST,          ///< the same, and a newer message of its key replaces it
};

inline bool may_drop(SlowPolicy policy)
{
    return policy >= SlowPolicy::kDropOldest;
}

class Backlog {
public:
    static constexpr size_t kMaxKey = 255; ///< bytes

    /// One message. Freed by free_entry().
    struct Entry {
        Entry *older;
        Entry *newer;
        Entry *older_key; ///< of those that are kLatest
        Entry *newer_key;
        Block *block;
        uint32_t key_hash;
        int32_t flags; ///< WM_SEND_...
        SlowPolicy policy;
        bool framed; ///< the block has the bytes for the peer, else the payload
        uint8_t key_len;

        std::string_view bytes() const { return {block->data(), block->size}; }
        std::string_view key() const { return {reinterpret_cast<const char *>(this + 1), key_len}; }
        size_t allocated() const { return sizeof(Entry) + key_len + sizeof(Block) + block->size; }
    };
    struct Free {
        void operator()(Entry *entry) const;
    };
    using EntryPtr = std::unique_ptr<Entry, Free>;

    /// Adds what it allocates to `total`, as SendQueue does.
    explicit Backlog(size_t &total) : total_(total) {}
    Backlog(const Backlog &) = delete;
    Backlog &operator=(const Backlog &) = delete;
    ~Backlog() { clear(); }

    bool empty() const { return !oldest_; }
    /// Bytes of messages.
    size_t size() const { return size_; }
    /// Bytes allocated; a block counts in each backlog and queue that refers to it.
    size_t allocated() const { return allocated_; }
    /// Bytes allocated for those that may be dropped.
    size_t droppable() const { return droppable_; }

    /// An entry that refers to the block, not in the list; nullptr when out of memory. The key has up to kMaxKey bytes.
    static EntryPtr make(Block *block, bool framed, SlowPolicy policy, std::string_view key, int32_t flags);
    void push(EntryPtr entry);
    EntryPtr pop() { return take(oldest_); }
    /// Drops the one that push() would replace; false: there is none.
    bool drop_same_key(const Entry &entry);
    /// Drops the oldest that may be dropped; false: there is none.
    bool drop_oldest();
    void clear();

private:
    EntryPtr take(Entry *entry);
    void count(const Entry &entry);
    void uncount(const Entry &entry);

    Entry *oldest_ = nullptr;
    Entry *newest_ = nullptr;
    Entry *oldest_key_ = nullptr;
    Entry *newest_key_ = nullptr;
    size_t size_ = 0;
    size_t allocated_ = 0;
    size_t droppable_ = 0;
    size_t &total_;
};

} // namespace wm

#endif
