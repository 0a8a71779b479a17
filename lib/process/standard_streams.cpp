#include "process/standard_streams.h"

#include "core/fd.h"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace wm {

bool open_standard_streams()
{
    for (;;) {
        int fd = open("/dev/null", O_RDWR);
        if (fd > STDERR_FILENO)
            close(fd);
        if (fd < 0 || fd > STDERR_FILENO)
            return fd >= 0;
    }
}

void redirect_standard_streams(int output)
{
    fflush(stdout);
    fflush(stderr);
    Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (nothing)
        dup2(nothing.get(), STDIN_FILENO);
    int target = output >= 0 ? output : nothing.get();
    if (target >= 0) {
        dup2(target, STDOUT_FILENO);
        dup2(target, STDERR_FILENO);
    }
}

} // namespace wm
