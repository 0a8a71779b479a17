/**
 * @file
 * The TLS options of an endpoint, as the host gives them. The table in worker/options.cpp has their texts.
 */
#ifndef WM_NET_TLS_TLS_OPTIONS_H
#define WM_NET_TLS_TLS_OPTIONS_H

#include <cstdint>
#include <string>

namespace wm {

struct TlsOptions {
    std::string tls_cert;            ///< path of a certificate and its chain, PEM
    std::string tls_key;             ///< path of its key, PEM; empty: it is in tls_cert
    std::string tls_passphrase_file; ///< path of a file whose first line is the passphrase of the keys
    std::string tls_ca;              ///< path of the certificates that a peer's has to descend from, PEM
    std::string tls_alpn;            ///< protocols, with commas, the preferred first; empty: the scheme's
    std::string tls_ciphers;         ///< as openssl-ciphers(1); empty: OpenSSL's default
    std::string tls_min_version = "1.2";
    std::string tls_server_name; ///< of a client: the name to ask for and to verify; empty: the address' host
    int64_t tls_verify = 0;
};

} // namespace wm

#endif
