#include "net/tls/tls_transport.h"

#include "core/error.h"
#include "net/tls/tls_bio.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <openssl/err.h>
#include <sys/socket.h>

namespace wm {

TlsTransport *TlsTransport::make(SSL *ssl)
{
    TlsTransport *transport = ssl ? new (std::nothrow) TlsTransport(ssl) : nullptr;
    BIO *bio = transport ? make_tls_bio(*transport) : nullptr;
    if (!bio || SSL_set_app_data(ssl, transport) != 1) {
        BIO_free(bio);
        SSL_free(ssl);
        if (transport)
            transport->ssl_ = nullptr;
        delete transport;
        return nullptr;
    }
    SSL_set_bio(ssl, bio, bio);
    return transport;
}

TlsTransport::~TlsTransport()
{
    free(parked_bytes_);
    free(why_);
    SSL_free(ssl_);
    ERR_clear_error();
}

// ---- what OpenSSL reads and writes

int TlsTransport::read(char *out, size_t len, bool *again)
{
    *again = false;
    if (!decrypting_)
        return read_handshake(out, len, again);
    if (len == SSL3_RT_HEADER_LENGTH && ++control_records_ > kMaxControlRecords) {
        explain(WM_ETLS, "the peer sends TLS records without data");
        return -1;
    }
    size_t size = std::min(len, static_cast<size_t>(in_end_ - in_));
    *again = size == 0;
    if (size == 0)
        return -1;
    memcpy(out, in_, size);
    in_ += size;
    return static_cast<int>(size);
}

/// Reads no more than is asked for: what is behind the handshake is for receive().
int TlsTransport::read_handshake(char *out, size_t len, bool *again)
{
    *again = handshake_left_ == 0; // goes on in the next turn
    if (handshake_left_ == 0)
        return -1;
    IoResult result = io::receive_plain(fd_, out, std::min(len, handshake_left_));
    *again = result.kind == IoResult::Kind::kBlocked;
    if (result.kind == IoResult::Kind::kFailed)
        errno_ = result.code;
    ended_ = result.kind == IoResult::Kind::kEnd;
    if (result.kind != IoResult::Kind::kDone)
        return -1;
    handshake_left_ -= result.size;
    size_t seen = std::min(result.size, sizeof hello_ - hello_len_);
    memcpy(hello_ + hello_len_, out, seen);
    hello_len_ = static_cast<uint8_t>(hello_len_ + seen);
    return static_cast<int>(result.size);
}

/// Takes all: what the kernel refuses is parked.
int TlsTransport::write(const char *data, size_t len)
{
    size_t sent = 0;
    if (parked() == 0) {
        struct iovec vector = {const_cast<char *>(data), len};
        IoResult result = io::send_plain(fd_, &vector, 1);
        if (result.kind == IoResult::Kind::kFailed) {
            errno_ = result.code;
            return -1;
        }
        sent = result.size;
    }
    return sent == len || park(data + sent, len - sent) ? static_cast<int>(len) : -1;
}

bool TlsTransport::park(const char *data, size_t len)
{
    size_t size = parked();
    if (size + len > kMaxParked && secured_) { // a handshake has the size of our certificates
        explain(WM_ETLS, "the peer asks for TLS messages and reads none");
        return false;
    }
    char *grown = static_cast<char *>(malloc(size + len));
    if (!grown) {
        errno_ = ENOMEM;
        return false;
    }
    if (size > 0)
        memcpy(grown, parked_bytes_ + parked_begin_, size);
    memcpy(grown + size, data, len);
    free(parked_bytes_);
    parked_bytes_ = grown;
    parked_begin_ = 0;
    set_parked(static_cast<uint32_t>(size + len));
    return true;
}

IoResult TlsTransport::flush(int fd)
{
    while (parked() > 0) {
        struct iovec vector = {parked_bytes_ + parked_begin_, parked()};
        IoResult result = io::send_plain(fd, &vector, 1);
        if (result.kind != IoResult::Kind::kDone)
            return result;
        parked_begin_ += static_cast<uint32_t>(result.size);
        set_parked(static_cast<uint32_t>(parked() - result.size));
    }
    free(parked_bytes_);
    parked_bytes_ = nullptr;
    parked_begin_ = 0;
    if (shut_due_)
        Transport::shutdown_write(fd);
    return {IoResult::Kind::kDone, 0, 0};
}

// ---- the calls of a connection

IoResult TlsTransport::secure(int fd)
{
    fd_ = fd;
    handshake_left_ = kHandshakeRead;
    ERR_clear_error();
    int done = SSL_do_handshake(ssl_);
    secured_ = done == 1;
    if (secured_)
        return {IoResult::Kind::kDone, 0, 0};
    int error = SSL_get_error(ssl_, done);
    if (error == SSL_ERROR_WANT_READ)
        return {IoResult::Kind::kBlocked, 0, 0};
    return failed(error);
}

IoResult TlsTransport::receive(int fd, char *out, size_t len)
{
    if (last_.kind != IoResult::Kind::kBlocked) {
        if (last_.code < 0)
            fail(last_.code, "%s", why_ ? why_ : "TLS failed"); // others have had errors since
        return last_;
    }
    if (broken_)
        return drop(fd, out, len);
    char cipher[kReceive];
    IoResult got = io::receive_plain(fd, cipher, std::min(sizeof cipher, len - kRecordRoom));
    if (got.kind == IoResult::Kind::kEnd && !(SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN)) {
        // A record of which a part has come is not data (RFC 8446 §6.1).
        return {IoResult::Kind::kEnd, fail(WM_ETLS, "the peer ended the connection without close_notify"), 0};
    }
    if (got.kind != IoResult::Kind::kDone)
        return got;
    fd_ = fd;
    in_ = cipher;
    in_end_ = cipher + got.size;
    control_records_ = 0;
    decrypting_ = true;
    size_t size = decrypt(out, len);
    decrypting_ = false;
    if (size == 0)
        return last_;
    return {IoResult::Kind::kDone, last_.kind == IoResult::Kind::kBlocked ? 0 : kMore, size};
}

/// Of a handshake that failed, only so that the peer reads why: what it sends in the clear is nobody's data.
IoResult TlsTransport::drop(int fd, char *scratch, size_t len)
{
    IoResult got = io::receive_plain(fd, scratch, len);
    return got.kind == IoResult::Kind::kDone ? IoResult{IoResult::Kind::kBlocked, 0, 0} : got;
}

/// Decrypts all that is there; an end or a failure goes to last_.
size_t TlsTransport::decrypt(char *out, size_t len)
{
    size_t size = 0;
    while (in_ < in_end_) {
        size_t part;
        ERR_clear_error();
        int done = SSL_read_ex(ssl_, out + size, len - size, &part);
        if (done == 1) {
            size += part;
            control_records_--; // that one had data
            continue;
        }
        int error = SSL_get_error(ssl_, done);
        if (error == SSL_ERROR_ZERO_RETURN)
            last_ = {IoResult::Kind::kEnd, 0, 0};
        else if (error != SSL_ERROR_WANT_READ)
            last_ = failed(error);
        break;
    }
    return size;
}

IoResult TlsTransport::send(int fd, const struct iovec *vectors, int count)
{
    if (broken_)
        return IoResult::failed(EPIPE);
    fd_ = fd;
    if (parked() > 0) {
        IoResult result = flush(fd);
        if (result.kind != IoResult::Kind::kDone)
            return result;
    }
    size_t sent = 0, skip = 0; // skip: bytes of the first vector
    while (count > 0 && parked() == 0 && sent < kSend) {
        char gathered[kRecord];
        struct iovec record = {static_cast<char *>(vectors->iov_base) + skip, std::min(vectors->iov_len - skip, kRecord)};
        size_t taken = record.iov_len;
        if (taken < kRecord && count > 1) { // several small ones are one record
            memcpy(gathered, record.iov_base, taken);
            for (int i = 1; i < count && taken < kRecord; i++) {
                size_t part = std::min(vectors[i].iov_len, kRecord - taken);
                memcpy(gathered + taken, vectors[i].iov_base, part);
                taken += part;
            }
            record = {gathered, taken};
        }
        if (!write_record(record))
            return last_;
        sent += taken;
        for (skip += taken; count > 0 && skip >= vectors->iov_len; vectors++, count--)
            skip -= vectors->iov_len;
    }
    return {IoResult::Kind::kDone, 0, sent};
}

/// False: it failed, by last_.
bool TlsTransport::write_record(const struct iovec &data)
{
    size_t written;
    ERR_clear_error();
    int done = data.iov_len > 0 ? SSL_write_ex(ssl_, data.iov_base, data.iov_len, &written) : 1;
    if (done != 1)
        last_ = failed(SSL_get_error(ssl_, done));
    return done == 1;
}

void TlsTransport::shutdown_write(int fd)
{
    fd_ = fd;
    if (!broken_ && secured_ && !(SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN)) {
        SSL_shutdown(ssl_); // close_notify; what the peer's answer is does not matter
        ERR_clear_error();
    }
    if (parked() == 0)
        Transport::shutdown_write(fd);
    else
        shut_due_ = true;
}

} // namespace wm
