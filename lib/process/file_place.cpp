#include "process/file_place.h"

#include <cerrno>

namespace wm {

Place place_of(const std::string &path, const FileIdentity &ours)
{
    FileIdentity named = FileIdentity::of(path);
    if (!named.known() && (errno == ENOENT || errno == ENOTDIR))
        return Place::kMissing;
    return named == ours ? Place::kOurs : Place::kForeign;
}

} // namespace wm
