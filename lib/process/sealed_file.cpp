#include "process/sealed_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

bool write_all(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        ssize_t written = write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
}

/// By offset, as other processes have the same descriptor.
bool read_all(int fd, char *out, size_t len)
{
    for (off_t at = 0; static_cast<size_t>(at) < len;) {
        ssize_t got = pread(fd, out + at, len - static_cast<size_t>(at), at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
    }
    return true;
}

} // namespace

Fd make_sealed_file(const char *name, std::initializer_list<std::string_view> parts)
{
    Fd file(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    bool whole = static_cast<bool>(file);
    for (std::string_view part : parts)
        whole = whole && write_all(file.get(), part);
    whole = whole && fcntl(file.get(), F_ADD_SEALS, kSeals) == 0;
    return whole ? std::move(file) : Fd();
}

bool read_sealed_file(int fd, size_t most, std::string &out)
{
    struct stat status;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & kSeals) != kSeals)
        return false;
    if (fstat(fd, &status) != 0 || status.st_size < 0 || static_cast<size_t>(status.st_size) > most)
        return false;
    out.assign(static_cast<size_t>(status.st_size), '\0');
    return read_all(fd, out.data(), out.size());
}

} // namespace wm
