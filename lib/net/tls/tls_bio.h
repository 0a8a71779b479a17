/**
 * @file
 * What OpenSSL reads from and writes to: the transport of a connection. Never a SIGPIPE. The app's thread.
 */
#ifndef WM_NET_TLS_TLS_BIO_H
#define WM_NET_TLS_TLS_BIO_H

#include <openssl/bio.h>

namespace wm {

class TlsTransport;

/// nullptr when out of memory.
BIO *make_tls_bio(TlsTransport &transport);

} // namespace wm

#endif
