#include "process/key_file.h"

#include "process/sealed_file.h"

#include <cstring>
#include <string>

namespace wm {

namespace {

constexpr size_t kMost = 64 << 20; // bytes

} // namespace

Fd make_key_file(const TicketKeys &tickets, const TlsBundle &bundle)
{
    std::string bytes = bundle.encode();
    Fd file = make_sealed_file("wm-keys", {{reinterpret_cast<const char *>(&tickets), sizeof tickets}, bytes});
    explicit_bzero(bytes.data(), bytes.size());
    return file;
}

bool read_key_file(int fd, TicketKeys &tickets, TlsBundle &bundle)
{
    std::string bytes;
    bool whole = read_sealed_file(fd, kMost, bytes) && bytes.size() >= sizeof tickets;
    if (whole) {
        memcpy(&tickets, bytes.data(), sizeof tickets);
        whole = bundle.decode(std::string_view(bytes).substr(sizeof tickets));
    }
    explicit_bzero(bytes.data(), bytes.size());
    return whole;
}

} // namespace wm
