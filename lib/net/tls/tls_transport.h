/**
 * @file
 * TLS over a socket, for both sides of a connection.
 *
 * Reading takes a run of ciphertext from the socket and decrypts all of it, so that nothing that is decrypted waits here
 * unseen. Writing encrypts a record at a time; what the kernel refuses of it is parked: one record, and the alerts and
 * key updates behind it. The app's thread.
 */
#ifndef WM_NET_TLS_TLS_TRANSPORT_H
#define WM_NET_TLS_TLS_TRANSPORT_H

#include "net/tls/tls_context.h"
#include "net/transport.h"

namespace wm {

class TlsTransport final : public Transport {
public:
    /// Takes ownership of ssl, whose side and settings are set. nullptr when out of memory.
    static TlsTransport *make(SSL *ssl);
    ~TlsTransport() override;

    IoResult secure(int fd) override;
    IoResult receive(int fd, char *out, size_t len) override;
    IoResult send(int fd, const struct iovec *vectors, int count) override;
    IoResult flush(int fd) override;
    void shutdown_write(int fd) override;
    bool speaks_first() const override { return SSL_is_server(ssl_) == 0; }
    int describe(int32_t what, std::string *out) const override;

    /// For SSL_CTX_set_verify: keeps why the peer's certificate was refused, in words.
    static int verified(int ok, X509_STORE_CTX *context);

    // For its BIO: the bytes moved, or -1, *again saying whether only for now.
    int read(char *out, size_t len, bool *again);
    int write(const char *data, size_t len);

private:
    static constexpr size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH; ///< bytes of data
    static constexpr size_t kRecordRoom = kMinReceive / 2;      ///< bytes of data that a record begun before may still bring
    static constexpr size_t kReceive = 64 * 1024;               ///< bytes of ciphertext that one call takes
    static constexpr size_t kHandshakeRead = 128 * 1024;        ///< bytes of a handshake that one call takes
    static constexpr size_t kSend = 512 * 1024;                 ///< bytes of data that one call sends: others wait
    static constexpr size_t kMaxParked = 17 * 1024;             ///< bytes: a record with its overhead, and what goes behind it
    static constexpr int kMaxControlRecords = 16;               ///< records without data that one call takes: a flood has more

    explicit TlsTransport(SSL *ssl) : ssl_(ssl) {}

    int read_handshake(char *out, size_t len, bool *again);
    bool park(const char *data, size_t len);
    bool write_record(const struct iovec &data);
    size_t decrypt(char *out, size_t len);
    static IoResult drop(int fd, char *scratch, size_t len);
    IoResult failed(int ssl_error);
    void explain_certificate(X509_STORE_CTX *context, const char *reason);
    void explain(int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

    SSL *ssl_;
    const char *in_ = nullptr; ///< ciphertext of the running receive()
    const char *in_end_ = nullptr;
    char *parked_bytes_ = nullptr;
    char *why_ = nullptr;                              ///< the text of code_; nullptr: none, or there was no memory for it
    size_t handshake_left_ = 0;                        ///< bytes that the running secure() may still read
    IoResult last_ = {IoResult::Kind::kBlocked, 0, 0}; ///< an end or a failure that was behind data: the next receive() has it
    uint32_t parked_begin_ = 0;
    int32_t errno_ = 0; ///< of a call to the socket
    int32_t fd_ = -1;
    int16_t control_records_ = 0; ///< of the running receive()
    int16_t code_ = 0;            ///< WM_E... of what has failed
    char hello_[8] = {};          ///< the first bytes of the peer, for what they are if not TLS
    uint8_t hello_len_ = 0;
    bool secured_ = false;    ///< the handshake is through
    bool ended_ = false;      ///< the socket is at its end
    bool broken_ = false;     ///< nothing is decrypted any more
    bool decrypting_ = false; ///< receive() is running
    bool shut_due_ = false;   ///< the socket ends when nothing is parked any more
};

} // namespace wm

#endif
