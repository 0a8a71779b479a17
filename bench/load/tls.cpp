#include "tls.h"

#include <openssl/err.h>

namespace wm::load {
namespace {

bool set_version(SSL_CTX *context, const std::string &version)
{
    if (version.empty())
        return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
    int number = version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
    return SSL_CTX_set_min_proto_version(context, number) == 1 && SSL_CTX_set_max_proto_version(context, number) == 1;
}

// The suites of TLS 1.3 and the ciphers of 1.2 are two lists with two calls.
bool set_cipher(SSL_CTX *context, const std::string &cipher)
{
    if (cipher.empty())
        return true;
    return cipher.starts_with("TLS_") ? SSL_CTX_set_ciphersuites(context, cipher.c_str()) == 1
                                      : SSL_CTX_set_cipher_list(context, cipher.c_str()) == 1;
}

bool set_trust(SSL_CTX *context, const TlsOptions &options)
{
    if (options.insecure)
        return true;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    return SSL_CTX_load_verify_file(context, options.ca_file.c_str()) == 1;
}

} // namespace

std::string tls_reason()
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason != nullptr ? reason : "the connection ended";
}

std::unique_ptr<TlsContext> TlsContext::make(const TlsOptions &options, std::string *problem)
{
    auto made = std::make_unique<TlsContext>();
    made->context_.reset(SSL_CTX_new(TLS_client_method()));
    made->name_ = options.name;
    SSL_CTX *context = made->context_.get();
    if (context == nullptr || !set_version(context, options.version) || !set_cipher(context, options.cipher)) {
        *problem = "--tls-cipher: " + tls_reason();
        return nullptr;
    }
    if (!set_trust(context, options)) {
        *problem = "--tls-ca: " + options.ca_file + ": " + tls_reason();
        return nullptr;
    }
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    return made;
}

std::unique_ptr<TlsStream> TlsContext::open(int fd, SSL_SESSION *session) const
{
    return std::make_unique<TlsStream>(context_.get(), fd, name_, session);
}

TlsStream::TlsStream(SSL_CTX *context, int fd, const std::string &name, SSL_SESSION *session) : ssl_(SSL_new(context))
{
    SSL_set_fd(ssl_.get(), fd);
    SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
    SSL_set1_host(ssl_.get(), name.c_str());
    if (session != nullptr)
        SSL_set_session(ssl_.get(), session);
}

TlsResult TlsStream::connect()
{
    ERR_clear_error();
    return judge(SSL_connect(ssl_.get()));
}

TlsResult TlsStream::write(const char *data, size_t size, size_t *written)
{
    *written = 0;
    while (*written < size) {
        size_t part = 0;
        ERR_clear_error();
        int result = SSL_write_ex(ssl_.get(), data + *written, size - *written, &part);
        if (result != 1)
            return judge(result);
        *written += part;
    }
    return TlsResult::kDone;
}

TlsResult TlsStream::read(char *out, size_t size, size_t *got)
{
    *got = 0;
    ERR_clear_error();
    return judge(SSL_read_ex(ssl_.get(), out, size, got));
}

void TlsStream::send_close_notify()
{
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

TlsSession TlsStream::session() const
{
    TlsSession session(SSL_get1_session(ssl_.get()));
    return session != nullptr && SSL_SESSION_is_resumable(session.get()) == 1 ? std::move(session) : nullptr;
}

std::string TlsStream::describe() const
{
    return std::string(SSL_get_version(ssl_.get())) + " " + SSL_get_cipher_name(ssl_.get());
}

TlsResult TlsStream::judge(int result) const
{
    if (result > 0)
        return TlsResult::kDone;
    switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return TlsResult::kBlocked;
    case SSL_ERROR_ZERO_RETURN:
        return TlsResult::kEnded;
    default:
        return TlsResult::kBroken;
    }
}

} // namespace wm::load
