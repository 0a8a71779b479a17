/**
 * @file
 * uid -> its entry: an open-addressing table with one word per slot. Hashes are keyed with a random secret of
 * the table, because peers choose uids. The app's thread.
 */
#ifndef WM_HUB_UID_TABLE_H
#define WM_HUB_UID_TABLE_H

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wm {

/// A uid that has connections. One allocation, which ends with the bytes of the uid.
struct Uid {
    uint32_t oldest; ///< its bindings are a list from oldest to newest
    uint32_t newest;
    uint32_t count;
    uint16_t size; ///< at most kMaxUid
    uint16_t tag;  ///< bits of the hash, so that most others are told apart without a look at their bytes

    char *bytes() { return reinterpret_cast<char *>(this + 1); }
    std::string_view text() { return {bytes(), size}; }
};

class UidTable {
public:
    UidTable() = default;
    UidTable(const UidTable &) = delete;
    UidTable &operator=(const UidTable &) = delete;
    ~UidTable();

    Uid *find(std::string_view uid) const;
    /// Adds a uid that is not in the table; nullptr when out of memory.
    Uid *add(std::string_view uid);
    void remove(Uid *uid);
    size_t size() const { return count_; }

private:
    uint64_t hash(std::string_view uid) const;
    static uint16_t tag_of(uint64_t hash) { return static_cast<uint16_t>(hash >> 48); }
    size_t home_of(Uid *uid) const { return hash(uid->text()) & (slots_.size() - 1); }
    void draw_secret();
    void grow();
    void place(Uid *uid);

    std::vector<Uid *> slots_; ///< a power of two, at most seven eighths full
    size_t count_ = 0;
    uint64_t secret_[2] = {}; ///< drawn with the first slots, so that processes forked from one app differ
};

} // namespace wm

#endif
