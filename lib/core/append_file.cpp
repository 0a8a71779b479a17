#include "core/append_file.h"

#include "core/file_at.h"

#include <fcntl.h>

namespace wm {

namespace {

constexpr mode_t kMode = 0640;

} // namespace

Fd open_append(const std::string &path)
{
    return open_path(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, kMode);
}

void make_directory_of(const std::string &path)
{
    size_t slash = path.rfind('/');
    if (slash != std::string::npos && slash > 0)
        if (FileAt directory(path.substr(0, slash)); directory)
            directory.make_directory(0755);
}

} // namespace wm
