/**
 * @file
 * The TLS of a listening endpoint (its transport settings): certificates by server name, ticket keys, and what is asked of
 * clients. All of it can be replaced while connections are open: those go on with what they began with. The app's thread.
 */
#ifndef WM_NET_TLS_TLS_SERVER_H
#define WM_NET_TLS_TLS_SERVER_H

#include "net/tls/ticket_keys.h"
#include "net/tls/tls_bundle.h"
#include "net/tls/tls_options.h"
#include "net/transport.h"

#include <memory>

namespace wm {

class TlsServer {
public:
    TlsServer();
    TlsServer(const TlsServer &) = delete;
    TlsServer &operator=(const TlsServer &) = delete;
    ~TlsServer();

    /// Validates, and replaces what new connections get: 0, or WM_ETLS or WM_ENOMEM with the path and the reason in the detail; then all
    /// stays as it was.
    int load(const TlsBundle &bundle, const TlsOptions &options);
    bool loaded() const;

    /// Replaces the ticket keys. Without a call it makes keys of its own, and rotates them.
    void set_ticket_keys(const TicketKeys &keys);

    /// The transport of an accepted connection; nullptr when out of memory.
    Transport *make();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Its settings are a TlsServer.
extern const TransportKind kTlsServerTransport;

} // namespace wm

#endif
