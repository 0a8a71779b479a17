#include "core/open_beneath.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr int kRead = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int kAttempts = 8; // EAGAIN: something on the way was renamed meanwhile

int open_by_kernel(int directory, const char *path)
{
    struct open_how how = {};
    how.flags = kRead;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(syscall(SYS_openat2, directory, path, &how, sizeof how));
}

/// A kernel before Linux 5.6 says ENOSYS, the filter of an older container runtime EPERM. The empty path is ENOENT where the call is.
bool kernel_opens()
{
    static const bool kFound = open_by_kernel(AT_FDCWD, "") >= 0 || (errno != ENOSYS && errno != EPERM);
    return kFound;
}

/// The names of a path, each with a NUL behind it, without "." and without ".." and what is before it.
class Steps {
public:
    /// False with errno for a path that leads out of the directory, or that no kernel takes.
    bool read(std::string_view path)
    {
        if (path.empty() || path.size() >= sizeof text_ || path.front() == '/') {
            errno = path.empty() ? ENOENT : path.front() == '/' ? EXDEV : ENAMETOOLONG;
            return false;
        }
        for (size_t at = 0, end = 0; at <= path.size(); at = end + 1) {
            end = std::min(path.find('/', at), path.size());
            if (!add(path.substr(at, end - at)))
                return false;
        }
        return true;
    }

    const char *begin() const { return text_; }
    const char *end() const { return text_ + size_; }
    /// It ends in "/", "." or "..".
    bool names_directory() const { return names_directory_; }

private:
    bool add(std::string_view name)
    {
        names_directory_ = name.empty() || name == "." || name == "..";
        if (name == "..")
            return drop_last();
        if (!names_directory_) {
            size_ += name.copy(text_ + size_, name.size());
            text_[size_++] = '\0';
        }
        return true;
    }

    bool drop_last()
    {
        if (size_ == 0) {
            errno = EXDEV;
            return false;
        }
        do
            size_--;
        while (size_ > 0 && text_[size_ - 1] != '\0');
        return true;
    }

    char text_[PATH_MAX];
    size_t size_ = 0;
    bool names_directory_ = false;
};

/// openat(2) that follows no link: it is ELOOP, also where the kernel says that a link is no directory.
int open_step(int directory, const char *name, int flags)
{
    struct stat status;
    int fd = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        errno = fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode) ? ELOOP : ENOTDIR;
    return fd;
}

/// Opens one name after the other, each in the directory that the name before it has opened.
int open_by_steps(int directory, const char *path)
{
    Steps steps;
    if (!steps.read(path))
        return -1;
    Fd above;
    for (const char *name = steps.begin(); name != steps.end();) {
        const char *next = name + strlen(name) + 1;
        if (next == steps.end())
            return open_step(directory, name, kRead | (steps.names_directory() ? O_DIRECTORY : 0));
        above.reset(open_step(directory, name, O_PATH | O_DIRECTORY));
        if (!above)
            return -1;
        directory = above.get();
        name = next;
    }
    return openat(directory, ".", kRead);
}

} // namespace

Fd open_beneath(int directory, const char *path, struct stat &status)
{
    auto *open = kernel_opens() ? open_by_kernel : open_by_steps;
    Fd file;
    for (int i = 0; i < kAttempts && !file; i++) {
        file.reset(open(directory, path));
        if (!file && errno != EAGAIN && errno != EINTR)
            return file;
    }
    if (file && fstat(file.get(), &status) != 0)
        file.reset();
    return file;
}

} // namespace wm
