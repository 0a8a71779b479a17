/**
 * @file
 * The certificate and key files of one worker, in the process that reads them: the master, or a process that has none. Reads them at the
 * start, and again when they have changed. What cannot be used is logged with its path, once for each state of the files.
 */
#ifndef WM_WORKER_TLS_FILES_H
#define WM_WORKER_TLS_FILES_H

#include "net/tls/tls_bundle.h"
#include "net/tls/tls_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wm {

class TlsServer;
class Worker;

class TlsFiles {
public:
    struct Certificate {
        std::string path;
        int64_t end; ///< unix seconds
    };

    explicit TlsFiles(const Worker &worker);

    /// Reads the files into a bundle, which `server` has validated, and loaded, then: 0, or WM_E... with the path and the reason in the
    /// detail. The server stays as it was then, and the bundle is of no use.
    int read(TlsServer &server, TlsBundle &bundle);
    /// The same if the files have changed since, or `anyway`. True: they were loaded, and the log says so. What cannot be used is logged
    /// when it is still so at the next call: files that are replaced one after the other do not fit each other for a moment.
    bool refresh(bool anyway, TlsServer &server, TlsBundle &bundle);
    /// Logs, once a day, which certificates end within 14 days.
    void warn_of_end(int64_t now_unix);

    const std::vector<Certificate> &certificates() const { return certificates_; }
    /// Why the files as they are now are not those in use; empty: they are.
    const std::string &error() const { return error_; }

private:
    void log_error();

    std::string worker_; ///< its name
    TlsFileSet files_;
    TlsOptions options_;
    TlsFilesStamp stamp_;
    std::vector<Certificate> certificates_; ///< those in use
    std::string error_;
    std::string told_; ///< the last error that was logged
    int64_t warned_unix_ = 0;
};

} // namespace wm

#endif
