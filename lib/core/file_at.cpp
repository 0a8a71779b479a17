#include "core/file_at.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr int kMaxLinks = 40; // as the kernel's
constexpr int kDirectory = O_PATH | O_DIRECTORY;

/// Follows a path one component at a time, so that each link is judged before it is followed.
class Walk {
public:
    Walk(const std::string &path, int flags, mode_t mode, bool makes) : rest_(path), flags_(flags), mode_(mode), makes_(makes)
    {
        at_.reset(::open(path.starts_with('/') ? "/" : ".", kDirectory | O_CLOEXEC));
    }

    Fd run()
    {
        if (rest_.empty())
            return errno = ENOENT, Fd();
        while (at_ && next())
            if (!step())
                return Fd();
        return std::move(at_);
    }

private:
    /// Takes the next component from the rest; false at the end.
    bool next()
    {
        size_t start = rest_.find_first_not_of('/');
        if (start == std::string::npos)
            return false;
        size_t end = rest_.find('/', start);
        name_ = rest_.substr(start, end - start);
        rest_ = end == std::string::npos ? "" : rest_.substr(end);
        last_ = rest_.find_first_not_of('/') == std::string::npos;
        return true;
    }

    bool step()
    {
        if (makes_ && mkdirat(at_.get(), name_.c_str(), last_ ? mode_ : 0755) != 0 && errno != EEXIST)
            return false;
        Fd link(openat(at_.get(), name_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        struct stat status = {};
        if (link && fstat(link.get(), &status) != 0)
            return false;
        if (link && S_ISLNK(status.st_mode))
            return follow(link.get(), status);
        if (!link && (errno != ENOENT || !last_))
            return false;
        return enter(O_NOFOLLOW); // a link that has come since is ELOOP
    }

    bool enter(int more)
    {
        int flags = last_ ? flags_ : kDirectory;
        Fd entered(openat(at_.get(), name_.c_str(), flags | more | O_CLOEXEC, mode_));
        if (!entered)
            return false;
        at_ = std::move(entered);
        return true;
    }

    bool follow(int link, const struct stat &status)
    {
        bool on_the_way = !last_ || (flags_ & O_DIRECTORY);
        bool trusted = status.st_uid == 0 || status.st_uid == geteuid() || (on_the_way && geteuid() != 0);
        if (!trusted || ++links_ > kMaxLinks)
            return errno = ELOOP, false;
        struct statfs system;
        if (fstatfs(link, &system) == 0 && system.f_type == PROC_SUPER_MAGIC)
            return enter(0); // such as /proc/self/fd/2, whose text is no path
        std::array<char, PATH_MAX> target;
        ssize_t len = readlinkat(link, "", target.data(), target.size());
        if (len <= 0 || static_cast<size_t>(len) == target.size())
            return errno = ENAMETOOLONG, false;
        rest_ = std::string(target.data(), static_cast<size_t>(len)) + (last_ ? "" : "/" + rest_);
        if (rest_[0] == '/')
            at_.reset(::open("/", kDirectory | O_CLOEXEC));
        return true;
    }

    Fd at_;
    std::string rest_;
    std::string name_;
    int flags_;
    mode_t mode_;
    bool makes_;
    bool last_ = false;
    int links_ = 0;
};

} // namespace

Fd open_path(const std::string &path, int flags, mode_t mode)
{
    return Walk(path, flags, mode, false).run();
}

bool make_directories(const std::string &path, mode_t mode)
{
    return static_cast<bool>(Walk(path, kDirectory, mode, true).run());
}

FileAt::FileAt(const std::string &path)
{
    size_t slash = path.rfind('/');
    name_ = path.substr(slash + 1); // npos + 1 is 0
    directory_ = open_path(slash == std::string::npos ? "." : path.substr(0, slash + 1), kDirectory);
}

Fd FileAt::open(int flags, mode_t mode) const
{
    return Fd(openat(directory_.get(), name_.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode));
}

bool FileAt::status(struct stat &out) const
{
    return fstatat(directory_.get(), name_.c_str(), &out, AT_SYMLINK_NOFOLLOW) == 0;
}

FileIdentity FileAt::identity() const
{
    struct stat found;
    return status(found) ? FileIdentity(found) : FileIdentity();
}

bool FileAt::make_directory(mode_t mode) const
{
    return mkdirat(directory_.get(), name_.c_str(), mode) == 0;
}

bool FileAt::remove() const
{
    return unlinkat(directory_.get(), name_.c_str(), 0) == 0;
}

bool FileAt::remove(const FileIdentity &ours) const
{
    return identity() == ours && remove();
}

bool FileAt::rename(const std::string &to) const
{
    return renameat(directory_.get(), name_.c_str(), directory_.get(), to.c_str()) == 0;
}

void FileAt::touch() const
{
    utimensat(directory_.get(), name_.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

} // namespace wm
