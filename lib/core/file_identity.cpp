#include "core/file_identity.h"

namespace wm {

FileIdentity FileIdentity::of(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 ? FileIdentity(status) : FileIdentity();
}

FileIdentity FileIdentity::of(const std::string &path)
{
    struct stat status;
    return lstat(path.c_str(), &status) == 0 ? FileIdentity(status) : FileIdentity();
}

FileIdentity FileIdentity::of_target(const std::string &path)
{
    struct stat status;
    return stat(path.c_str(), &status) == 0 ? FileIdentity(status) : FileIdentity();
}

} // namespace wm
