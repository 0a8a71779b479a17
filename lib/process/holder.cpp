#include "process/holder.h"

#include "core/error.h"
#include "core/fd.h"
#include "process/identity.h"
#include "process/program_file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr int kWriteMs = 1000; // between the lock and the pid

/// What another user lacks, for an error text.
std::string owner_of(const std::string &path)
{
    struct stat status;
    if (lstat(path.c_str(), &status) != 0)
        return "";
    return ": commands are for its owner, the user " + name_of_user(status.st_uid) + (status.st_uid == 0 ? "" : ", and root");
}

} // namespace

Holder read_holder(const std::string &pid_path, const std::string &program_path, bool waits)
{
    Holder holder;
    Fd fd(open(pid_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) {
        int number = errno;
        std::string owner = number == EACCES ? owner_of(pid_path) : "";
        if (number != ENOENT && number != ENOTDIR)
            holder.pid = (fail(WM_EACCES, "cannot read the pid file %s: %s%s", pid_path.c_str(), strerror(number), owner.c_str()), -1);
        return holder;
    }
    struct flock lock = whole_file(F_RDLCK);
    if (fcntl(fd.get(), F_OFD_GETLK, &lock) != 0) {
        holder.pid = (fail(WM_ESYS, "cannot ask for the lock of %s: %s", pid_path.c_str(), strerror(errno)), -1);
        return holder;
    }
    if (lock.l_type == F_UNLCK)
        return holder;
    char text[32] = "";
    for (int i = 0; i < (waits ? kWriteMs : 1); i++) {
        ssize_t got = pread(fd.get(), text, sizeof text - 1, 0);
        text[got > 0 ? got : 0] = '\0';
        if (strchr(text, '\n'))
            break;
        usleep(1000);
    }
    holder.pid = strchr(text, '\n') ? atoi(text) : 0;
    if (holder.pid <= 0)
        holder.pid = (fail(WM_ESYS, "the pid file %s is locked, but holds no number", pid_path.c_str()), -1);
    holder.program = read_program(program_path); // after the pid, before which it was written
    return holder;
}

struct flock whole_file(short type)
{
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

} // namespace wm
