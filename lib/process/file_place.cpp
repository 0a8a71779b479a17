#include "process/file_place.h"

#include <cerrno>

namespace wm {

Place place_of(const std::string &path, const struct stat &ours)
{
    struct stat named;
    if (lstat(path.c_str(), &named) != 0)
        return errno == ENOENT || errno == ENOTDIR ? Place::kMissing : Place::kAnothers;
    return named.st_dev == ours.st_dev && named.st_ino == ours.st_ino ? Place::kOurs : Place::kAnothers;
}

} // namespace wm
