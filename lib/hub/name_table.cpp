#include "hub/name_table.h"

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

NameTable::~NameTable()
{
    for (Name *name : table_.slots())
        free(name);
}

uint64_t NameTable::hash(std::string_view name) const
{
    uint64_t state = secret_[0] ^ name.size();
    const char *p = name.data();
    size_t left = name.size();
    for (; left > 8; p += 8, left -= 8)
        state = fold(state ^ load<uint64_t>(p), secret_[1]);
    return fold(fold(state ^ load_short(p, left), secret_[1]), secret_[0] ^ secret_[1]);
}

uint64_t NameTable::hash_pair(const Name *name, uint32_t number) const
{
    return fold(secret_[0] ^ reinterpret_cast<uintptr_t>(name), secret_[1] ^ uint64_t{number} << 32);
}

Name *NameTable::find(std::string_view name) const
{
    if (table_.size() == 0)
        return nullptr;
    uint64_t wanted = hash(name);
    uint16_t tag = tag_of(wanted);
    return table_.find(wanted, [name, tag](Name *known) { return known->tag == tag && known->text() == name; });
}

void NameTable::draw_secret()
{
    random_bytes(secret_, sizeof secret_);
    secret_[0] |= 1;
    secret_[1] |= 1;
}

Name *NameTable::add(std::string_view name)
{
    if (table_.slots().empty())
        draw_secret();
    Name *added = static_cast<Name *>(malloc(sizeof(Name) + name.size()));
    if (!added || !table_.reserve([this](Name *known) { return hash(known->text()); })) {
        free(added);
        return nullptr;
    }
    uint64_t own = hash(name);
    *added = {kNoIndex, kNoIndex, 0, static_cast<uint16_t>(name.size()), tag_of(own)};
    memcpy(added->bytes(), name.data(), name.size());
    table_.add(added, own);
    return added;
}

void NameTable::remove(Name *name)
{
    table_.remove(name, [this](Name *known) { return hash(known->text()); });
    free(name);
}

} // namespace wm
