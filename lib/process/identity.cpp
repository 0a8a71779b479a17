#include "process/identity.h"

#include "core/error.h"

#include <cerrno>
#include <cstring>
#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <unistd.h>

namespace wm {

std::string name_of_user(uid_t uid)
{
    const struct passwd *entry = getpwuid(uid);
    return entry ? entry->pw_name : std::to_string(uid);
}

int Identity::resolve(const std::string &user_name, const std::string &group_name)
{
    uid = geteuid();
    gid = getegid();
    if (!user_name.empty()) {
        const struct passwd *entry = getpwnam(user_name.c_str());
        if (!entry)
            return fail(WM_EINVAL, "there is no user '%s'", user_name.c_str());
        uid = entry->pw_uid;
        gid = entry->pw_gid;
    }
    if (!group_name.empty()) {
        const struct group *entry = getgrnam(group_name.c_str());
        if (!entry)
            return fail(WM_EINVAL, "there is no group '%s'", group_name.c_str());
        gid = entry->gr_gid;
    }
    user = user_name.empty() ? name_of_user(uid) : user_name;
    changes = uid != geteuid() || gid != getegid();
    if (changes && geteuid() != 0) {
        warning = "only root can run processes as user '" + user + "'" + (group_name.empty() ? "" : " and group '" + group_name + "'") +
                  ": they run as " + name_of_user(geteuid());
        changes = false;
        user = name_of_user(geteuid());
    }
    if (changes)
        find_groups();
    return 0;
}

void Identity::find_groups()
{
    int count = 64;
    groups.resize(static_cast<size_t>(count));
    while (getgrouplist(user.c_str(), gid, groups.data(), &count) < 0 && count > static_cast<int>(groups.size()))
        groups.resize(static_cast<size_t>(count));
    groups.resize(static_cast<size_t>(count));
}

int Identity::assume() const
{
    if (!changes)
        return 0;
    // Groups first: setgroups(2) needs root.
    if (setgid(gid) != 0 || setgroups(groups.size(), groups.data()) != 0 || setuid(uid) != 0)
        return fail(code_of_errno(errno), "cannot run as user '%s': %s", user.c_str(), strerror(errno));
    if (uid != 0 && (setuid(0) == 0 || getuid() != uid))
        return fail(WM_ESYS, "cannot give up the rights of root for user '%s'", user.c_str());
    return 0;
}

// setfsuid(2) applies to this thread only, and drops root's capabilities over files.
FileRights::FileRights(const Identity *identity) : changes_(identity && identity->changes)
{
    if (!changes_)
        return;
    gid_ = static_cast<gid_t>(setfsgid(identity->gid));
    uid_ = static_cast<uid_t>(setfsuid(identity->uid));
}

FileRights::~FileRights()
{
    if (!changes_)
        return;
    setfsuid(uid_);
    setfsgid(gid_);
}

} // namespace wm
