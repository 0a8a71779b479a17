/**
 * @file
 * Which connections are in which groups: joined and left in constant time, and left all at once when a connection closes. Connections
 * are slots here. Owned by the hub; the app's thread.
 */
#ifndef WM_HUB_GROUPS_H
#define WM_HUB_GROUPS_H

#include "hub/name_table.h"
#include "hub/probe_table.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wm {

class Groups {
public:
    /// 0, also for one that is in the group already; WM_EFULL for one that is in `most` groups; WM_ENOMEM. One that fails changes nothing.
    int join(std::string_view group, uint32_t slot, size_t most);
    /// False: it was not in the group.
    bool leave(std::string_view group, uint32_t slot);
    void leave_all(uint32_t slot);

    /// How many are in a group.
    size_t size(std::string_view group) const;
    /// Calls visit(slot) for each in a group, in the order of joining. visit must change no group.
    template <class Visit> void each(std::string_view group, Visit visit) const
    {
        const Name *name = names_.find(group);
        for (uint32_t index = name ? name->oldest : kNoIndex; index != kNoIndex; index = members_[index].newer)
            visit(members_[index].slot);
    }
    /// The names of groups that have members.
    NameTable &names() { return names_; }
    /// Whether a connection was ever in a group.
    bool was_used() const { return !members_.empty(); }

private:
    /// A connection in a group.
    struct Member {
        Name *group = nullptr;
        uint32_t slot = 0; ///< the connection's
        uint32_t older = kNoIndex;
        uint32_t newer = kNoIndex;
        uint32_t before = kNoIndex; ///< of the connection's other groups
        uint32_t after = kNoIndex;  ///< likewise; of a free member the next free one
    };
    static_assert(sizeof(Member) <= 32, "every connection in a group costs it");

    /// What a connection is in: a list of members.
    struct Memberships {
        uint32_t count = 0;
        uint32_t first = 0; ///< valid if count > 0
    };

    /// kNoIndex: it is not in the group.
    uint32_t find(const Name *group, uint32_t slot) const;
    bool reserve(uint32_t slot);
    uint64_t hash_of(uint32_t index) const { return names_.hash_pair(members_[index].group, members_[index].slot); }
    void add(Name *group, uint32_t slot);
    void remove(uint32_t index);

    NameTable names_;
    std::vector<Member> members_;
    ProbeTable<uint32_t> pairs_; ///< of group and slot: the member's index + 1
    std::vector<Memberships> by_slot_;
    uint32_t free_ = kNoIndex;
};

} // namespace wm

#endif
