// The part of TlsTransport that says in words why TLS has failed.
#include "core/error.h"
#include "core/escape.h"
#include "net/tls/tls_transport.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace wm {

namespace {

constexpr size_t kShownBytes = 64; // of a name in the peer's certificate

/// To a peer that speaks HTTP to a port of TLS, as nginx does.
constexpr std::string_view kAnswer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 57\r\nConnection: close\r\n\r\n"
    "This port speaks TLS: use https:// or wss:// to reach it\n";

bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/// Whether the first bytes are those of a request: a method of capitals.
bool begins_http(std::string_view hello)
{
    size_t letters = static_cast<size_t>(std::find_if_not(hello.begin(), hello.end(), is_upper) - hello.begin());
    return letters >= 3 && (letters == hello.size() || hello[letters] == ' ');
}

/// Whether the first byte is that of a record (RFC 8446 §5.1), or of a hello of SSL 2.0 that offers later versions.
bool begins_record(std::string_view hello)
{
    auto first = static_cast<unsigned char>(hello[0]);
    return (first >= SSL3_RT_CHANGE_CIPHER_SPEC && first <= SSL3_RT_APPLICATION_DATA) || first == 0x80;
}

/// "certificate required", of the reason "tlsv13 alert certificate required".
const char *name_of_alert()
{
    static constexpr std::string_view kAlert = " alert ";
    const char *reason = tls_reason();
    const char *found = strstr(reason, kAlert.data());
    return found ? found + kAlert.size() : reason;
}

/// The common name of a subject or an issuer.
std::string common_name(const X509_NAME *name)
{
    char text[kShownBytes] = "";
    X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);
    return escaped(text, sizeof text);
}

/// "a.example, b.example", or the addresses that the certificate has.
std::string holders(X509 *certificate)
{
    std::string text;
    for (const std::string &name : tls_names(certificate))
        text += (text.empty() ? "" : ", ") + escaped(name, kShownBytes);
    return text.empty() ? "no name" : text;
}

} // namespace

int TlsTransport::verified(int ok, X509_STORE_CTX *context)
{
    if (ok)
        return 1;
    const SSL *ssl = static_cast<SSL *>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    TlsTransport &self = *static_cast<TlsTransport *>(SSL_get_app_data(ssl));
    const char *reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    try {
        self.explain_certificate(context, reason);
    } catch (const std::bad_alloc &) { // no exception passes through OpenSSL
        self.explain(WM_ETLS, "%s", reason);
    }
    return 0;
}

void TlsTransport::explain_certificate(X509_STORE_CTX *context, const char *reason)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(context);
    int error = X509_STORE_CTX_get_error(context);
    if (certificate && error == X509_V_ERR_HOSTNAME_MISMATCH)
        explain(WM_ETLS, "hostname mismatch: the certificate is for %s", holders(certificate).c_str());
    else if (certificate && error == X509_V_ERR_IP_ADDRESS_MISMATCH)
        explain(WM_ETLS, "IP address mismatch: the certificate is for %s", holders(certificate).c_str());
    else if (certificate && error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
        explain(WM_ETLS, "%s: no CA is known that is called '%s'", reason, common_name(X509_get_issuer_name(certificate)).c_str());
    else if (certificate && X509_STORE_CTX_get_error_depth(context) > 0)
        explain(WM_ETLS, "%s: that of the CA '%s'", reason, common_name(X509_get_subject_name(certificate)).c_str());
    else
        explain(WM_ETLS, "%s", reason);
}

void TlsTransport::explain(int code, const char *format, ...)
{
    char text[256];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    fail(code, "%s", text);
    code_ = static_cast<int16_t>(code);
    free(why_);
    why_ = strdup(text);
}

/// What a call that has failed returns. An alert has left, where there is one.
IoResult TlsTransport::failed(int ssl_error)
{
    broken_ = true;
    if (code_ == 0 && errno_ != 0)
        return IoResult::failed(errno_);
    if (code_ == 0 && ended_)
        return {IoResult::Kind::kEnd, 0, 0}; // in the handshake
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    std::string_view hello(hello_, hello_len_);
    bool is_tls = hello.empty() || secured_ || begins_record(hello);
    if (code_ != 0)
        ; // is explained
    else if (ssl_error != SSL_ERROR_SSL || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
        errno_ = ENOMEM;
    else if (!is_tls && SSL_is_server(ssl_) && begins_http(hello))
        explain(WM_EPROTOCOL, "plain HTTP on a port of TLS");
    else if (!is_tls && SSL_is_server(ssl_))
        explain(WM_EPROTOCOL, "a peer that does not speak TLS on a port of TLS");
    else if (!is_tls)
        explain(WM_ETLS, "the server does not speak TLS");
    else if (reason >= SSL_AD_REASON_OFFSET)
        explain(WM_ETLS, "the peer refuses TLS: %s", name_of_alert());
    else
        explain(WM_ETLS, "TLS failed: %s", tls_reason());
    ERR_clear_error();
    if (!is_tls && SSL_is_server(ssl_) && begins_http(hello))
        ::send(fd_, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    return IoResult::failed(code_ != 0 ? code_ : errno_);
}

} // namespace wm
