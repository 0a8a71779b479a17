/**
 * @file
 * The settings of proxies in front of what a server listens at: which are trusted, and how they tell whose a connection is.
 */
#ifndef WM_SERVE_PROXY_OPTIONS_H
#define WM_SERVE_PROXY_OPTIONS_H

#include "wm/worker.h"

#include <string>

namespace CLI {
class App;
}

namespace wm::serve {

struct ProxyOptions {
    std::string trusted;         ///< as option trusted_proxies; empty: none
    std::string header;          ///< as option proxy_header; empty: its default
    bool proxy_protocol = false; ///< each connection begins with a PROXY header

    /// Empty, or a usage error that names the flag and the remedy.
    std::string error() const;
    /// Gives them to a worker; false with the error in wm_last_error.
    bool apply(wm_worker *worker) const;
};

/// with_header: its requests have header lines.
void add_proxy_flags(CLI::App &command, ProxyOptions &options, bool with_header);

} // namespace wm::serve

#endif
