/**
 * @file
 * The names of one table of a hub as others are told of them. Owned by the hub; the app's thread.
 */
#ifndef WM_HUB_ANNOUNCED_NAMES_H
#define WM_HUB_ANNOUNCED_NAMES_H

#include "hub/cluster/own_names.h"
#include "hub/name_table.h"

#include <cstdint>
#include <string_view>

namespace wm {

class AnnouncedNames final : public NameWatcher {
public:
    explicit AnnouncedNames(cluster::NameKind kind) : kind_(kind) {}
    AnnouncedNames(const AnnouncedNames &) = delete;
    AnnouncedNames &operator=(const AnnouncedNames &) = delete;

    /// Tells of the names of the table, and of each that comes and goes from now on. False: out of memory, and some were not told.
    bool begin(NameTable &table, cluster::OwnNames &names, uint16_t hub)
    {
        names_ = &names;
        hub_ = hub;
        table.watch(this);
        return table.each([this](std::string_view name) { return name_added(name); });
    }
    /// takes_back: all names are told to be gone. Else the caller drops what was told.
    void end(NameTable &table, bool takes_back)
    {
        table.watch(nullptr);
        if (names_ && takes_back)
            table.each([this](std::string_view name) {
                name_removed(name);
                return true;
            });
        names_ = nullptr;
    }

private:
    bool name_added(std::string_view name) override { return names_->add(hub_, kind_, name); }
    void name_removed(std::string_view name) override { names_->remove(hub_, kind_, name); }

    cluster::OwnNames *names_ = nullptr;
    uint16_t hub_ = 0;
    cluster::NameKind kind_;
};

} // namespace wm

#endif
