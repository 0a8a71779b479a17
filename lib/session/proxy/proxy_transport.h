/**
 * @file
 * What precedes the endpoint's own transport where a proxy is between: the dialog that ends with a tunnel to the target.
 */
#ifndef WM_SESSION_PROXY_PROXY_TRANSPORT_H
#define WM_SESSION_PROXY_PROXY_TRANSPORT_H

#include "net/transport.h"
#include "proto/proxy/proxy_request.h"

#include <cstddef>

namespace wm {

/// The settings of kProxyTransport; outlive its transports.
struct ProxySettings {
    proxy::Request request;
    size_t max_header_bytes;
    size_t max_headers;
};

extern const TransportKind kProxyTransport;

} // namespace wm

#endif
