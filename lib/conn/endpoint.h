/**
 * @file
 * What a connection belongs to: options, callbacks, counters, and the list of its connections. A worker is an endpoint with a listener.
 * The app's thread.
 */
#ifndef WM_CONN_ENDPOINT_H
#define WM_CONN_ENDPOINT_H

#include "conn/callbacks.h"
#include "conn/connection.h"
#include "conn/options.h"
#include "net/transport.h"
#include "wm/types.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wm {

class Reactor;

class Endpoint {
public:
    /// `own` outlives the endpoint; `handle` is what callbacks and records name as their worker, NULL for none.
    Endpoint(Reactor &of, const EndpointOptions &own, uint8_t row, wm_worker *handle)
        : reactor(of), options(own), worker(handle), codec(row)
    {}
    Endpoint(const Endpoint &) = delete;
    Endpoint &operator=(const Endpoint &) = delete;

    /// Reserves a place in the list; false when memory has run out.
    bool make_room();
    void add(Connection &conn);
    void remove(Connection &conn);
    const std::vector<Connection *> &connections() const { return connections_; }

    Reactor &reactor;
    const EndpointOptions &options;
    ConnCallbacks callbacks;
    wm_worker *const worker;
    const uint8_t codec; ///< of a new connection
    const TransportKind *transport = &kPlainTransport;
    void *transport_settings = nullptr; ///< owned by the subclass
    std::string display;                ///< the address, as it is shown
    uint64_t requests = 0;              ///< messages delivered

private:
    std::vector<Connection *> connections_;
};

} // namespace wm

#endif
