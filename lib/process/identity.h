/**
 * @file
 * User and group of a worker's processes: looked up in the master, taken on in the child.
 */
#ifndef WM_PROCESS_IDENTITY_H
#define WM_PROCESS_IDENTITY_H

#include <string>
#include <sys/types.h>

namespace wm {

struct Identity {
    bool changes = false;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string user;    ///< of uid, for initgroups(3) and listings
    std::string warning; ///< something that the names asked for and that this process cannot do

    /// Names may be empty: as now. Empty, or what is wrong.
    std::string resolve(const std::string &user_name, const std::string &group_name);
    /// Takes it on, for good. Empty, or what is wrong.
    std::string assume() const;
};

} // namespace wm

#endif
