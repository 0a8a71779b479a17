#include "net/socket_file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace wm {

bool bind_socket(int fd, const FileAt &file)
{
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    int len = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", file.directory(), file.name().c_str());
    if (len >= static_cast<int>(sizeof address.sun_path))
        return errno = ENAMETOOLONG, false;
    return bind(fd, reinterpret_cast<struct sockaddr *>(&address), sizeof address) == 0;
}

FileIdentity set_socket_mode(const FileAt &file, mode_t mode)
{
    Fd bound = file.open(O_PATH);
    struct stat status;
    if (!bound || fstat(bound.get(), &status) != 0)
        return {};
    if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid())
        return errno = EACCES, FileIdentity(); // another user's, in the place of ours
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", bound.get()); // fchmod(2) does not take O_PATH
    if ((status.st_mode & ALLPERMS) != mode && chmod(path, mode) != 0)
        return {};
    return FileIdentity(status);
}

bool give_socket(const FileAt &file, const FileIdentity &ours, uid_t uid, gid_t gid)
{
    Fd bound = file.open(O_PATH);
    if (!bound)
        return false;
    if (!(FileIdentity::of(bound.get()) == ours))
        return errno = EACCES, false;
    return fchownat(bound.get(), "", uid, gid, AT_EMPTY_PATH) == 0;
}

void remove_socket(const FileAt &file)
{
    struct stat status;
    if (file.status(status) && S_ISSOCK(status.st_mode))
        file.remove(FileIdentity(status));
}

} // namespace wm
