/**
 * @file
 * The listening sockets that the master keeps: those of configured workers, of socket activation, and those
 * that children have opened and sent up. They stay open when processes are replaced, so no accept queue is
 * lost.
 */
#ifndef WM_PROCESS_MASTER_SOCKET_STORE_H
#define WM_PROCESS_MASTER_SOCKET_STORE_H

#include "core/fd.h"
#include "net/listener.h"
#include "process/child_plan.h"
#include "process/identity.h"
#include "process/inherited.h"
#include "worker/worker.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm {

class SocketStore {
public:
    static constexpr size_t kAnySlot = SIZE_MAX;

    /// Takes sockets of socket activation, for workers to be found by name or address.
    void offer_activated(std::vector<NamedFd> fds) { activated_ = std::move(fds); }
    /// The processes that hold the addresses are being killed: open() waits so long for them in all.
    void wait_for_addresses(int ms) { wait_ms_ = ms; }
    /// Opens what a configured worker needs: one socket for `slots`, or with reuse_port one for each of them.
    /// 0, or a WM_E... code with its detail. A unix socket's file gets that owner.
    int open(Worker &worker, const std::vector<size_t> &slots, uid_t uid, gid_t gid);
    /// For a worker without processes of its own: an activated socket, if there is one, and else with share_listener one that all
    /// processes share. As open().
    int open_for_all(Worker &worker, uid_t uid, gid_t gid);
    /// Closes activated sockets that no worker has taken; returns their names, for a warning.
    std::vector<std::string> drop_activated();

    /// What the child of that slot gets; worker nullptr: it is a service's, and gets only what the slot has
    /// opened.
    std::vector<KeptSocket> kept_for(size_t slot, const Worker *worker) const;

    /// Keeps a socket that this process of the slot has bound, for its successors. False if it is refused:
    /// the process is not trusted, as the master may be root and the process is not.
    bool keep(size_t slot, const std::string &address, Fd fd, pid_t holder, const Identity &identity);
    void adopted(size_t slot, uint64_t id, pid_t holder);
    /// When a process becomes ready: closes the sockets of its slot that it has not adopted, except
    /// configured ones.
    void close_unadopted(size_t slot, pid_t holder);
    /// When a process has ended while another serves: closes what it alone had; what it had adopted belongs
    /// to the other again.
    void give_back(size_t slot, pid_t holder, pid_t serving);
    /// The host of that process has closed the socket, and removed the file of a unix socket. A socket that a
    /// successor has adopted stays.
    void close(size_t slot, uint64_t id, pid_t holder);

    /// The address to show for a configured worker, with its real port.
    std::string address_of(const Worker &worker) const;

    /// In a child: closes the descriptors that are not in `keep`; the files of unix sockets stay.
    void forget(const std::vector<KeptSocket> &keep);
    /// Closes all, and removes the files of unix sockets.
    void clear() { sockets_.clear(); }

private:
    /// Removes the file of a unix socket with the rights of its process, which named the path.
    struct CloseAs {
        const Identity *identity; ///< nullptr: the master's own
        CloseAs() : identity(nullptr) {}
        explicit CloseAs(const Identity *as) : identity(as) {}
        void operator()(Listener *listener) const;
    };

    using Owned = std::unique_ptr<Listener, CloseAs>;

    struct Kept {
        Owned listener;
        uint64_t id = 0;
        size_t slot = kAnySlot;
        const Worker *worker = nullptr; ///< configured for it; nullptr: for any that asks for the address
        std::string address;
        bool configured = false;
        bool shared = false;
        bool fresh = false; ///< only the process that has bound it knows it
        pid_t holder = 0;   ///< the process of the slot that adopted it last
    };

    int take_activated(const Worker &worker, const SocketAddress &wanted);
    int open_one(Worker &worker, const Address &address, size_t slot, bool shared);
    void adopt(int fd, const Worker &worker, const Worker *only, bool shared);
    void add(Owned listener, const Worker *worker, const std::string &address, size_t slot, bool configured, bool shared);

    std::vector<Kept> sockets_;
    std::vector<NamedFd> activated_;
    int wait_ms_ = 0;
};

} // namespace wm

#endif
