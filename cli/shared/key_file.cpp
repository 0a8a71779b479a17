#include "shared/key_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

/// A descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

std::string read_all(int fd, std::string &out)
{
    char part[4096];
    for (;;) {
        ssize_t count = ::read(fd, part, sizeof part);
        if (count == 0)
            return out.empty() ? "it is empty" : "";
        if (count < 0 && errno != EINTR)
            return std::strerror(errno);
        if (count > 0)
            out.append(part, static_cast<size_t>(count));
        if (out.size() > kMaxKeyFileBytes)
            return "it has more than " + std::to_string(kMaxKeyFileBytes) + " bytes";
    }
}

} // namespace

std::string read_key_file(const std::string &path, KeyFile &out)
{
    out = {};
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)); // a FIFO would wait for its writer
    struct stat status;
    if (fd.get() < 0 || fstat(fd.get(), &status) != 0)
        return std::strerror(errno);
    if (S_ISDIR(status.st_mode))
        return "it is a directory; give the path of a file";
    if (!S_ISREG(status.st_mode))
        return "it is no regular file";
    out.mode = status.st_mode & 07777;
    return read_all(fd.get(), out.text);
}

std::string mode_error(const KeyFile &file, const std::string &path)
{
    if ((file.mode & 07) == 0)
        return "";
    char mode[16];
    snprintf(mode, sizeof mode, "%04o", file.mode);
    return std::string("every user of this machine can open it, mode ") + mode + ": chmod o= " + path;
}

void drop_line_end(std::string &text)
{
    size_t end = text.ends_with("\r\n") ? 2 : text.ends_with('\n') ? 1 : 0;
    text.resize(text.size() - end);
}

} // namespace wm
