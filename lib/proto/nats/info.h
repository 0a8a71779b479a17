/**
 * @file
 * INFO: what a NATS server says of itself, in JSON, first of all and again when it changes. A pure function, any thread.
 */
#ifndef WM_PROTO_NATS_INFO_H
#define WM_PROTO_NATS_INFO_H

#include "proto/nats/limits.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wm::nats {

struct Info {
    std::string version;                  ///< of the server, in printable ASCII; empty: it does not say
    std::vector<std::string> servers;     ///< connect_urls: host:port of the cluster's servers, at most kMaxServers
    size_t max_payload = kDefaultPayload; ///< bytes of a message that the server takes
    bool auth_required = false;
    bool tls_required = false;
    bool tls_offered = false; ///< tls_available, or tls_required
    bool lame_duck = false;   ///< the server is about to shut down: clients are to move
};

/// nullptr, or an error text, behind "INFO: "; then `out` is as before. Members of other names are passed over.
const char *read_info(std::string_view json, Info &out);

} // namespace wm::nats

#endif
