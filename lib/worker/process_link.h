/**
 * @file
 * How a process that has a master reaches it: what App and Worker ask and tell. The process layer implements
 * it; an app without one runs by itself. The app's thread.
 */
#ifndef WM_WORKER_PROCESS_LINK_H
#define WM_WORKER_PROCESS_LINK_H

#include <cstdint>
#include <string>
#include <string_view>

namespace wm {

class Worker;
struct TicketKeys;
struct TlsBundle;
struct Service;

class ProcessLink {
public:
    virtual ~ProcessLink() = default;

    /// Index of this process among those of its worker, from 0.
    virtual int index() const = 0;
    /// Whether this process serves that worker. Other workers start only by wm_worker_listen.
    virtual bool starts(const Worker &worker) const = 0;
    /// The service that this process runs; nullptr in a worker's process.
    virtual const Service *service() const = 0;
    /// Gives the text of Service::settings, once: 0, or a WM_E... code with its detail. The caller overwrites what is secret in it.
    virtual int settings(std::string &out) = 0;
    /// A service tells why what it does is not complete now; empty: it is, as of a service that tells nothing. False: not now, as the
    /// master is busy. Costs nothing where it has told so already, as report().
    virtual bool set_unready(const std::string &why) = 0;
    /// Why a service of the program is not ready; empty: all are.
    virtual const std::string &unready() const = 0;
    /// A service tells what `status` shows of it, a ServiceReport as text, in place of what it has told before. False: not now, as the
    /// master is busy.
    virtual bool report(std::string_view text) = 0;
    /// Names this process for other processes of the program (worker/peers.h); the epoch grows where a node is used again.
    virtual uint64_t node() const = 0;
    virtual uint64_t epoch() const = 0;
    /// The loop is open, nothing has started.
    virtual void starting() = 0;
    /// All but the accepting has started: waits until other processes know of this one, for a while.
    virtual void join_peers() = 0;
    /// The link of that number, to that node, has ended: the master makes another one, if the process lives.
    virtual void link_ended(uint64_t node, uint64_t number) = 0;
    /// Everything has started: the process serves.
    virtual void started() = 0;
    /// Asks the master for another process in the place of this one, which drains once that one serves; `why` is for the log.
    /// No effect if it has asked before.
    virtual void ask_to_be_replaced(const char *why) = 0;
    /// The start has failed with that WM_E... code and its detail.
    virtual void failed_start(int code, const char *text) = 0;

    /// Returns the master's listening socket for that address, or -1. *shared: other processes accept from it
    /// too.
    virtual int adopt(const std::string &address, bool *shared) = 0;
    /// This process has bound a socket: the master keeps a copy, and from here on the file of a unix socket
    /// is its own.
    virtual void opened(const std::string &address, int fd) = 0;
    /// The host has closed this worker's listener for good. The descriptor is the link's from here on; the
    /// master closes its copy, but of a socket that other processes, or successors of this one, have from it.
    virtual void closed(const Worker &worker, int fd, bool shared) = 0;
    /// Gives the certificates and keys that the master has read for that worker: 1, or 0 if it reads none for it, as the worker was made in
    /// this process, or a WM_E... code with its detail. The caller overwrites the tickets.
    virtual int keys_of(const Worker &worker, TicketKeys &tickets, TlsBundle &bundle) = 0;
    /// Gives the descriptor of that access log, which the master has opened; -1: it has not.
    virtual int access_log(const std::string &path) = 0;
    /// The worker is being freed.
    virtual void gone(const Worker &worker) = 0;
};

} // namespace wm

#endif
