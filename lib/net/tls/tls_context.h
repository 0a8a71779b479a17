/**
 * @file
 * Makes OpenSSL's contexts from what files held, with errors that name the file and the reason. Any thread.
 */
#ifndef WM_NET_TLS_TLS_CONTEXT_H
#define WM_NET_TLS_TLS_CONTEXT_H

#include "net/tls/tls_bundle.h"
#include "net/tls/tls_options.h"

#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>
#include <vector>

namespace wm {

template <auto kFree> struct TlsFree {
    template <class T> void operator()(T *object) const { kFree(object); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsFree<SSL_CTX_free>>;
using TlsCertificate = std::unique_ptr<X509, TlsFree<X509_free>>;

/// Versions, ciphers and limits of either side: 0, WM_ENOMEM, or WM_EINVAL where an option is not possible.
int make_tls_context(const SSL_METHOD *method, const TlsOptions &options, TlsContext *made);
/// Sets the certificate, its chain and its key: 0, or WM_ETLS or WM_ENOMEM.
int use_tls_identity(SSL_CTX *context, const TlsIdentity &identity, const std::string &passphrase);
/// Sets what certificates of peers have to descend from: as above. `asks`: tells them to clients that are asked for one.
int use_tls_ca(SSL_CTX *context, const TlsBundle &bundle, bool asks);

/// The certificate of an identity: 0, or WM_ETLS or WM_ENOMEM.
int read_tls_certificate(const TlsIdentity &identity, TlsCertificate *certificate);
/// The server names of a certificate in lower case: its DNS names, or its common name if it has none (RFC 6125 §6.4.4).
std::vector<std::string> tls_names(X509 *certificate);

/// Protocols as ALPN transmits them (RFC 7301 §3.1). False: one of them is empty or has over 255 bytes.
bool tls_alpn_wire(std::string_view protocols, std::string *wire);

/// The reason of OpenSSL's last failure in this thread, in words; static.
const char *tls_reason();

} // namespace wm

#endif
