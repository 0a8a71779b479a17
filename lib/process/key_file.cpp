#include "process/key_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

bool write_all(int fd, const char *from, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, from, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        from += written;
        len -= static_cast<size_t>(written);
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

Fd make_key_file(const TicketKeys &tickets, const TlsBundle &bundle)
{
    Fd file(memfd_create("wm-keys", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    std::string bytes = bundle.encode();
    bool whole = file && write_all(file.get(), reinterpret_cast<const char *>(&tickets), sizeof tickets) &&
                 write_all(file.get(), bytes.data(), bytes.size()) &&
                 fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
    explicit_bzero(bytes.data(), bytes.size());
    return whole ? std::move(file) : Fd();
}

bool read_key_file(int fd, TicketKeys &tickets, TlsBundle &bundle)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size < static_cast<off_t>(sizeof tickets))
        return false;
    std::string bytes(static_cast<size_t>(status.st_size), '\0');
    bool whole = read_all(fd, bytes.data(), bytes.size());
    memcpy(&tickets, bytes.data(), sizeof tickets);
    whole = whole && bundle.decode(std::string_view(bytes).substr(sizeof tickets));
    explicit_bzero(bytes.data(), bytes.size());
    return whole;
}

} // namespace wm
