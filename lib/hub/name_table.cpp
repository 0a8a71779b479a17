#include "hub/name_table.h"

#include <cstdlib>
#include <cstring>

namespace wm {

NameTable::~NameTable()
{
    for (Name *name : table_.slots())
        free(name);
}

Name *NameTable::find(std::string_view name) const
{
    if (table_.size() == 0)
        return nullptr;
    uint64_t wanted = hash_.of(name);
    uint16_t tag = tag_of(wanted);
    return table_.find(wanted, [name, tag](Name *known) { return known->tag == tag && known->text() == name; });
}

Name *NameTable::add(std::string_view name)
{
    if (table_.slots().empty())
        hash_.draw_secret();
    Name *added = static_cast<Name *>(malloc(sizeof(Name) + name.size()));
    if (!added || !table_.reserve([this](Name *known) { return hash_.of(known->text()); })) {
        free(added);
        return nullptr;
    }
    if (watcher_ && !watcher_->name_added(name)) {
        free(added);
        return nullptr;
    }
    uint64_t own = hash_.of(name);
    *added = {kNoIndex, kNoIndex, 0, static_cast<uint16_t>(name.size()), tag_of(own)};
    memcpy(added->bytes(), name.data(), name.size());
    table_.add(added, own);
    return added;
}

void NameTable::remove(Name *name)
{
    if (watcher_)
        watcher_->name_removed(name->text());
    table_.remove(name, [this](Name *known) { return hash_.of(known->text()); });
    free(name);
}

} // namespace wm
