#include "hub/uid_table.h"

#include "core/random.h"

#include <cstdlib>
#include <cstring>

namespace wm {

namespace {

template <class Word> uint64_t load(const char *p)
{
    Word word;
    memcpy(&word, p, sizeof word);
    return word;
}

/// A word for each text of 0 to 8 bytes, another for each of the same length: loads of a fixed size that overlap.
uint64_t load_short(const char *p, size_t len)
{
    if (len >= 4)
        return load<uint32_t>(p) | load<uint32_t>(p + len - 4) << 32;
    if (len >= 2)
        return load<uint16_t>(p) | load<uint16_t>(p + len - 2) << 16;
    return len == 1 ? load<uint8_t>(p) : 0;
}

/// The two halves of a 128-bit product, folded: the mixing step of the multiply-and-fold hash family.
uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

} // namespace

UidTable::~UidTable()
{
    for (Uid *uid : slots_)
        free(uid);
}

uint64_t UidTable::hash(std::string_view uid) const
{
    uint64_t state = secret_[0] ^ uid.size();
    const char *p = uid.data();
    size_t left = uid.size();
    for (; left > 8; p += 8, left -= 8)
        state = fold(state ^ load<uint64_t>(p), secret_[1]);
    return fold(fold(state ^ load_short(p, left), secret_[1]), secret_[0] ^ secret_[1]);
}

Uid *UidTable::find(std::string_view uid) const
{
    if (count_ == 0)
        return nullptr;
    uint64_t wanted = hash(uid);
    uint16_t tag = tag_of(wanted);
    size_t mask = slots_.size() - 1;
    for (size_t i = wanted & mask; slots_[i]; i = (i + 1) & mask)
        if (slots_[i]->tag == tag && slots_[i]->text() == uid)
            return slots_[i];
    return nullptr;
}

void UidTable::place(Uid *uid)
{
    size_t mask = slots_.size() - 1;
    size_t i = home_of(uid);
    while (slots_[i])
        i = (i + 1) & mask;
    slots_[i] = uid;
}

void UidTable::draw_secret()
{
    random_bytes(secret_, sizeof secret_);
    secret_[0] |= 1;
    secret_[1] |= 1;
}

void UidTable::grow()
{
    if ((count_ + 1) * 8 <= slots_.size() * 7)
        return;
    if (slots_.empty())
        draw_secret();
    std::vector<Uid *> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    for (Uid *uid : old)
        if (uid)
            place(uid);
}

Uid *UidTable::add(std::string_view uid)
{
    grow();
    Uid *added = static_cast<Uid *>(malloc(sizeof(Uid) + uid.size()));
    if (!added)
        return nullptr;
    *added = {UINT32_MAX, UINT32_MAX, 0, static_cast<uint16_t>(uid.size()), tag_of(hash(uid))};
    memcpy(added->bytes(), uid.data(), uid.size());
    place(added);
    count_++;
    return added;
}

void UidTable::remove(Uid *uid)
{
    size_t mask = slots_.size() - 1;
    size_t hole = home_of(uid);
    while (slots_[hole] != uid)
        hole = (hole + 1) & mask;
    // Moves up the entries behind the hole that belong at or before it, so that no tombstone is needed.
    for (size_t i = (hole + 1) & mask; slots_[i]; i = (i + 1) & mask) {
        size_t home = home_of(slots_[i]);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            slots_[hole] = slots_[i];
            hole = i;
        }
    }
    slots_[hole] = nullptr;
    count_--;
    free(uid);
}

} // namespace wm
