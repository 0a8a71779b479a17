#include "process/master/log_file.h"

#include "core/append_file.h"
#include "core/error.h"
#include "core/file_at.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace wm {

namespace {

int cannot(const char *what, const std::string &path)
{
    return fail(code_of_errno(errno), "cannot %s %s: %s", what, path.c_str(), strerror(errno));
}

/// Not open, with errno.
Fd open_for_append(const std::string &path)
{
    Fd fd = open_append(path);
    if (fd)
        fcntl(fd.get(), F_SETFL, O_APPEND); // a writer waits for a reader that is slow
    return fd;
}

} // namespace

int LogFile::open(const std::string &path)
{
    path_ = path;
    make_directory_of(path);
    return reopen();
}

int LogFile::reopen()
{
    Fd fresh = open_for_append(path_);
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
    FileAt named(path_);
    bool ours = named && FileIdentity::of(fd_.get()) == named.identity();
    if (ours && !named.rename(named.name() + ".1"))
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
