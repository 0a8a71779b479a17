// The part of TlsTransport that tells the host what has been negotiated.
#include "core/error.h"
#include "net/tls/tls_transport.h"
#include "wm/conn.h"

#include <openssl/evp.h>

namespace wm {

namespace {

/// "CN=alice,O=Example" (RFC 2253).
std::string subject(X509 *certificate)
{
    std::unique_ptr<BIO, TlsFree<BIO_free>> text(BIO_new(BIO_s_mem()));
    char *bytes = nullptr;
    if (!text || X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
        return {};
    long len = BIO_get_mem_data(text.get(), &bytes);
    return std::string(bytes, static_cast<size_t>(len));
}

/// SHA-256 in hexadecimal digits.
std::string fingerprint(const X509 *certificate)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509_digest(certificate, EVP_sha256(), digest, &len);
    std::string text;
    for (unsigned i = 0; i < len; i++) {
        text += kDigits[digest[i] >> 4];
        text += kDigits[digest[i] & 15];
    }
    return text;
}

} // namespace

int TlsTransport::describe(int32_t what, std::string *out) const
{
    if (!secured_)
        return fail(WM_ESTATE, "the TLS handshake is not through yet");
    auto text = [out](const char *known) {
        *out = known ? known : "";
        return 0;
    };
    X509 *peer = SSL_get0_peer_certificate(ssl_);
    const unsigned char *protocol;
    unsigned len;
    switch (what) {
    case WM_TLS_VERSION:
        return text(SSL_get_version(ssl_));
    case WM_TLS_CIPHER:
        return text(SSL_get_cipher_name(ssl_));
    case WM_TLS_ALPN:
        SSL_get0_alpn_selected(ssl_, &protocol, &len);
        out->assign(reinterpret_cast<const char *>(protocol), len);
        return 0;
    case WM_TLS_SERVER_NAME:
        return text(SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name));
    case WM_TLS_PEER_SUBJECT:
        *out = peer ? subject(peer) : "";
        return 0;
    case WM_TLS_PEER_FINGERPRINT:
        *out = peer ? fingerprint(peer) : "";
        return 0;
    case WM_TLS_RESUMED:
        return text(SSL_session_reused(ssl_) ? "1" : "0");
    default:
        return fail(WM_EINVAL, "%d is not one of WM_TLS_...", what);
    }
}

} // namespace wm
