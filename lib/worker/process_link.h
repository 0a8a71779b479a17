/**
 * @file
 * How a process that has a master reaches it: what App and Worker ask and tell. The process layer implements it; an app without one runs
 * by itself. The app's thread.
 */
#ifndef WM_WORKER_PROCESS_LINK_H
#define WM_WORKER_PROCESS_LINK_H

#include <string>

namespace wm {

class Worker;
struct Service;

class ProcessLink {
public:
    virtual ~ProcessLink() = default;

    /// Number of this process among those of its worker, from 0.
    virtual int index() const = 0;
    /// Whether this process is one of that worker's: others open by wm_worker_listen alone.
    virtual bool starts(const Worker &worker) const = 0;
    /// The service whose process this is; nullptr: it is a worker's.
    virtual const Service *service() const = 0;
    /// The loop is open, nothing has started.
    virtual void starting() = 0;
    /// All of it has started: it serves from here on.
    virtual void started() = 0;
    /// It cannot: the text says why.
    virtual void failed_start(const char *text) = 0;

    /// A listening socket that the master has kept for that address, or -1. *shared: other processes accept from it too.
    virtual int adopt(const std::string &address, bool *shared) = 0;
    /// This process has bound a socket: the master keeps a copy, and from here on the file of a unix socket is its own.
    virtual void opened(const std::string &address, int fd) = 0;
    /// The host has closed this worker's listener for good. The descriptor is the link's from here on; the master closes its copy, but of a
    /// socket that other processes, or successors of this one, have from it.
    virtual void closed(const Worker &worker, int fd, bool shared) = 0;
    /// It is being freed.
    virtual void gone(const Worker &worker) = 0;
};

} // namespace wm

#endif
