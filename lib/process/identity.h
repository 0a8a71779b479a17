/**
 * @file
 * User and group of a worker's processes: looked up in the master, taken on in the child; and for a moment in the master, where it does
 * something for one.
 */
#ifndef WM_PROCESS_IDENTITY_H
#define WM_PROCESS_IDENTITY_H

#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

struct Identity {
    bool changes = false;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string user; ///< of uid, for listings
    /// All of the user's, looked up before the fork: in a child of a program with threads that lookup may never return.
    std::vector<gid_t> groups;
    std::string warning; ///< something that the names asked for and that this process cannot do

    /// An empty name is the user or group of this process. 0, or a WM_E... code with its detail.
    int resolve(const std::string &user_name, const std::string &group_name);
    /// This process takes it on, for good. 0, or a WM_E... code with its detail.
    int assume() const;

private:
    void find_groups();
};

/// While it lives, this thread reaches files as that user would: what he may not remove is not removed for him.
class FileRights {
public:
    explicit FileRights(const Identity *identity);
    FileRights(const FileRights &) = delete;
    FileRights &operator=(const FileRights &) = delete;
    ~FileRights();

private:
    bool changes_;
    uid_t uid_ = 0;
    gid_t gid_ = 0;
};

} // namespace wm

#endif
