/**
 * @file
 * The settings of TLS of what a server listens at: its certificate and how it is read.
 */
#ifndef WM_SERVE_TLS_OPTIONS_H
#define WM_SERVE_TLS_OPTIONS_H

#include "wm/worker.h"

#include <string>

namespace CLI {
class App;
}

namespace wm::serve {

struct TlsOptions {
    std::string cert; ///< path; empty: no TLS
    std::string key;  ///< path; empty: in cert
    std::string passphrase_file;

    bool given() const { return !cert.empty(); }
    /// Empty, or a usage error that names the flag and the remedy.
    std::string error() const;
    /// Gives them to a worker; false with the error in wm_last_error.
    bool apply(wm_worker *worker) const;
};

/// `certificate`: the text of --tls-cert, with what has TLS by it.
void add_tls_flags(CLI::App &command, TlsOptions &options, const char *certificate);

} // namespace wm::serve

#endif
