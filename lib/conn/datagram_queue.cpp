#include "conn/datagram_queue.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace wm {

/// Followed by the address, and by the bytes; each begins at a multiple of 8.
struct DatagramQueue::Entry {
    uint32_t size;
    uint32_t slot;
    uint32_t generation;
    uint32_t address_len; ///< 0: none
    LocalIp from;

    static size_t aligned(size_t n) { return (n + 7) & ~size_t{7}; }
    static size_t needed(size_t address_len, size_t size) { return aligned(sizeof(Entry)) + aligned(address_len) + aligned(size); }
    size_t needed() const { return needed(address_len, size); }
    char *address() { return reinterpret_cast<char *>(this) + aligned(sizeof(Entry)); }
    char *bytes() { return address() + aligned(address_len); }
};

bool DatagramQueue::make_room(size_t size)
{
    if (end_ + size <= capacity_)
        return true;
    if (begin_ > 0) {
        memmove(memory_, memory_ + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ + size <= capacity_)
        return true;
    size_t capacity = std::max({kFirst, capacity_ * 2, Entry::aligned(end_ + size)});
    char *grown = static_cast<char *>(realloc(memory_, capacity));
    if (!grown)
        return false;
    total_ += capacity - capacity_;
    memory_ = grown;
    capacity_ = capacity;
    return true;
}

bool DatagramQueue::append(const Letter &letter, std::string_view head, std::string_view body)
{
    size_t address_len = letter.address ? letter.address->len : 0, size = head.size() + body.size();
    if (!make_room(Entry::needed(address_len, size)))
        return false;
    Entry &entry = at(end_);
    entry = {static_cast<uint32_t>(size), letter.slot, letter.generation, static_cast<uint32_t>(address_len), letter.from};
    if (address_len > 0)
        memcpy(entry.address(), &letter.address->storage, address_len);
    if (!head.empty())
        memcpy(entry.bytes(), head.data(), head.size());
    if (!body.empty())
        memcpy(entry.bytes() + head.size(), body.data(), body.size());
    end_ += entry.needed();
    count_++;
    return true;
}

size_t DatagramQueue::front(OutgoingDatagram *out, size_t most) const
{
    size_t count = 0;
    for (size_t offset = begin_; offset < end_ && count < most; count++) {
        Entry &entry = at(offset);
        const struct sockaddr *to = entry.address_len > 0 ? reinterpret_cast<const struct sockaddr *>(entry.address()) : nullptr;
        out[count] = {to, entry.address_len, &entry.from, {entry.bytes(), entry.size}};
        offset += entry.needed();
    }
    return count;
}

void DatagramQueue::sender(uint32_t &slot, uint32_t &generation) const
{
    slot = at(begin_).slot;
    generation = at(begin_).generation;
}

void DatagramQueue::pop(size_t count)
{
    count_ -= count;
    for (; count > 0; count--)
        begin_ += at(begin_).needed();
    if (begin_ < end_)
        return;
    begin_ = end_ = 0;
    if (capacity_ > kKept)
        clear();
}

void DatagramQueue::clear()
{
    free(memory_);
    total_ -= capacity_;
    memory_ = nullptr;
    capacity_ = begin_ = end_ = count_ = 0;
}

} // namespace wm
