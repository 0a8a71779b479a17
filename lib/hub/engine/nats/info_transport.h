/**
 * @file
 * What precedes TLS to a NATS server: it says INFO in plain text first (https://docs.nats.io/reference/reference-protocols/nats-protocol).
 * The app's thread.
 */
#ifndef WM_HUB_ENGINE_NATS_INFO_TRANSPORT_H
#define WM_HUB_ENGINE_NATS_INFO_TRANSPORT_H

#include "net/transport.h"
#include "proto/nats/info.h"

namespace wm {

/// Reads that line, and no byte behind it; ends the connection to a server that offers no TLS. Its settings are a nats::Info, which it
/// fills in.
extern const TransportKind kNatsInfoTransport;

} // namespace wm

#endif
