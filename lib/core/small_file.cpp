#include "core/small_file.h"

#include "core/error.h"
#include "core/fd.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

int check_private(const char *what, const std::string &path, const struct stat &status)
{
    unsigned mode = status.st_mode & 07777;
    if (mode & 07)
        return fail(WM_EINVAL, "%s %s: every user of this machine can open it, mode %04o: chmod go= %s", what, path.c_str(), mode,
                    path.c_str());
    if (mode & 070 && status.st_uid != 0)
        return fail(WM_EINVAL, "%s %s: its group can open it, mode %04o: chmod g= %s", what, path.c_str(), mode, path.c_str());
    return 0;
}

int read_file(const char *what, const std::string &path, size_t most, bool is_private, std::string &out)
{
    Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // not waiting for the writer of a fifo
    struct stat status;
    if (!file || fstat(file.get(), &status) != 0)
        return fail(code_of_errno(errno), "%s %s: %s", what, path.c_str(), strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(WM_EINVAL, "%s %s: not a regular file", what, path.c_str());
    if (status.st_size > static_cast<off_t>(most))
        return fail(WM_EINVAL, "%s %s: %lld bytes, over the %zu that such a file may have", what, path.c_str(),
                    static_cast<long long>(status.st_size), most);
    if (int result = is_private ? check_private(what, path, status) : 0)
        return result;
    out.resize(static_cast<size_t>(status.st_size) + 1); // one more shows the end in one call
    size_t len = 0;
    for (;;) {
        ssize_t got = read(file.get(), out.data() + len, out.size() - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(code_of_errno(errno), "%s %s: %s", what, path.c_str(), strerror(errno));
        len += static_cast<size_t>(got);
        if (got == 0 || len == out.size())
            break;
    }
    out.resize(len);
    return 0;
}

} // namespace

int read_small_file(const char *what, const std::string &path, size_t most, std::string &out)
{
    return read_file(what, path, most, false, out);
}

int read_private_file(const char *what, const std::string &path, size_t most, std::string &out)
{
    return read_file(what, path, most, true, out);
}

} // namespace wm
