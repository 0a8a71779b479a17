/**
 * @file
 * The listening sockets that the master keeps: those of the configured workers, those that came by socket activation, and those that a
 * child has opened by itself and sent up. None of them is closed while a process comes or goes, so no accept queue is lost.
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
    /// Those who hold the addresses now are being killed: open() waits for them, so long in all.
    void wait_for_addresses(int ms) { patience_ms_ = ms; }
    /// Opens what a configured worker needs: one socket for `slots`, or with reuse_port one for each of them. 0, or a WM_E... code with its
    /// detail. A unix socket's file gets that owner.
    int open(Worker &worker, const std::vector<size_t> &slots, uid_t uid, gid_t gid);
    /// For a worker without processes of its own: an activated socket, if there is one.
    void open_activated(Worker &worker);
    /// What is left of the activated ones is nobody's: their names, for a warning.
    std::vector<std::string> drop_activated();

    /// What the child of that slot gets; worker nullptr: it is a service's, and gets only what the slot has opened.
    std::vector<KeptFor> kept_for(size_t slot, const Worker *worker) const;

    /// That process, of that slot and identity, has bound it; the master keeps it for its successors. False when it is not one to keep:
    /// the word of a process is not trusted, for the master may be root and the process is not.
    bool keep(size_t slot, const std::string &address, Fd fd, pid_t holder, const Identity &identity);
    void adopted(size_t slot, uint64_t id, pid_t holder);
    /// That process serves in the slot now: what it does not hold is closed, but for configured ones.
    void settle(size_t slot, pid_t holder);
    /// That process has ended, and another serves in the slot: what it alone had is closed, what it had asked for is the other's again.
    void give_back(size_t slot, pid_t holder, pid_t serving);
    /// The host of that process has closed it, and removed the file of a unix socket. What others share, or a successor has asked for,
    /// stays.
    void close(size_t slot, uint64_t id, pid_t holder);

    /// The address to show for a configured worker, with its real port.
    std::string address_of(const Worker &worker) const;

    /// In a child: closes the descriptors that are not in `keep`, and leaves the files of unix sockets.
    void forget(const std::vector<KeptFor> &keep);
    /// Closes all, and removes the files of unix sockets.
    void clear() { sockets_.clear(); }

private:
    /// The file of a unix socket goes with no more rights than its process had: the path is its word.
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
        const Worker *worker = nullptr; ///< configured for it; nullptr: whoever asks for the address
        std::string address;
        bool configured = false;
        bool shared = false;
        bool fresh = false; ///< nobody has asked for it but the process that has bound it
        pid_t holder = 0;   ///< of the processes of the slot, the one that has asked for it last
    };

    int take_activated(const Worker &worker, const SocketAddress &wanted);
    int open_one(Worker &worker, const Address &address, size_t slot, bool shared);
    void add(Owned listener, const Worker *worker, const std::string &address, size_t slot, bool configured, bool shared);

    std::vector<Kept> sockets_;
    std::vector<NamedFd> activated_;
    int patience_ms_ = 0;
};

} // namespace wm

#endif
