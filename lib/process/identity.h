/**
 * @file
 * User and group of a worker's processes: looked up in the master, assumed by the child. FileRights assumes
 * them in the master for a moment.
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
    /// All groups of the user, looked up before the fork: in a forked child of a program with threads the
    /// lookup may deadlock.
    std::vector<gid_t> groups;
    std::string warning; ///< why the names are ignored: this process may not change its user

    /// An empty name is the user or group of this process. 0, or a WM_E... code with its detail.
    int resolve(const std::string &user_name, const std::string &group_name);
    /// This process takes it on, for good. 0, or a WM_E... code with its detail.
    int assume() const;

private:
    void find_groups();
};

/// The number if it has no name.
std::string name_of_user(uid_t uid);

/// While it lives, this thread has the rights of that user over files, and can remove no file that the user
/// could not.
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
