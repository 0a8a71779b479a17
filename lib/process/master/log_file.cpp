#include "process/master/log_file.h"

#include "core/error.h"
#include "core/file_identity.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr mode_t kMode = 0640;

int cannot(const char *what, const std::string &path)
{
    return fail(code_of_errno(errno), "cannot %s %s: %s", what, path.c_str(), strerror(errno));
}

/// Follows only links of root or of this user: in a directory that other users may write to, theirs could
/// lead anywhere. A FIFO without a reader is an error. -1 with errno.
int open_for_append(const char *path)
{
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = ::open(path, kFlags | O_NOFOLLOW, kMode);
    struct stat link;
    if (fd < 0 && errno == ELOOP && lstat(path, &link) == 0 && (link.st_uid == 0 || link.st_uid == geteuid()))
        fd = ::open(path, kFlags, kMode);
    if (fd >= 0)
        fcntl(fd, F_SETFL, O_APPEND);
    return fd;
}

} // namespace

int LogFile::open(const std::string &path)
{
    path_ = path;
    size_t slash = path.rfind('/');
    if (slash != std::string::npos && slash > 0)
        mkdir(path.substr(0, slash).c_str(), 0755); // the last directory only; open() reports others
    return reopen();
}

int LogFile::reopen()
{
    Fd fresh(open_for_append(path_.c_str()));
    if (!fresh)
        return cannot("write to", path_);
    fd_ = std::move(fresh);
    return 0;
}

bool LogFile::is_link() const
{
    struct stat named;
    return lstat(path_.c_str(), &named) == 0 && S_ISLNK(named.st_mode);
}

int LogFile::rotate(int64_t max_size)
{
    struct stat status;
    if (fstat(fd_.get(), &status) == 0 && status.st_size <= max_size)
        return 0;
    // A file that another process has renamed is only opened anew.
    bool ours = FileIdentity::of(fd_.get()) == FileIdentity::of(path_);
    if (ours && rename(path_.c_str(), (path_ + ".1").c_str()) != 0)
        return cannot("rename", path_);
    return reopen();
}

int LogFile::probe() const
{
    if (write(fd_.get(), "", 0) < 0) // fails on a pipe or device that takes no output
        return cannot("write to", path_);
    struct statvfs space;
    if (fstatvfs(fd_.get(), &space) != 0 || space.f_blocks == 0 || space.f_bavail > 0)
        return 0;
    errno = ENOSPC;
    return cannot("write to", path_);
}

} // namespace wm
