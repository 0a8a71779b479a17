#include "conn/backlog.h"

#include <cstdlib>
#include <cstring>
#include <functional>

namespace wm {

void Backlog::Free::operator()(Entry *entry) const
{
    entry->block->release();
    free(entry);
}

Backlog::EntryPtr Backlog::make(Block *block, bool framed, SlowPolicy policy, std::string_view key, int32_t flags)
{
    Entry *entry = static_cast<Entry *>(malloc(sizeof(Entry) + key.size()));
    if (!entry)
        return nullptr;
    uint32_t hash = static_cast<uint32_t>(std::hash<std::string_view>()(key));
    *entry = {nullptr, nullptr, nullptr, nullptr, block, hash, flags, policy, framed, static_cast<uint8_t>(key.size())};
    if (!key.empty())
        memcpy(entry + 1, key.data(), key.size());
    block->retain();
    return EntryPtr(entry);
}

void Backlog::count(const Entry &entry)
{
    size_t block = sizeof(Block) + entry.block->size;
    size_ += entry.block->size;
    allocated_ += entry.allocated();
    droppable_ += may_drop(entry.policy) ? entry.allocated() : 0;
    total_ += entry.allocated() - block;
    if (entry.block->queues++ == 0)
        total_ += block;
}

void Backlog::uncount(const Entry &entry)
{
    size_t block = sizeof(Block) + entry.block->size;
    size_ -= entry.block->size;
    allocated_ -= entry.allocated();
    droppable_ -= may_drop(entry.policy) ? entry.allocated() : 0;
    total_ -= entry.allocated() - block;
    if (--entry.block->queues == 0)
        total_ -= block;
}

void Backlog::push(EntryPtr owned)
{
    Entry *entry = owned.release();
    entry->older = newest_;
    (newest_ ? newest_->newer : oldest_) = entry;
    newest_ = entry;
    if (entry->policy == SlowPolicy::kLatest) {
        entry->older_key = newest_key_;
        (newest_key_ ? newest_key_->newer_key : oldest_key_) = entry;
        newest_key_ = entry;
    }
    count(*entry);
}

/// Unlinks one; nullptr stays nullptr.
Backlog::EntryPtr Backlog::take(Entry *entry)
{
    if (!entry)
        return nullptr;
    (entry->older ? entry->older->newer : oldest_) = entry->newer;
    (entry->newer ? entry->newer->older : newest_) = entry->older;
    if (entry->policy == SlowPolicy::kLatest) {
        (entry->older_key ? entry->older_key->newer_key : oldest_key_) = entry->newer_key;
        (entry->newer_key ? entry->newer_key->older_key : newest_key_) = entry->older_key;
    }
    uncount(*entry);
    return EntryPtr(entry);
}

bool Backlog::drop_same_key(const Entry &entry)
{
    if (entry.policy != SlowPolicy::kLatest)
        return false;
    Entry *found = newest_key_; // the key that has changed last is the likely one
    while (found && (found->key_hash != entry.key_hash || found->key() != entry.key()))
        found = found->older_key;
    return take(found) != nullptr;
}

bool Backlog::drop_oldest()
{
    Entry *found = droppable_ > 0 ? oldest_ : nullptr;
    while (found && !may_drop(found->policy))
        found = found->newer;
    return take(found) != nullptr;
}

void Backlog::clear()
{
    while (pop()) {
    }
}

} // namespace wm
