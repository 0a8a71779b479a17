/**
 * @file
 * The access logs of an app's workers: one for each file, whichever workers write to it. The master opens them, with its rights, for the
 * workers that it knows; others the process opens itself. The app's thread.
 */
#ifndef WM_WORKER_ACCESS_LOGS_H
#define WM_WORKER_ACCESS_LOGS_H

#include "core/fd.h"
#include "core/loop.h"
#include "session/http/access_log.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm {

class App;
class Worker;

class AccessLogs {
public:
    explicit AccessLogs(App &app) : app_(app) {}
    AccessLogs(const AccessLogs &) = delete;
    AccessLogs &operator=(const AccessLogs &) = delete;

    /// Whether the worker has requests to log, if it has an access log: 0, or WM_EINVAL.
    static int check(const Worker &worker);
    /// Opens that file for appending: 0, or a WM_E... code with its detail.
    static int open_file(const std::string &path, Fd &out);

    /// Opens the log of a worker with option access_log, and sets it in the worker: 0, or a WM_E... code with its detail; then all stays as
    /// it was. Throws std::bad_alloc.
    int open(Worker &worker);
    /// The master has opened it anew; false: no worker has that log.
    bool reopen(const std::string &path, Fd &fd);
    /// Opens those of this process's own anew.
    void reopen_own();
    /// Writes what has waited long enough.
    void run(int64_t now_ms);
    int64_t due_ms() const;
    /// The app has stopped.
    void close();
    /// In a child of fork(2): what waits is the parent's.
    void abandon();

private:
    struct Entry {
        AccessLog log;
        bool own; ///< no master has opened it
    };

    App &app_;
    std::vector<std::unique_ptr<Entry>> entries_;
};

} // namespace wm

#endif
