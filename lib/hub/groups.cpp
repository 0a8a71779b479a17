#include "hub/groups.h"

#include "core/error.h"
#include "core/reserve.h"

namespace wm {

uint32_t Groups::find(const Name *group, uint32_t slot) const
{
    uint32_t found = pairs_.find(names_.hash_pair(group, slot), [&](uint32_t word) {
        const Member &member = members_[word - 1];
        return member.group == group && member.slot == slot;
    });
    return found > 0 ? found - 1 : kNoIndex;
}

/// All that one more member needs but its group's name.
bool Groups::reserve(uint32_t slot)
{
    return (free_ != kNoIndex || reserve_in(members_, members_.size() + 1)) && reserve_slot(by_slot_, slot) &&
           pairs_.reserve([this](uint32_t word) { return hash_of(word - 1); });
}

int Groups::join(std::string_view group, uint32_t slot, size_t most)
{
    Name *name = names_.find(group);
    if (name && find(name, slot) != kNoIndex)
        return 0;
    if (slot < by_slot_.size() && by_slot_[slot].count >= most)
        return fail(WM_EFULL, "the connection is in %u groups, and max_groups allows %zu", by_slot_[slot].count, most);
    if (!reserve(slot) || !(name || (name = names_.add(group))))
        return fail(WM_ENOMEM, "out of memory for a connection in a group");
    add(name, slot);
    return 0;
}

void Groups::add(Name *group, uint32_t slot)
{
    if (free_ == kNoIndex) {
        members_.emplace_back();
        free_ = static_cast<uint32_t>(members_.size() - 1);
    }
    uint32_t index = free_;
    free_ = members_[index].after;
    Memberships &own = by_slot_[slot];
    members_[index] = {group, slot, kNoIndex, kNoIndex, kNoIndex, own.count > 0 ? own.first : kNoIndex};
    if (own.count > 0)
        members_[own.first].before = index;
    own.first = index;
    own.count++;
    append_member(*group, members_, index);
    pairs_.add(index + 1, hash_of(index));
}

void Groups::remove(uint32_t index)
{
    pairs_.remove(index + 1, [this](uint32_t word) { return hash_of(word - 1); });
    Member &member = members_[index];
    remove_member(*member.group, members_, index);
    if (member.group->count == 0)
        names_.remove(member.group);
    if (member.before != kNoIndex)
        members_[member.before].after = member.after;
    else
        by_slot_[member.slot].first = member.after;
    if (member.after != kNoIndex)
        members_[member.after].before = member.before;
    by_slot_[member.slot].count--;
    member.group = nullptr;
    member.after = free_;
    free_ = index;
}

bool Groups::leave(std::string_view group, uint32_t slot)
{
    const Name *name = names_.find(group);
    uint32_t index = name ? find(name, slot) : kNoIndex;
    if (index == kNoIndex)
        return false;
    remove(index);
    return true;
}

void Groups::leave_all(uint32_t slot)
{
    while (slot < by_slot_.size() && by_slot_[slot].count > 0)
        remove(by_slot_[slot].first);
}

size_t Groups::size(std::string_view group) const
{
    const Name *name = names_.find(group);
    return name ? name->count : 0;
}

} // namespace wm
