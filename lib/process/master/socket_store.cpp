#include "process/master/socket_store.h"

#include "core/error.h"
#include "net/transport.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kMostOfSlot = 128; // opened by a process
constexpr size_t kMaxAddress = 300; // longer than any that can be listened at

/// The wildcard address of its family.
bool is_any(const struct sockaddr_storage &address)
{
    if (address.ss_family == AF_INET)
        return reinterpret_cast<const struct sockaddr_in &>(address).sin_addr.s_addr == htonl(INADDR_ANY);
    return address.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const struct sockaddr_in6 &>(address).sin6_addr);
}

/// Whether a socket is bound to that address. [::], which a service manager binds for a bare port, takes IPv4
/// too.
bool same_address(const SocketAddress &bound, const SocketAddress &wanted)
{
    if (bound.storage.ss_family == AF_UNIX || wanted.storage.ss_family == AF_UNIX)
        return bound.storage.ss_family == wanted.storage.ss_family && format_address(bound) == format_address(wanted);
    if (port_of(bound.storage) != port_of(wanted.storage))
        return false;
    char one[64], other[64];
    format_ip(bound.storage, one);
    format_ip(wanted.storage, other);
    return strcmp(one, other) == 0 || (is_any(bound.storage) && is_any(wanted.storage));
}

int option_of(int fd, int option)
{
    int value = 0;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : 0;
}

/// accept() on any other socket would fail, and the loop would spin.
bool is_listening(int fd)
{
    return option_of(fd, SO_ACCEPTCONN);
}

/// A bound one that is not connected.
bool is_of_datagrams(int fd)
{
    SocketAddress bound, peer;
    bool has_type = option_of(fd, SO_TYPE) == SOCK_DGRAM && io::local_address(nullptr, fd, bound);
    if (!has_type || io::remote_address(nullptr, fd, peer))
        return false;
    sa_family_t family = bound.storage.ss_family;
    return family == AF_UNIX ? bound.len > sizeof(sa_family_t) : (family == AF_INET || family == AF_INET6) && port_of(bound.storage) > 0;
}

} // namespace

void SocketStore::CloseAs::operator()(Listener *listener) const
{
    FileRights rights(identity);
    delete listener;
}

void SocketStore::add(Owned listener, const Worker *worker, const std::string &address, size_t slot, bool configured, bool shared)
{
    Kept kept;
    kept.id = socket_id(listener->fd());
    kept.listener = std::move(listener);
    kept.slot = slot;
    kept.worker = worker;
    kept.address = address;
    kept.configured = configured;
    kept.shared = shared;
    sockets_.push_back(std::move(kept));
}

/// A descriptor, or -1.
int SocketStore::take_activated(const Worker &worker, const SocketAddress &wanted)
{
    for (auto entry = activated_.begin(); entry != activated_.end(); ++entry) {
        SocketAddress bound;
        if (worker.wants_datagrams() ? !is_of_datagrams(entry->fd) : !is_listening(entry->fd))
            continue;
        bool by_name = worker.options.name != "none" && entry->name == worker.options.name;
        if (by_name || (io::local_address(nullptr, entry->fd, bound) && same_address(bound, wanted))) {
            int fd = entry->fd;
            activated_.erase(entry);
            return fd;
        }
    }
    return -1;
}

std::vector<std::string> SocketStore::drop_activated()
{
    std::vector<std::string> names;
    for (const NamedFd &entry : activated_) {
        SocketAddress bound;
        names.push_back(io::local_address(nullptr, entry.fd, bound) ? format_address(bound) : entry.name);
        ::close(entry.fd);
    }
    activated_.clear();
    return names;
}

int SocketStore::open_one(Worker &worker, const Address &address, size_t slot, bool shared)
{
    Owned listener(new Listener);
    int result = listener->open(address, worker.listen_options());
    for (; result == WM_EADDRINUSE && wait_ms_ > 0; wait_ms_--) {
        usleep(1000);
        result = listener->open(address, worker.listen_options());
    }
    if (result != 0) {
        worker.error = last_error();
        return result;
    }
    add(std::move(listener), &worker, worker.socket_name(), slot, true, shared);
    return 0;
}

int SocketStore::open(Worker &worker, const std::vector<size_t> &slots, uid_t uid, gid_t gid)
{
    const Address &address = worker.given_address();
    bool one_each = worker.options.reuse_port && !address.unix_socket;
    SocketAddress wanted;
    int result = resolve(address, wanted);
    if (result != 0)
        return result;
    int given = take_activated(worker, wanted);
    if (given >= 0) {
        adopt(given, worker, &worker, slots.size() > 1);
        return 0;
    }
    if (!one_each) {
        result = open_one(worker, address, kAnySlot, slots.size() > 1);
        return result == 0 ? sockets_.back().listener->give_file(uid, gid) : result;
    }
    Address same = address; // port 0 is chosen once, for all of them
    for (size_t slot : slots) {
        result = open_one(worker, same, slot, false);
        if (result != 0)
            return result;
        same.port = sockets_.back().listener->port();
    }
    return 0;
}

void SocketStore::adopt(int fd, const Worker &worker, const Worker *only, bool shared)
{
    Owned listener(new Listener);
    listener->adopt(fd, worker.wants_datagrams() ? 0 : static_cast<int>(worker.options.backlog));
    add(std::move(listener), only, worker.socket_name(), kAnySlot, true, shared);
}

int SocketStore::open_for_all(Worker &worker, uid_t uid, gid_t gid)
{
    SocketAddress wanted;
    int given = resolve(worker.given_address(), wanted) == 0 ? take_activated(worker, wanted) : -1;
    if (given >= 0) {
        adopt(given, worker, nullptr, true);
        return 0;
    }
    if (!worker.options.share_listener)
        return 0;
    int result = open_one(worker, worker.given_address(), kAnySlot, true);
    if (result != 0)
        return result;
    sockets_.back().worker = nullptr;
    return sockets_.back().listener->give_file(uid, gid);
}

std::vector<KeptSocket> SocketStore::kept_for(size_t slot, const Worker *worker) const
{
    std::vector<KeptSocket> out;
    for (const Kept &kept : sockets_) {
        bool for_slot = kept.slot == slot || (worker && kept.slot == kAnySlot && (!kept.worker || kept.worker == worker));
        if (for_slot)
            out.push_back({kept.listener->fd(), kept.address, kept.shared});
    }
    return out;
}

bool SocketStore::keep(size_t slot, const std::string &address, Fd fd, pid_t holder, const Identity &identity)
{
    uint64_t id = socket_id(fd.get());
    auto of_slot = [slot](const Kept &kept) { return kept.slot == slot; };
    auto same = [id](const Kept &kept) { return kept.id == id; };
    if ((!is_listening(fd.get()) && !is_of_datagrams(fd.get())) || address.size() > kMaxAddress ||
        address.find('\0') != std::string::npos || std::any_of(sockets_.begin(), sockets_.end(), same) ||
        std::count_if(sockets_.begin(), sockets_.end(), of_slot) >= static_cast<ptrdiff_t>(kMostOfSlot))
        return false;
    Owned listener(new Listener, CloseAs(&identity));
    SocketAddress bound;
    bool file = io::local_address(nullptr, fd.get(), bound) && bound.storage.ss_family == AF_UNIX;
    std::string path = file ? format_address(bound) : "";
    listener->adopt(fd.release(), 0);
    if (!path.empty() && path[0] == '/')
        listener->own_path(path);
    Kept kept;
    kept.listener = std::move(listener);
    kept.id = id;
    kept.slot = slot;
    kept.address = address;
    kept.holder = holder;
    kept.fresh = true;
    sockets_.push_back(std::move(kept));
    return true;
}

void SocketStore::adopted(size_t slot, uint64_t id, pid_t holder)
{
    for (Kept &kept : sockets_)
        if (kept.slot == slot && kept.id == id) {
            kept.holder = holder;
            kept.fresh = false;
        }
}

void SocketStore::close_unadopted(size_t slot, pid_t holder)
{
    std::erase_if(sockets_, [=](const Kept &kept) { return kept.slot == slot && !kept.configured && kept.holder != holder; });
}

void SocketStore::give_back(size_t slot, pid_t holder, pid_t serving)
{
    auto had = [=](const Kept &kept) { return kept.slot == slot && kept.holder == holder; };
    std::erase_if(sockets_, [=](const Kept &kept) { return had(kept) && kept.fresh; });
    for (Kept &kept : sockets_)
        if (had(kept))
            kept.holder = serving;
}

void SocketStore::close(size_t slot, uint64_t id, pid_t holder)
{
    auto closed = [=](const Kept &kept) { return kept.slot == slot && kept.id == id && kept.holder == holder; };
    for (Kept &kept : sockets_)
        if (closed(kept))
            kept.listener->disown_path(); // the process has removed it, and may have made another since
    std::erase_if(sockets_, closed);
}

std::string SocketStore::address_of(const Worker &worker) const
{
    for (const Kept &kept : sockets_)
        if (kept.worker == &worker)
            return worker.given_address().display(kept.listener->port());
    return worker.address();
}

void SocketStore::forget(const std::vector<KeptSocket> &keep)
{
    for (Kept &kept : sockets_) {
        bool stays = std::any_of(keep.begin(), keep.end(), [&](const KeptSocket &other) { return other.fd == kept.listener->fd(); });
        if (stays)
            kept.listener->release();
        else
            kept.listener->leave();
    }
    sockets_.clear();
}

} // namespace wm
