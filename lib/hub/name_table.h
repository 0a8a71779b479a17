/**
 * @file
 * name -> its entry, for uids, groups and topics. Hashes are keyed with a random secret of the table, because peers choose names. The app's
 * thread.
 */
#ifndef WM_HUB_NAME_TABLE_H
#define WM_HUB_NAME_TABLE_H

#include "core/keyed_hash.h"
#include "hub/probe_table.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wm {

inline constexpr uint32_t kNoIndex = UINT32_MAX; ///< of a member

/// A name that is in use. One allocation, which ends with the bytes of the name.
struct Name {
    uint32_t oldest; ///< its members are a list from oldest to newest, by their index with the owner of the table
    uint32_t newest;
    uint32_t count;
    uint16_t size; ///< at most kMaxUid
    uint16_t tag;  ///< bits of the hash, so that most others are told apart without a look at their bytes

    char *bytes() { return reinterpret_cast<char *>(this + 1); }
    std::string_view text() { return {bytes(), size}; }
};

/// What is told of the names that come into a table and leave it.
class NameWatcher {
public:
    /// False: out of memory, and the name does not come.
    virtual bool name_added(std::string_view name) = 0;
    virtual void name_removed(std::string_view name) = 0;

protected:
    ~NameWatcher() = default;
};

class NameTable {
public:
    NameTable() = default;
    NameTable(const NameTable &) = delete;
    NameTable &operator=(const NameTable &) = delete;
    ~NameTable();

    Name *find(std::string_view name) const;
    /// Adds a name that is not in the table, without members; nullptr when out of memory.
    Name *add(std::string_view name);
    void remove(Name *name);
    size_t size() const { return table_.size(); }
    /// Of each name from now on; nullptr: none is. Destruction tells nothing.
    void watch(NameWatcher *watcher) { watcher_ = watcher; }
    /// Calls visit(name) for each until it returns false. Whether none did. visit must not change the table.
    template <class Visit> bool each(Visit visit) const
    {
        for (Name *name : table_.slots())
            if (name && !visit(name->text()))
                return false;
        return true;
    }
    /// The keyed hash of a name of this table with a number.
    uint64_t hash_pair(const Name *name, uint32_t number) const { return hash_.of(name, number); }

private:
    static uint16_t tag_of(uint64_t hash) { return static_cast<uint16_t>(hash >> 48); }

    ProbeTable<Name *> table_;
    KeyedHash hash_; ///< drawn with the first name
    NameWatcher *watcher_ = nullptr;
};

/// Adds members[index], a struct with the indexes `older` and `newer`, as the newest of the name.
template <class Member> void append_member(Name &name, std::vector<Member> &members, uint32_t index)
{
    members[index].older = name.newest;
    members[index].newer = kNoIndex;
    if (name.newest != kNoIndex)
        members[name.newest].newer = index;
    else
        name.oldest = index;
    name.newest = index;
    name.count++;
}

template <class Member> void remove_member(Name &name, std::vector<Member> &members, uint32_t index)
{
    const Member &member = members[index];
    if (member.older != kNoIndex)
        members[member.older].newer = member.newer;
    else
        name.oldest = member.newer;
    if (member.newer != kNoIndex)
        members[member.newer].older = member.older;
    else
        name.newest = member.older;
    name.count--;
}

} // namespace wm

#endif
