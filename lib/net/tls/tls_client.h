/**
 * @file
 * The TLS of a client endpoint (its transport settings): whom it trusts, the name that it verifies, and the session that
 * its next connection resumes. Outlives its connections; the app's thread.
 */
#ifndef WM_NET_TLS_TLS_CLIENT_H
#define WM_NET_TLS_TLS_CLIENT_H

#include "net/tls/tls_bundle.h"
#include "net/tls/tls_options.h"
#include "net/transport.h"

#include <memory>
#include <string>

namespace wm {

class TlsClient {
public:
    TlsClient();
    TlsClient(const TlsClient &) = delete;
    TlsClient &operator=(const TlsClient &) = delete;
    ~TlsClient();

    /// Sets what connections get that are made from here on. `host`, without brackets, is the name or the IP address that the server
    /// has to prove, unless tls_server_name is set. The bundle holds no identity, or the one that the server may ask for. 0, or
    /// WM_ETLS, WM_EINVAL or WM_ENOMEM with the reason in the detail.
    int load(const TlsBundle &bundle, const TlsOptions &options, const std::string &host);

    /// The transport of a new connection; nullptr when out of memory.
    Transport *make();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Its settings are a TlsClient.
extern const TransportKind kTlsClientTransport;

} // namespace wm

#endif
