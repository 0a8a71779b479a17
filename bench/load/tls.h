/**
 * @file
 * TLS of the generator's connections, on OpenSSL and not on the library's own, and the sessions that a handshake resumes.
 *
 * One thread. A context is made once from the command line and outlives its sessions.
 */
#ifndef WM_LOAD_TLS_H
#define WM_LOAD_TLS_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

namespace wm::load {

/// What --tls and its companions say.
struct TlsOptions {
    bool on = false;
    bool insecure = false;          ///< --tls-insecure: any certificate will do
    std::string ca_file;            ///< --tls-ca
    std::string name = "localhost"; ///< --tls-name: sent to the server, and expected in its certificate
    std::string version;            ///< --tls-version: 1.2 or 1.3; empty: the best of both sides
    std::string cipher;             ///< --tls-cipher: OpenSSL's name; empty: its defaults
};

struct TlsFree {
    void operator()(SSL_CTX *context) const { SSL_CTX_free(context); }
    void operator()(SSL *ssl) const { SSL_free(ssl); }
    void operator()(SSL_SESSION *session) const { SSL_SESSION_free(session); }
};

using TlsSession = std::unique_ptr<SSL_SESSION, TlsFree>;

/// What one call to the stream has done.
enum class TlsResult : unsigned char {
    kDone,
    kBlocked, ///< the socket takes or has no more
    kEnded,   ///< close_notify
    kBroken   ///< an error, or an end without close_notify (RFC 8446 §6.1)
};

/// The client's side of one connection. Does not own the descriptor.
class TlsStream {
public:
    TlsStream(SSL_CTX *context, int fd, const std::string &name, SSL_SESSION *session);

    /// One step of the handshake; kDone: complete. A blocking socket needs one call.
    TlsResult connect();
    /// Writes as much as the socket takes.
    TlsResult write(const char *data, size_t size, size_t *written);
    TlsResult read(char *out, size_t size, size_t *got);
    void send_close_notify();

    bool wants_write() const { return SSL_want_write(ssl_.get()); }
    bool is_resumed() const { return SSL_session_reused(ssl_.get()) != 0; }
    /// The newest session that the server has given; nullptr if it cannot be resumed.
    TlsSession session() const;
    /// "TLSv1.3 TLS_AES_256_GCM_SHA384"
    std::string describe() const;

private:
    TlsResult judge(int result) const;

    std::unique_ptr<SSL, TlsFree> ssl_;
};

class TlsContext {
public:
    /// nullptr and an error text if a file or a name is wrong.
    static std::unique_ptr<TlsContext> make(const TlsOptions &options, std::string *problem);

    std::unique_ptr<TlsStream> open(int fd, SSL_SESSION *session = nullptr) const;

private:
    std::unique_ptr<SSL_CTX, TlsFree> context_;
    std::string name_;
};

/// The reason of the last failure in this thread, "certificate verify failed", and forgets it.
std::string tls_reason();

} // namespace wm::load

#endif
