/**
 * @file
 * What a carrier has to know of its engine, and of this node. Data.
 */
#ifndef WM_HUB_ENGINE_ENGINE_SETTINGS_H
#define WM_HUB_ENGINE_ENGINE_SETTINGS_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace wm {

struct EngineSettings {
    static constexpr size_t kMaxCluster = 64; ///< bytes of a cluster's name, of [A-Za-z0-9_-]

    std::string url;  ///< as the option has it: [the forms](engine_url.h)
    std::string user; ///< unless empty, in place of the URL's; never in a message or in status
    std::string password;
    std::string cluster = "default";
    std::string secret; ///< of the cluster, of those that sign; empty: none
    std::string tls_ca_file;
    bool tls_verify = true;
    uint64_t node = 0; ///< of the machine, the same for all lives of the service
};

} // namespace wm

#endif
