#include "core/open_beneath.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace wm {

Fd open_beneath(int directory, const char *path, struct stat &status)
{
    constexpr int kAttempts = 8; // EAGAIN: something on the way was renamed meanwhile
    struct open_how how = {};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    Fd file;
    for (int i = 0; i < kAttempts && !file; i++) {
        file.reset(static_cast<int>(syscall(SYS_openat2, directory, path, &how, sizeof how)));
        if (!file && errno != EAGAIN && errno != EINTR)
            return file;
    }
    if (file && fstat(file.get(), &status) != 0)
        file.reset();
    return file;
}

} // namespace wm
