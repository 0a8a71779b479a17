#include "net/tls/tls_server.h"

#include "core/error.h"
#include "core/loop.h"
#include "net/tls/tls_context.h"
#include "net/tls/tls_transport.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unordered_map>

namespace wm {

namespace {

/// What new connections get: a context for each set of server names. Two certificates of one set, of RSA and of ECDSA, share a context.
struct Certificates {
    std::vector<TlsContext> contexts; ///< the first is the default
    std::unordered_map<std::string, SSL_CTX *> by_name;

    SSL_CTX *find(const char *server_name) const;
};

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

/// nullptr: none has that name. "*" stands for one label (RFC 6125 §6.4.3).
SSL_CTX *Certificates::find(const char *server_name) const
{
    std::string name = lower(server_name);
    if (name.ends_with('.'))
        name.pop_back();
    auto found = by_name.find(name);
    size_t dot = name.find('.');
    if (found == by_name.end() && dot != std::string::npos)
        found = by_name.find("*" + name.substr(dot));
    return found != by_name.end() ? found->second : nullptr;
}

} // namespace

struct TlsServer::State {
    Certificates certificates;
    std::string alpn; ///< as on the wire; empty: the extension is ignored
    TicketKeys keys;
    int64_t rotate_at_ms = 0; ///< of keys of its own; 0: they come from outside

    ~State() { OPENSSL_cleanse(&keys, sizeof keys); }

    static State &of(const SSL *ssl) { return *static_cast<State *>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl))); }
    static int select_certificate(SSL *ssl, int *alert, void *);
    static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len,
                               void *);
    static int use_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypts);

    void rotate_own_keys();
    int make_context(const TlsBundle &bundle, const TlsOptions &options, TlsContext *made);
    int add(Certificates &to, const TlsBundle &bundle, const TlsIdentity &identity, const TlsOptions &options);
};

// ---- what OpenSSL asks

int TlsServer::State::select_certificate(SSL *ssl, int *, void *)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    try {
        SSL_CTX *context = name ? of(ssl).certificates.find(name) : nullptr;
        if (!context)
            return SSL_TLSEXT_ERR_NOACK; // the default one, so that the client says what it does not like
        return SSL_set_SSL_CTX(ssl, context) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
    } catch (const std::bad_alloc &) { // no exception passes through OpenSSL
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
}

int TlsServer::State::select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len,
                                      void *)
{
    const std::string &ours = of(ssl).alpn;
    if (ours.empty())
        return SSL_TLSEXT_ERR_NOACK;
    unsigned char *chosen;
    int found = SSL_select_next_proto(&chosen, out_len, reinterpret_cast<const unsigned char *>(ours.data()),
                                      static_cast<unsigned>(ours.size()), in, in_len);
    *out = chosen;
    // no_application_protocol (RFC 7301 §3.2).
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// 1: go on; 2: go on, and make a new ticket; 0: the ticket is of no key of ours; < 0: failed.
int TlsServer::State::use_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                                     int encrypts)
{
    State &self = of(ssl);
    self.rotate_own_keys();
    const TicketKey *key = &self.keys.current;
    static constexpr TicketKey kNone = {};
    if (encrypts) {
        memcpy(name, key->name, sizeof key->name);
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
            return -1;
    } else if (memcmp(name, key->name, sizeof key->name) != 0) {
        key = &self.keys.previous;
        if (memcmp(name, key->name, sizeof key->name) != 0 || memcmp(key, &kNone, sizeof kNone) == 0)
            return 0;
    }
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<uint8_t *>(key->mac), sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    bool ready =
        EVP_MAC_CTX_set_params(mac, params) == 1 && EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher, iv, encrypts);
    if (!ready)
        return -1;
    return key == &self.keys.current ? 1 : 2;
}

void TlsServer::State::rotate_own_keys()
{
    if (rotate_at_ms == 0 || Loop::clock_ms() < rotate_at_ms)
        return;
    keys.rotate();
    rotate_at_ms = Loop::clock_ms() + TicketKeys::kRotateMs;
}

// ---- settings

int TlsServer::State::make_context(const TlsBundle &bundle, const TlsOptions &options, TlsContext *made)
{
    if (int result = make_tls_context(TLS_server_method(), options, made))
        return result;
    SSL_CTX *context = made->get();
    SSL_CTX_set_tlsext_servername_callback(context, select_certificate);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, use_ticket_key);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, static_cast<long>(TicketKeys::kRotateMs / 1000)); // the key is there for as long
    // A ticket says that the client was verified: it is worth something under the same CAs only.
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned id_len = 0;
    std::string verified_by = std::to_string(options.tls_verify) + bundle.ca;
    bool ready = SSL_CTX_set_app_data(context, this) == 1 &&
                 EVP_Digest(verified_by.data(), verified_by.size(), id, &id_len, EVP_sha256(), nullptr) == 1 &&
                 SSL_CTX_set_session_id_context(context, id, std::min(id_len, unsigned{SSL_MAX_SID_CTX_LENGTH})) == 1;
    if (!ready)
        return fail(WM_ENOMEM, "out of memory for TLS");
    if (options.tls_verify == 0)
        return 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (options.tls_verify == 1 ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), TlsTransport::verified);
    return use_tls_ca(context, bundle, true);
}

int TlsServer::State::add(Certificates &to, const TlsBundle &bundle, const TlsIdentity &identity, const TlsOptions &options)
{
    TlsCertificate certificate;
    if (int result = read_tls_certificate(identity, &certificate))
        return result;
    std::vector<std::string> names;
    if (identity.name.empty())
        names = tls_names(certificate.get());
    else
        names.push_back(lower(identity.name));
    if (names.empty() && !to.contexts.empty())
        return fail(WM_ETLS, "certificate %s: there is no server name in it, and none was given for it", identity.cert_path.c_str());
    auto known = [&](const std::string &name) { return to.by_name.find(name) != to.by_name.end(); };
    SSL_CTX *context = nullptr;
    if (!names.empty() && std::all_of(names.begin(), names.end(), known))
        context = to.by_name[names.front()];
    if (!context) {
        TlsContext made;
        if (int result = make_context(bundle, options, &made))
            return result;
        context = made.get();
        to.contexts.push_back(std::move(made));
    }
    for (const std::string &name : names)
        to.by_name.emplace(name, context);
    return use_tls_identity(context, identity, bundle.passphrase);
}

TlsServer::TlsServer() : state_(std::make_unique<State>())
{
    state_->keys.make();
    state_->rotate_at_ms = Loop::clock_ms() + TicketKeys::kRotateMs;
}

TlsServer::~TlsServer() = default;

int TlsServer::load(const TlsBundle &bundle, const TlsOptions &options)
{
    try {
        std::string alpn;
        if (!tls_alpn_wire(options.tls_alpn, &alpn))
            return fail(WM_EINVAL, "tls_alpn '%s': it is a list of names with commas, as in 'http/1.1'", options.tls_alpn.c_str());
        if (bundle.identities.empty())
            return fail(WM_ETLS, "there is no certificate: set tls_cert and tls_key");
        if (options.tls_verify != 0 && bundle.ca.empty())
            return fail(WM_ETLS, "tls_verify asks clients for a certificate, and tls_ca does not say whose");
        Certificates fresh;
        for (const TlsIdentity &identity : bundle.identities)
            if (int result = state_->add(fresh, bundle, identity, options)) {
                ERR_clear_error();
                return result;
            }
        state_->certificates = std::move(fresh);
        state_->alpn = std::move(alpn);
        return 0;
    } catch (const std::bad_alloc &) {
        return fail(WM_ENOMEM, "out of memory for certificates");
    }
}

bool TlsServer::loaded() const
{
    return !state_->certificates.contexts.empty();
}

void TlsServer::set_ticket_keys(const TicketKeys &keys)
{
    state_->keys = keys;
    state_->rotate_at_ms = 0;
}

Transport *TlsServer::make()
{
    ERR_clear_error();
    SSL *ssl = SSL_new(state_->certificates.contexts.front().get());
    if (ssl)
        SSL_set_accept_state(ssl);
    return TlsTransport::make(ssl);
}

const TransportKind kTlsServerTransport = {"ssl", [](void *settings) { return static_cast<TlsServer *>(settings)->make(); }};

} // namespace wm
