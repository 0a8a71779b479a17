#include "net/tls/tls_client.h"

#include "core/error.h"
#include "net/tls/tls_context.h"
#include "net/tls/tls_transport.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <new>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <utility>

namespace wm {

namespace {

bool is_ip(const std::string &host)
{
    struct in6_addr room;
    return inet_pton(AF_INET, host.c_str(), &room) == 1 || inet_pton(AF_INET6, host.c_str(), &room) == 1;
}

/// Those of the system, read once for all clients of the thread while their file stays the same: to read 140 certificates takes
/// milliseconds, and a client may be made for each connection to a server.
struct SystemCas {
    std::unique_ptr<X509_STORE, TlsFree<X509_STORE_free>> store;
    TlsFilesStamp stamp;
};

/// 1, or another where they cannot be had.
int set_system_cas(SSL_CTX *context)
{
    thread_local SystemCas cas;
    const char *named = getenv(X509_get_default_cert_file_env());
    TlsFileSet files;
    files.ca = named ? named : X509_get_default_cert_file();
    TlsFilesStamp stamp(files);
    if (!cas.store || !(cas.stamp == stamp)) {
        std::unique_ptr<X509_STORE, TlsFree<X509_STORE_free>> fresh(X509_STORE_new());
        if (!fresh || X509_STORE_set_default_paths(fresh.get()) != 1)
            return 0;
        cas.store = std::move(fresh);
        cas.stamp = std::move(stamp);
    }
    SSL_CTX_set1_cert_store(context, cas.store.get());
    return 1;
}

int use_system_cas(SSL_CTX *context)
{
    return set_system_cas(context) == 1 ? 0 : fail(WM_ETLS, "the system's certificates of CAs: %s", tls_reason());
}

} // namespace

struct TlsClient::State {
    TlsContext context;
    std::unique_ptr<SSL_SESSION, TlsFree<SSL_SESSION_free>> session; ///< of the last connection
    std::string name;                                                ///< of the server; empty: none is asked for
    bool verifies = true;

    static int keep_session(SSL *ssl, SSL_SESSION *session);
    int set(SSL *ssl);
};

/// Takes the reference.
int TlsClient::State::keep_session(SSL *ssl, SSL_SESSION *session)
{
    static_cast<State *>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->session.reset(session);
    return 1;
}

/// 1, or another when out of memory.
int TlsClient::State::set(SSL *ssl)
{
    SSL_set_connect_state(ssl);
    bool by_ip = is_ip(name);
    if (session && SSL_set_session(ssl, session.get()) == 1 && SSL_SESSION_get_protocol_version(session.get()) >= TLS1_3_VERSION)
        session.reset(); // a ticket of TLS 1.3 is for one connection, that nobody sees which belong together (RFC 8446 §C.4)
    if (!by_ip && !name.empty() && SSL_set_tlsext_host_name(ssl, name.c_str()) != 1)
        return 0;
    if (!verifies)
        return 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return by_ip ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) : SSL_set1_host(ssl, name.c_str());
}

TlsClient::TlsClient() : state_(std::make_unique<State>()) {}

TlsClient::~TlsClient() = default;

int TlsClient::load(const TlsBundle &bundle, const TlsOptions &options, const std::string &host)
{
    State &state = *state_;
    state.context.reset();
    state.session.reset();
    state.name = options.tls_server_name.empty() ? host : options.tls_server_name;
    state.verifies = options.tls_verify != 0;
    if (state.verifies && state.name.empty())
        return fail(WM_ETLS, "there is no host name to verify the certificate against: set tls_server_name");
    std::string alpn;
    if (!tls_alpn_wire(options.tls_alpn, &alpn))
        return fail(WM_EINVAL, "tls_alpn '%s': it is a list of names with commas, as in 'http/1.1'", options.tls_alpn.c_str());
    TlsContext made;
    if (int result = make_tls_context(TLS_client_method(), options, &made))
        return result;
    SSL_CTX *context = made.get();
    if (SSL_CTX_set_app_data(context, &state) != 1)
        return fail(WM_ENOMEM, "out of memory for TLS");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, State::keep_session);
    if (!alpn.empty() &&
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char *>(alpn.data()), static_cast<unsigned>(alpn.size())) != 0)
        return fail(WM_ENOMEM, "out of memory for TLS");
    for (const TlsIdentity &identity : bundle.identities)
        if (int result = use_tls_identity(context, identity, bundle.passphrase))
            return result;
    if (state.verifies) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, TlsTransport::verified);
        if (int result = bundle.ca.empty() ? use_system_cas(context) : use_tls_ca(context, bundle, false))
            return result;
    }
    state.context = std::move(made);
    return 0;
}

Transport *TlsClient::make()
{
    ERR_clear_error();
    SSL *ssl = state_->context ? SSL_new(state_->context.get()) : nullptr;
    if (ssl && state_->set(ssl) != 1) {
        SSL_free(ssl);
        ssl = nullptr;
    }
    return TlsTransport::make(ssl);
}

const TransportKind kTlsClientTransport = {"ssl", [](void *settings) { return static_cast<TlsClient *>(settings)->make(); }};

} // namespace wm
