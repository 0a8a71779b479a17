#include "session/http/upload_file.h"

#include "core/random.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <new>
#include <sys/resource.h>
#include <sys/stat.h>

namespace wm {

namespace {

constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOCTTY;

/// Whether a file may be so long. Over the limit of the process write(2) would raise SIGXFSZ, which ends a process that does not expect it.
bool may_have(uint64_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur;
}

std::unique_ptr<UploadFile> made_of(Fd fd)
{
    std::unique_ptr<UploadFile> file(fd ? new (std::nothrow) UploadFile(std::move(fd)) : nullptr);
    return file;
}

} // namespace

std::unique_ptr<UploadFile> UploadFile::make(const std::string &directory)
{
    Fd fd(open(directory.c_str(), O_TMPFILE | kFlags, S_IRUSR | S_IWUSR));
    bool unnamed = fd || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL); // how open(2) and network file systems decline
    return unnamed ? made_of(std::move(fd)) : make_named(directory);
}

std::unique_ptr<UploadFile> UploadFile::make_named(const std::string &directory)
{
    uint64_t number;
    random_bytes(&number, sizeof number); // of 64 bits: no two are equal
    char *text = nullptr;
    if (asprintf(&text, "%s/wm-upload.%016llx", directory.c_str(), static_cast<unsigned long long>(number)) < 0) {
        errno = ENOMEM;
        return nullptr;
    }
    std::unique_ptr<char, Free> path(text);
    Fd fd(open(text, O_CREAT | O_EXCL | O_NOFOLLOW | kFlags, S_IRUSR | S_IWUSR));
    bool created = static_cast<bool>(fd);
    std::unique_ptr<UploadFile> file = made_of(std::move(fd));
    if (file) {
        file->path_ = std::move(path);
    } else if (created) {
        unlink(text);
        errno = ENOMEM;
    }
    return file;
}

UploadFile::~UploadFile()
{
    if (path_)
        unlink(path_.get());
}

bool UploadFile::write(std::string_view data)
{
    if (!may_have(size_ + data.size())) {
        errno = EFBIG;
        return false;
    }
    while (!data.empty()) {
        ssize_t wrote = ::write(fd_.get(), data.data(), data.size());
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            errno = wrote == 0 ? ENOSPC : errno;
            return false;
        }
        data.remove_prefix(static_cast<size_t>(wrote));
        size_ += static_cast<uint64_t>(wrote);
    }
    return true;
}

bool UploadFile::rewind()
{
    return lseek(fd_.get(), 0, SEEK_SET) == 0;
}

bool link_file(int fd, const char *from, const char *to)
{
    char text[32];
    if (from)
        return link(from, to) == 0;
    snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, text, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0;
}

} // namespace wm
